"""`runs export` and `runs import`: a run as one file, for somebody else."""

from __future__ import annotations

import json
from pathlib import Path

import flowreason as fr
from flowreason import reading
from flowreason.cli import failures, output
from flowreason.cli.kept import Kept
from flowreason.keeping import DEFAULT


def export_file(run: str, out: Path, store: str | None) -> int:
    """Write a run into a file; gives the exit code."""
    reading.writable(out, "--output")
    info = fr.run_info(run, store=store or DEFAULT)
    fr.export_run(info.id, out, store=store or DEFAULT)
    output.note(
        f"exported {info.id} to {out}; look into it before you hand it on: it holds what was asked and answered"
    )
    return failures.ANSWERED


def import_file(file: Path, store: str | None, *, as_data: bool) -> int:
    """Take in a run from a file; gives the exit code."""
    run = fr.import_run(file, store=store or DEFAULT)
    if as_data:
        output.emit(json.dumps({"run": run}))
    else:
        output.note(f"imported as {run}; look at it with: {Kept(run, store or '').command('show')}")
    return failures.ANSWERED
