"""What work nodes do: each is awaited in a task of its own, and gives a value or raises a `FlowreasonError`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

from flowreason.asking.convert import convert
from flowreason.asking.misfit import Misfit
from flowreason.asking.person import text_for_person
from flowreason.asking.prompt import fill
from flowreason.asking.reply import parse_reply
from flowreason.engine import emulation, inline
from flowreason.engine.asker import TRIES, Asker
from flowreason.engine.caller import Caller
from flowreason.engine.checks import Checks
from flowreason.engine.effects import Effects
from flowreason.engine.environment import Environment
from flowreason.engine.frames import Frame
from flowreason.engine.held import Held
from flowreason.engine.keepsake import Form
from flowreason.engine.lacking import convert_lacking
from flowreason.engine.pending import Pending
from flowreason.engine.persons import Persons
from flowreason.engine.plan import Program
from flowreason.engine.reads import arguments_of, context_of, question_of, read_name, task_of, values_of
from flowreason.engine.recall import MISSING, Hearing, Recall, ask_key, ask_value, plain_value, python_key, python_value
from flowreason.engine.scarce import Item
from flowreason.errors import PythonError, UsageError
from flowreason.graph import ops
from flowreason.graph.model import Node
from flowreason.ports import HostCall, PythonTask, SandboxLimits, SandboxSession


class Host(Protocol):
    """What work needs of the scheduler: to run flows in place, and to tell what happens."""

    held: Held

    async def call_flow(self, program: Program, flow: str, inputs: Mapping[str, Any], frame: Frame, i: int) -> Any: ...

    def tell(self, kind: str, frame: Frame | None, i: int, data: Mapping[str, Any] | None) -> None: ...

    async def suspend(self, pending: Pending) -> None:
        """Wait for a person, for ever: where nothing else goes on, the run ends as one that waits."""
        ...


class Worker:
    """Does the work nodes of one run."""

    def __init__(self, environment: Environment, caller: Caller, host: Host) -> None:
        self.environment = environment
        self.caller = caller
        self.host = host
        self.ledger = environment.ledger
        self.recall = Recall(environment.ledger, environment.given)
        self.persons = Persons(self)
        self.effects = Effects(self)
        self._session: asyncio.Task[SandboxSession] | None = None

    def perform(self, frame: Frame, i: int) -> Awaitable[Any]:
        """The value of a work node, in its type, with its checks held."""
        node = frame.plan.nodes[i]
        if isinstance(node.op, ops.Ask):
            return self._ask_person(frame, i, node, node.op) if node.op.user else self._ask(frame, i, node, node.op)
        if isinstance(node.op, ops.CallTool) and frame.plan.exact[i] is object and not node.checks:
            return self.call_tool(node.op.tool, arguments_of(frame, i), frame, i)
        return self._checked(frame, i, node)

    async def _checked(self, frame: Frame, i: int, node: Node) -> Any:
        """Work other than asking: done once, then brought into its type and checked."""
        value = await self._act(frame, i, node)
        try:
            exact = frame.plan.exact[i]
            if exact is not object and value.__class__ is not exact:
                value = (convert if self.caller.budget.over is None else convert_lacking)(value, node.type)
        except Misfit as misfit:
            raise inline.misfit(frame, i, misfit) from misfit
        if node.checks:
            wrong = await Checks(self, frame, i).first_wrong(value)
            if wrong is not None:
                raise inline.node_error(frame, i, wrong, "ensure")
        return value

    async def _act(self, frame: Frame, i: int, node: Node) -> Any:
        match node.op:
            case ops.Python():
                return await self._python(frame, i, node.op)
            case ops.Emulate():
                return await self._emulate(frame, i, node.op)
            case ops.CallTool(tool=tool):
                return await self.call_tool(tool, arguments_of(frame, i), frame, i)
            case ops.Solve():
                return await self._solve(frame, i, node.op)
            case ops.RunText():
                return await self._run_text(frame, i)
            case ops.CallFlow(flow=flow):
                return await self.host.call_flow(frame.program, flow, arguments_of(frame, i), frame, i)
            case ops.Pick():
                return inline.pick_value(frame, i)
            case ops.Fill():
                return inline.fill(frame, i)
            case ops.Constant() as constant:
                return constant.fresh
        raise inline.node_error(frame, i, f"{node.id} cannot be checked here")

    # --- asks ---

    async def _ask(self, frame: Frame, i: int, node: Node, op: ops.Ask) -> Any:
        question = question_of(frame, i, op)
        tell, checks, priority = self.teller(frame, i), Checks(self, frame, i), frame.plan.priority[i]
        heard = Hearing(tell)
        say = tell if self.ledger is None else heard.tell
        asker = Asker(self.caller, question, checks.first_wrong, say, priority, self.item(frame))
        if (refused := self.host.held.asked(asker.prompts.request(0).messages, frame, i)) is not None:
            del asker  # an error holds what was there when it was raised
            raise refused
        if self.ledger is None:
            return await asker.ask()
        key = ask_key(asker, frame, i)
        value = await self.recall.find(frame, i, "ask", lambda: key, tell, node.type)
        if value is MISSING:
            value = await asker.ask()
            form = Form(node.type, asker.prompts.thinks, asker.prompts.structured)
            lacking = asker.lacking or (bool(node.checks) and self._over)
            self._keep(frame, i, "ask", key, ask_value(value, heard, form), lacking)
        elif self.caller.scarce is not None:
            self.caller.scarce.known(frame, i)
        return value

    async def _ask_person(self, frame: Frame, i: int, node: Node, op: ops.Ask) -> Any:
        """The person's answer; what does not fit is asked again, with the reason."""
        text = text_for_person(op.question, values_of(frame, i), context=context_of(frame, i), type=node.type)
        checks, asked, wrong = Checks(self, frame, i), text, None
        tries = dict(op.settings).get("tries", TRIES)
        for attempt in range(tries):
            reply = await self.persons.ask(frame, i, "person", attempt, asked, node.type)
            try:
                value = parse_reply(reply, node.type)
                wrong = await checks.first_wrong(value)
            except Misfit as misfit:
                wrong = misfit.reason
            if wrong is None:
                return value
            asked = f"{text}\n({wrong})"
        raise inline.node_error(frame, i, f"no answer fitted in {tries} tries; the last one: {wrong}", "reply")

    def item(self, frame: Frame) -> Item | None:
        """What a call is made for, where calls are limited."""
        return self.caller.scarce.item_of(frame) if self.caller.scarce is not None else None

    @property
    def _over(self) -> bool:
        """Whether a limit may have cut short what a step has called."""
        return self.caller.budget.over is not None

    def _keep(self, frame: Frame, i: int, kind: str, key: str | None, value: Any, lacking: bool) -> None:
        """Keep what a step came to. What a limit kept from being whole is worked out anew when the run goes on."""
        if lacking and self.ledger is not None:
            self.host.tell("node.lacking", frame, i, {})
        self.recall.keep(frame, i, "lacking" if lacking else kind, key, value)

    def teller(self, frame: Frame, i: int) -> Callable[[str, Mapping[str, Any]], None]:
        return lambda kind, data: self.host.tell(kind, frame, i, data)

    # --- Python ---

    async def session(self) -> SandboxSession:
        """The run's place for Python, made when first needed."""
        if self._session is None:
            self._session = asyncio.ensure_future(self.environment.sandbox.session(SandboxLimits()))
        with self.caller.activity.busy():
            return await asyncio.shield(self._session)

    async def run_python(
        self, code: Any, names: Mapping[str, Any], functions: tuple[str, ...], frame: Frame, i: int
    ) -> Any:
        """The value of a piece of Python. Raises `NodeError` that names the line of the flow."""
        session = await self.session()
        try:
            with self.caller.activity.busy():
                result = await session.run(task_of(code, names, functions, frame, i), self._host_call(frame, i))
        except PythonError as error:
            line = inline.code_line(frame, code, error.line)
            raise inline.node_error(frame, i, str(error), "python", line) from error
        if result.printed:
            self.host.tell("node.printed", frame, i, {"text": result.printed})
        return result.value

    async def _python(self, frame: Frame, i: int, op: ops.Python) -> Any:
        values = values_of(frame, i)
        try:
            made = inline.in_place(frame, op.code, op.functions, values)
        except Exception as error:
            raise inline.python_failed(frame, i, error) from error
        if made is not None:
            return made[0]
        task = task_of(op.code, values, op.functions, frame, i)
        key = python_key(task, frame) if self.ledger is not None else None
        value = await self.recall.find(frame, i, "python", lambda: key, self.teller(frame, i))
        if value is MISSING:
            value = await self.run_python(op.code, values, op.functions, frame, i)
            self._keep(frame, i, "python", key, python_value(value, task), bool(task.functions) and self._over)
        return value

    def _host_call(self, frame: Frame, i: int) -> HostCall:
        async def call(name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
            return await self.call_by_name(name, args, kwargs, frame, i)

        return call

    async def call_by_name(
        self, name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any], frame: Frame, i: int
    ) -> Any:
        """A sub-flow or tool, called from Python, which waits for it."""
        with self.caller.activity.aside():
            return await self._called(name, args, kwargs, frame, i)

    async def _called(self, name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any], frame: Frame, i: int) -> Any:
        graph = frame.program.graph
        if name in graph.flows:
            self._check_depth(frame, i)
            inputs = bind(name, graph.flows[name].parameters, args, kwargs)
            return await self.host.call_flow(frame.program, name, inputs, frame, i)
        parameters = tuple(p.name.text for p in graph.tools[name].parameters)
        return await self.call_tool(name, bind(name, parameters, args, kwargs), frame, i)

    async def _emulate(self, frame: Frame, i: int, op: ops.Emulate) -> Any:
        task = emulation.task(frame, i, op)
        key = python_key(task, frame) if self.ledger is not None else None
        value = await self.recall.find(frame, i, "emulate", lambda: key, self.teller(frame, i))
        if value is MISSING:
            value = await self._emulated(frame, i, op, task)
            self._keep(frame, i, "emulate", key, plain_value(value), self._over)
        return value

    async def _emulated(self, frame: Frame, i: int, op: ops.Emulate, task: PythonTask) -> Any:
        session = await self.session()
        host = emulation.ModelHost(self, frame, i, task.code)
        try:
            with self.caller.activity.busy():
                result = await session.emulate(task, host)
        except PythonError as error:
            raise emulation.failed(frame, i, op, task, error) from error
        self.host.tell("node.trace", frame, i, emulation.traced(task, result))
        if result.printed:
            self.host.tell("node.printed", frame, i, {"text": result.printed})
        return result.value

    # --- tools ---

    async def call_tool(self, name: str, arguments: dict[str, Any], frame: Frame, i: int) -> Any:
        """A tool, with its arguments and result in their types."""
        tool = self.environment.tools.get(name)
        if tool is None:
            raise inline.node_error(frame, i, f"the tool {name} was not given to this run (tools=[{name}])", "tool")
        given = inline.fitting(tool, arguments, frame, i)
        return inline.returned(tool, await self.effects.call(tool, given, frame, i), frame, i)

    # --- flows written at run time ---

    async def _solve(self, frame: Frame, i: int, op: ops.Solve) -> Any:
        compiler = self.environment.compiler
        if compiler is None:
            raise inline.node_error(frame, i, "`solve` needs a compiler, and this run has none", "solve")
        self._check_depth(frame, i)
        tell = self.teller(frame, i)
        values = values_of(frame, i)
        try:
            question = fill(op.question, values)
        except Misfit as misfit:
            raise inline.node_error(frame, i, misfit.reason, "path") from misfit
        inputs = {read_name(name): value for name, value in context_of(frame, i)}

        async def complete(request: Any) -> Any:
            about = {"attempt": 1, "sample": 0, "compiled": True}
            return await self.caller.complete(request, tell, about, frame.plan.priority[i], self.item(frame))

        graph = await compiler.solve(question, inputs, complete, tell)
        return await self._in_place(graph, {"question": question, **inputs}, frame, i)

    async def _run_text(self, frame: Frame, i: int) -> Any:
        compiler = self.environment.compiler
        if compiler is None:
            raise inline.node_error(frame, i, "`run` needs a compiler, and this run has none", "solve")
        self._check_depth(frame, i)
        read, source = frame.plan.reads[i][0]
        text = inline.take(frame.values[source], read.steps, read.name, frame, i)
        graph = compiler.load(str(text))
        inputs = {read_name(name): value for name, value in context_of(frame, i)}
        return await self._in_place(graph, inputs, frame, i)

    def _check_depth(self, frame: Frame, i: int) -> None:
        if frame.depth >= self.environment.limits.depth:
            message = f"flows are more than {self.environment.limits.depth} deep (the limit `depth`)"
            raise inline.node_error(frame, i, message, "depth")

    async def _in_place(self, graph: Any, inputs: Mapping[str, Any], frame: Frame, i: int) -> Any:
        program = Program(graph, frame.program.inline_tools, frame.program.trivial)
        known = {name: value for name, value in inputs.items() if name in graph.main.parameters}
        return await self.host.call_flow(program, graph.entry, known, frame, i)

    async def close(self) -> None:
        """Give the sandbox session back."""
        if self._session is not None:
            session, self._session = self._session, None
            if not session.done():
                session.cancel()
            await asyncio.wait([session])
            if not session.cancelled() and session.exception() is None:  # else who asked for it was told
                await session.result().close()


def bind(flow: str, parameters: tuple[str, ...], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments of a call from Python, by parameter. Raises `UsageError`."""
    if len(args) > len(parameters):
        raise UsageError(f"{flow} takes {len(parameters)} arguments, and {len(args)} were given")
    bound = dict(zip(parameters, args, strict=False))
    for name, value in kwargs.items():
        if name not in parameters or name in bound:
            raise UsageError(f"{flow} cannot take the argument {name!r}; it has {', '.join(parameters) or 'none'}")
        bound[name] = value
    return bound
