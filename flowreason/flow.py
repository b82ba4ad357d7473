"""A flow that was checked: read from text or a file, drawn, priced and run."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import asdict
from functools import cached_property
from inspect import isawaitable
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flowreason.asking.convert import convert
from flowreason.asking.misfit import Misfit
from flowreason.compiler import declaration
from flowreason.engine.environment import AskUser, BoundTool, Environment
from flowreason.engine.events import Event
from flowreason.engine.journal import Journal
from flowreason.engine.limits import Limits
from flowreason.engine.result import RunResult
from flowreason.engine.scheduler import Run
from flowreason.errors import InputError, LimitExceeded, UsageError
from flowreason.graph.bounds import ZERO
from flowreason.graph.lower import lower
from flowreason.graph.model import Graph
from flowreason.graph.ops import Input
from flowreason.handed_on import handed_on
from flowreason.keeping import DEFAULT, Keeper, OnRun, Where, keeping, store_at
from flowreason.listening import listening
from flowreason.options import INPUTS, KEPT, RUNNING
from flowreason.ports import Provider, Sandbox
from flowreason.records import Plan
from flowreason.result import Result
from flowreason.running import Session, run_now
from flowreason.tools import Tool, bind
from flowreason.used_files import Loader, kept_in
from flowreason.values import NotPlain, encode, exact
from flowreason.wanted import FLAG, PATH, PRICES, TEXT, TOOLS, checked, maybe, whole
from flowreason_dsl import parse
from flowreason_dsl.check import CheckedFlow, check_text
from flowreason_dsl.diagnostics import Diagnostic
from flowreason_dsl.names import nearest

if TYPE_CHECKING:
    from flowreason.compiler import Compiled
    from flowreason.graph.price import Price
    from flowreason_dsl.syntax import ToolDef

Tools = Iterable[Tool[..., Any] | Callable[..., Any]]
Confirm = Callable[[Any, Limits], bool | Awaitable[bool]]
"""Whether a flow of such a price runs within limits that it may go over; it may take its time to say so."""


@checked(path=PATH, tools=TOOLS)
def load(path: str | PathLike[str], *, tools: Tools = ()) -> Flow:
    """A flow from a file. Raises `UsageError` for a file that cannot be read, `FlowSyntaxError` or `FlowCheckError`."""
    place = Path(path)
    text = read_text(place)
    return loads(text, name=str(path), tools=tools, root=place.parent)


@checked(text=TEXT, name=TEXT, tools=TOOLS, root=maybe(PATH))
def loads(text: str, *, name: str = "<flow>", tools: Tools = (), root: str | PathLike[str] | None = None) -> Flow:
    """A flow from its text. `root` is the folder that `use` may read from; without it there is the library alone.

    Raises `FlowSyntaxError` or `FlowCheckError`, either with everything that is wrong with the text.
    """
    bound = bind(tools)
    definitions = {each: tool.definition for each, tool in bound.items()}
    loader = Loader(None if root is None else Path(root))
    checked = check_text(text, tools=definitions, load=loader, name=name)
    return Flow(checked, bound, files=loader.files)


def loads_kept(
    text: str, files: Mapping[str, str], *, tools: Tools = (), declared: Mapping[str, str] | None = None
) -> Flow:
    """A flow as it was kept with the files that it uses. `declared` are tools that it calls and that are not given."""
    bound = bind(tools)
    lines = [line for name, line in (declared or {}).items() if name not in bound]
    stand_ins = parse("\n".join([*lines, "flow _() { }"])).tools if lines else ()
    definitions = {tool.name.text: tool for tool in stand_ins}
    definitions |= {each: tool.definition for each, tool in bound.items()}
    return Flow(check_text(text, tools=definitions, load=kept_in(files)), bound, files=files)


@checked(tools=TOOLS, root=maybe(PATH))
def loads_graph(
    document: str | Mapping[str, Any], *, tools: Tools = (), root: str | PathLike[str] | None = None
) -> Flow:
    """A flow from its JSON graph, as `flow.draw("json")` gives it: JSON text, or the data itself.

    Raises `GraphFormatError` with all that is wrong with the document, else what `loads` raises about the text that its
    statements say. `nodes`, `regions` and `edges` may be left out; where they are there, they must fit the statements.
    """
    from flowreason.view.json_import import compare_picture, read_graph

    data, program = read_graph(document)
    flow = loads(program.text, name=data.get("file", "<graph>"), tools=tools, root=root)
    compare_picture(data, program, flow.graph)
    return flow


def read_text(path: Path) -> str:
    """A file as text. Raises `UsageError`, or `FlowSyntaxError` where it is not UTF-8."""
    from flowreason_dsl.parser import decode

    try:
        return decode(path.read_bytes(), str(path))
    except FileNotFoundError:
        raise UsageError(f"there is no file {path}") from None
    except IsADirectoryError:
        raise UsageError(f"{path} is a folder, and a file is needed") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error


def as_inputs(inputs: Mapping[str, Any] | None) -> dict[str, Any]:
    """Inputs as given by the caller. Raises `InputError` for names that no flow could read."""
    given = dict(inputs or {})
    for name in given:
        if not (isinstance(name, str) and name.isidentifier()):
            raise InputError(f"an input's name must be a word such as `lines`, and this is {name!r}")
    return given


def encoded(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Inputs as JSON data. Raises `InputError` for a value that cannot travel between steps."""
    made = {}
    for name, value in inputs.items():
        try:
            made[name] = encode(exact(value))
        except NotPlain as error:
            raise InputError(f"the input {name} cannot be given: {error}") from None
    return made


class Flow:
    """A checked flow. It is made by `load`, `loads` or `compile`, and may be run any number of times.

    `text` is what was written, `diagnostics` the warnings and hints about it, `graph` what is drawn and run.
    """

    def __init__(
        self,
        checked: CheckedFlow,
        tools: Mapping[str, BoundTool] | None = None,
        *,
        compiled: Compiled | None = None,
        files: Mapping[str, str] | None = None,
    ) -> None:
        self.checked = checked
        self.tools = dict(tools or {})
        self.compiled = compiled
        self.files = dict(files or {})
        self._unbound: dict[Any, Price] = {}

    @property
    def text(self) -> str:
        return self.checked.flow.source.text

    @property
    def name(self) -> str:
        return self.checked.flow.main.name.text

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        return self.checked.diagnostics

    @cached_property
    def graph(self) -> Graph:
        """The flow as a networkx directed graph of typed nodes (see `FlowGraph.digraph`), for every flow in it."""
        return lower(self.checked)

    @property
    def parameters(self) -> tuple[Input, ...]:
        """What a run needs: `name`, `type`, `default`, `required`."""
        nodes = self.graph.main.nodes
        return tuple(op for name in self.graph.main.parameters if isinstance(op := nodes[name].op, Input))

    def __repr__(self) -> str:
        signature = ", ".join(f"{p.name}: {p.type}" for p in self.parameters)
        return f"<Flow {self.name}({signature})>"

    def _repr_html_(self) -> str:
        from flowreason.view.notebook import flow_html

        return flow_html(self.graph, self.text)

    @checked(format=TEXT, path=maybe(PATH))
    def draw(self, format: str = "svg", path: str | PathLike[str] | None = None) -> str | bytes:
        """The flow as a picture: `svg`, `png`, `pdf`, `dot`, `mmd` or `json`; written to `path` where one is given."""
        from flowreason.view import draw, write

        picture = draw(self.graph, format)
        if path is not None:
            write(picture, path)
        return picture

    @checked(inputs=INPUTS, prices=maybe(PRICES), depth=whole(0), at_once=FLAG)
    def price(
        self,
        inputs: Mapping[str, Any] | None = None,
        *,
        prices: tuple[float, float] | None = None,
        depth: int = 16,
        at_once: bool = False,
    ) -> Price:
        """The fewest and most calls, tokens and money that a run can take. `prices`: US dollars per million tokens;
        `depth`: how deep sub-flows may call one another (`Limits.depth`). `at_once`: of a run in which every reply fits
        when it first comes, which most runs are."""
        from flowreason.graph.price import price

        prompt, completion = prices or (None, None)
        return price(
            self.graph,
            inputs=dict(inputs or {}),
            prompt_price=prompt,
            completion_price=completion,
            depth=depth,
            at_once=at_once,
        )

    def price_of_any(self, prices: tuple[float, float] | None, depth: int) -> Price:
        """The price of a run whose inputs are not known, reckoned once."""
        found = self._unbound.get((prices, depth))
        if found is None:
            found = self._unbound[prices, depth] = self.price(prices=prices, depth=depth)
        return found

    @cached_property
    def handed_on(self) -> Mapping[str, ToolDef]:
        """The tools, by name, that flows inside of this one may call."""
        return handed_on(self.checked, self.graph)

    def run(self, inputs: Mapping[str, Any] | None = None, **options: Any) -> Result:
        """Run the flow; options as in `run_async`, and any further keyword is an input."""
        return run_now(lambda: self.run_async(inputs, **options))

    @checked(inputs=INPUTS, **RUNNING, **KEPT)
    async def run_async(
        self,
        inputs: Mapping[str, Any] | None = None,
        *,
        model: str | None = None,
        base_url: str | None = None,
        api_key: str | None = None,
        provider: Provider | None = None,
        limits: Limits | None = None,
        sandbox: Sandbox | None = None,
        unsafe_python: bool = False,
        on_event: Callable[[Event], None] | None = None,
        ask_user: AskUser | None = None,
        confirm: Confirm | None = None,
        approve: bool = False,
        store: Where = DEFAULT,
        cache: bool = True,
        on_run: OnRun | None = None,
        **more: Any,
    ) -> Result:
        """Run the flow with its inputs, by name, in a mapping or as keywords. Options as in `solve_async`.

        Raises `InputError` for a missing, unknown or wrong input; a run that fails is a `Result` with its `error`.
        """
        given = self.checked_inputs({**as_inputs(inputs), **more})
        plan = run_plan(self, given, model, limits)
        async with Session(provider, model, base_url, api_key, sandbox, unsafe_python) as session:
            kept = store_at(store, session.provider)
            async with (
                keeping(kept, plan, session.provider, cache=cache, on_run=on_run) as keeper,
                listening(on_event) as heard,
            ):
                ledger = None if keeper is None else keeper.ledger
                environment = session.environment(self.tools, limits, ask_user, ledger=ledger, approve=approve)
                journal = Journal(heard, None if ledger is None else ledger.recorder)
                return await finish_run(self, given, environment, session, journal, confirm, keeper)

    def checked_inputs(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Inputs in the types of the parameters. Raises `InputError` that names what is missing, unknown or wrong."""
        parameters = {p.name: p for p in self.parameters}
        for name in given:
            if name not in parameters:
                close = nearest(name, parameters)
                hint = f"; did you mean {close!r}?" if close else f"; it takes: {', '.join(parameters) or 'none'}"
                raise InputError(f"{self.name} has no input {name!r}{hint}")
        missing = [p for p in parameters.values() if p.required and p.name not in given]
        if missing:
            names = ", ".join(f"{p.name}: {p.type}" for p in missing)
            raise InputError(f"{self.name} needs the input{'s' if len(missing) > 1 else ''} {names}")
        out = {}
        for name, value in given.items():
            try:
                out[name] = convert(exact(value), parameters[name].type)
            except NotPlain as error:
                raise InputError(f"the input {name} cannot be given: {error}") from None
            except Misfit as misfit:
                raise InputError(f"the input {name} must be {parameters[name].type}: {misfit.reason}") from misfit
        return out


def plan_settings(model: str | None, limits: Limits | None, tools: Mapping[str, BoundTool]) -> dict[str, Any]:
    """What is kept of the settings of a run: those that are set. Tools as the language declares them, by name."""
    declared = {name: declaration(tool.definition) for name, tool in tools.items()}
    found = {"model": model, "limits": None if limits is None else asdict(limits), "tools": declared or None}
    return {name: value for name, value in found.items() if value is not None}


def run_plan(flow: Flow, inputs: Mapping[str, Any], model: str | None, limits: Limits | None) -> Plan:
    """What is kept of a flow that is about to run, enough to run it again."""
    files = {"files": flow.files} if flow.files else {}
    return Plan("run", "", flow.text, encoded(inputs), plan_settings(model, limits, flow.tools) | files)


async def finish_run(
    flow: Flow,
    inputs: Mapping[str, Any],
    environment: Environment,
    session: Session,
    journal: Journal,
    confirm: Confirm | None,
    keeper: Keeper | None = None,
) -> Result:
    """Price the flow, have it agreed to where it may go over the limits, and run it; tell how it ended."""
    ran = await _priced_and_run(flow, inputs, environment, session, journal, confirm)
    if keeper is not None:
        await keeper.ended(ran)
    return Result(ran, flow, "" if keeper is None else keeper.id)


async def _priced_and_run(
    flow: Flow,
    inputs: Mapping[str, Any],
    environment: Environment,
    session: Session,
    journal: Journal,
    confirm: Confirm | None,
) -> RunResult:
    info = environment.provider.model_info(None)
    prices = None
    if info.prompt_price is not None and info.completion_price is not None:
        prices = (info.prompt_price, info.completion_price)
    price = _price_of(flow, inputs, prices, environment.limits, session)
    if price.most != ZERO:
        session.need_model()
    journal.say("price", price.as_json())
    over = price.over(environment.limits)
    if over is None and getattr(confirm, "always", False):
        await _agreed(confirm, price, environment.limits)  # who is asked about every price refuses one by raising
    if over is not None and not await _agreed(confirm, price, environment.limits):
        error = LimitExceeded(
            over,
            getattr(environment.limits, over) or 0,
            f"this flow may take more than the limits allow ({price.summary()});\n"
            f"raise the limit {over}, or agree to run within it (--yes; confirm=lambda price, limits: True in Python)",
        )
        journal.say("run.failed", {"error": str(error), "error_kind": "limit"})
        return RunResult("limit", None, error, tuple(journal.events))
    environment = session.handing_on(environment, flow.handed_on)
    return await Run(flow.graph, environment, journal, session.budget, session.caller).run(inputs)


async def _agreed(confirm: Confirm | None, price: Price, limits: Limits) -> bool:
    said = confirm is not None and confirm(price, limits)
    return bool(await said if isawaitable(said) else said)


def _price_of(
    flow: Flow, inputs: Mapping[str, Any], prices: tuple[float, float] | None, limits: Limits, session: Session
) -> Price:
    """The price of a run; where a flow runs many times and its inputs make no difference to the limits, that of all."""
    if session.one_of_many and flow.compiled is None:
        any_run = flow.price_of_any(prices, limits.depth)
        if any_run.holds_for_all(limits):
            return any_run
    return flow.price(inputs, prices=prices, depth=limits.depth)
