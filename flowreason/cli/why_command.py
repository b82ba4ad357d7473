"""`runs why`: why a run came to its answer, in sentences and tables, or as data.

Invariant: what it may cost is said before anything is asked; the run that is looked at stays as it is.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Annotated

import typer

from flowreason.cli import failures, options, output

if TYPE_CHECKING:
    from rich.console import Console

    from flowreason.view.why_text import Section
    from flowreason.why.told import Why

Calls = Annotated[
    int,
    typer.Option("--calls", "-n", metavar="NUMBER", help="At most so many calls to the model; 0 asks nothing.", min=0),
]
Node = Annotated[
    str | None, typer.Option("--node", metavar="STEP", help="Try other values of this step alone, by its name.")
]


@options.grouped
def why(
    run: options.Run,
    calls: Calls = 20,
    node: Node = None,
    whole: Annotated[bool, typer.Option("--all", help="Every row of every table.")] = False,
    *,
    terms: options.Terms,
    shown: options.Shown,
) -> int:
    """Say why a run came to its answer, or to none.

    What it rests on, what it took, how sure its steps were, what each round changed. Then sub-answers are changed one
    at a time to see which the answer hangs on: a few calls, said before. No effect happens, nobody is asked, and
    nothing is kept but the answers.
    """
    try:
        found = asyncio.run(_found(run, calls, node, terms, quiet=shown.quiet))
    except KeyboardInterrupt:
        output.note("stopped; what was answered by then is kept, and free when you look again")
        return failures.CANCELLED
    if shown.as_data:
        output.emit(json.dumps(found.as_json(), ensure_ascii=False))
    else:
        _show(found, whole, output.page(no_color=shown.no_color))
    return failures.ANSWERED


async def _found(run: str, calls: int, node: str | None, terms: options.Terms, *, quiet: bool) -> Why:
    """Why the run came to its answer; what it may cost and each probe are told meanwhile."""
    import flowreason as fr
    from flowreason.cli.asking import provider_again
    from flowreason.resuming import the_store
    from flowreason.tool_files import tools_from

    tools = tools_from(terms.tools)
    info = await the_store(terms.place).run(run)
    provider = provider_again(terms, info.plan)
    try:
        return await fr.why_async(
            info.id, calls=calls, node=node, provider=provider, model=None if provider else terms.model,
            base_url=None if provider else terms.base_url, tools=tools, unsafe_python=terms.unsafe_python,
            limits=terms.limits() if terms.limit else None, store=terms.place, cache=not terms.no_cache,
            tell=None if quiet else output.note,
        )  # fmt: skip
    finally:
        if provider is not None:
            await provider.close()


# --- for people ---


def _show(found: Why, whole: bool, page: Console) -> None:
    from rich.text import Text

    from flowreason.view.why_text import header, line, sections

    first, *rest = header(found)
    page.print(Text(first, style="bold"))
    for each in rest:
        page.print(Text(each))
    page.print()
    for each in found.summary:
        page.print(Text(line(each)))
    for each in found.notes:
        page.print(Text(line(each), style="dim"))
    for section in sections(found, whole=whole):
        page.print()
        _table(page, section)


def _table(page: Console, section: Section) -> None:
    from rich.table import Table
    from rich.text import Text

    from flowreason.view.why_text import WIDEST

    page.print(Text(f"{section.title}:", style="bold"))
    table = Table.grid(padding=(0, 2), expand=False)
    last = len(section.columns) - 1
    for at in range(len(section.columns)):
        table.add_column(no_wrap=True, overflow="ellipsis", max_width=None if at == last else WIDEST[at > 0] + 2)
    table.add_row(*(Text(f"  {each}" if not at else each, style="dim") for at, each in enumerate(section.columns)))
    for row in section.rows:
        table.add_row(*(Text(f"  {cell}" if not at else cell) for at, cell in enumerate(row)))
    with page.capture() as drawn:
        page.print(table)
    output.emit("\n".join(each.rstrip() for each in drawn.get().splitlines()), coloured=True)
    if section.left_out:
        output.emit(f"  … {section.left_out:,} more (--all shows them)")
