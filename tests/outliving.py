"""What pieces of Python leave behind in the process that ran them: a program that runs tame ones, one after the other,
and compares all that can be reached from the modules before and after.

As a program it reads lines of JSON, each a list of pieces, and writes for each line what became of them and what
changed. `Process` is the other end. Caches of what was computed, keyed by what it was computed from, do not count.
"""

from __future__ import annotations

import collections.abc
import decimal
import functools
import gc
import json
import numbers
import subprocess
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

if sys.platform != "win32":
    import resource

ROOT = Path(__file__).parents[1]
MEMORY = 2 * 1024**3
_PLAIN = (str, bytes, int, float, complex, type(None), type(Ellipsis), type(NotImplemented), range)
_OURS = frozenset({"__main__", "gc", "ast", "sys", "traceback", "linecache", "flowreason.sandbox.inside.clock"})
_CACHES = frozenset({
    ("re", "_cache"), ("_strptime", "_regex_cache"), ("_strptime", "_TimeRE_cache"), ("encodings", "_cache"),
    ("typing", "_cleanups"), ("flowreason.sandbox.inside.clock", "_rung"),
})  # fmt: skip
_LATE = frozenset({
    "__annotations__", "__warningregistry__", "__slotnames__", "__abstractmethods__", "_abc_impl", "__dict__",
    "__weakref__", "_value2member_map_",
})  # fmt: skip
"""What Python itself makes of a module or class when it is first looked at."""


class Process:
    """A process in which pieces are run."""

    def __init__(self) -> None:
        words = [sys.executable, "-P", "-s", "-S", "-B", __file__]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(words, stdin=pipe, stdout=pipe, text=True, env={"PYTHONHASHSEED": "0"})

    def __call__(self, pieces: list[str]) -> tuple[list[str], list[str]]:
        """What became of each piece (`done`, `wild` or an error), and what they changed together."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps(pieces) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:  # a piece took for ever in one call, and was ended
            self.close()
            self.__init__()  # type: ignore[misc]
            return ["ended"] * len(pieces), []
        outcomes, changed = json.loads(line)
        return outcomes, changed

    def close(self) -> None:
        self._process.kill()
        self._process.wait()


def snapshot(names: Any) -> tuple[dict[int, tuple[str, tuple[Any, ...]]], list[Any]]:
    """The content of all that can be reached, by object; and the objects, so that none takes the place of another."""
    todo = [(name, module) for name, module in sorted(sys.modules.items()) if name not in _OURS]
    todo.append(("names", names))
    found: dict[int, tuple[str, tuple[Any, ...]]] = {0: ("what cannot be looked into", _opaque())}
    kept = []
    while todo:
        path, each = todo.pop()
        if id(each) in found or isinstance(each, (*_PLAIN, types.FrameType)):
            continue
        kept.append(each)
        parts = list(_parts(each))
        found[id(each)] = path, tuple((name, _mark(part)) for name, part in parts)
        todo += [(f"{path}.{name}", part) for name, part in parts]
    return found, kept


def _opaque() -> tuple[Any, ...]:
    """What C code keeps to itself, as far as it shows."""
    kinds = [each for each in vars(collections.abc).values() if isinstance(each, type)]
    kinds += [each for each in vars(numbers).values() if isinstance(each, type)]
    context = decimal.getcontext()
    shown = [(kind.__name__, [isinstance(value, kind) for value in (1, 1.5, "a", None, [], {}, len)]) for kind in kinds]
    return ("abc", str(shown)), ("decimal", f"{context.prec} {context.rounding} {context.traps}")


def _mark(value: Any) -> Any:
    return repr(value)[:200] if isinstance(value, _PLAIN) and not isinstance(value, int) else _number(value)


def _number(value: Any) -> Any:
    return ("int", hash(value)) if isinstance(value, int) else id(value)


def _parts(each: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(each, types.ModuleType | type):
        for name, value in vars(each).items():
            if name not in _LATE and (each.__name__, name) not in _CACHES:
                yield name, value
    elif isinstance(each, dict | types.MappingProxyType):
        for key, value in list(each.items()):
            if not (isinstance(key, str) and key in _LATE) and (each.get("__name__"), key) not in _CACHES:
                yield f"[{_mark(key)!r:.60}]", value
                yield "key", key
    elif isinstance(each, list | tuple | set | frozenset):
        yield from ((f"[{n}]", value) for n, value in enumerate(each))
    elif isinstance(each, types.FunctionType):
        yield from (("defaults", each.__defaults__), ("keywords", each.__kwdefaults__), ("code", each.__code__))
        yield from (("globals", each.__globals__), ("names", each.__dict__))
        yield from (("cell", cell.cell_contents) for cell in each.__closure__ or () if _filled(cell))
    elif isinstance(each, types.MethodType):
        yield from (("self", each.__self__), ("function", each.__func__))
    elif isinstance(each, types.BuiltinFunctionType):
        yield "self", each.__self__
    elif isinstance(each, staticmethod | classmethod | functools._lru_cache_wrapper):
        yield "function", each.__wrapped__
    elif isinstance(each, property):
        yield from (("get", each.fget), ("set", each.fset))
    else:
        yield from getattr(each, "__dict__", {}).items()
        for kind in type(each).__mro__:
            slots = kind.__dict__.get("__slots__", ())
            for slot in (slots,) if isinstance(slots, str) else slots:
                if hasattr(each, slot):
                    yield slot, getattr(each, slot)


def _filled(cell: Any) -> bool:
    try:
        return cell.cell_contents is not None
    except ValueError:
        return False


def main() -> None:
    """Serve until nobody asks any more."""
    for name, folder in (
        ("flowreason", ROOT / "flowreason"),
        ("flowreason.sandbox", ROOT / "flowreason" / "sandbox"),
        ("flowreason.sandbox.inside", ROOT / "flowreason" / "sandbox" / "inside"),
        ("flowreason_dsl", ROOT / "dsl" / "flowreason_dsl"),
    ):
        package = types.ModuleType(name)
        package.__path__ = [str(folder)]
        sys.modules[name] = package
    if sys.platform != "win32":
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    run, names = _runner()
    for _ in range(2):
        run("1")
        snapshot(names)
    before, kept = snapshot(names)
    for line in sys.stdin:
        outcomes = [run(piece) for piece in json.loads(line)]
        run("random.seed(1)")
        gc.collect()
        after, again = snapshot(names)
        changed = [
            f"{path}: {sorted(map(str, set(now) ^ set(before[one][1])))[:4]}"
            for one, (path, now) in after.items()
            if one in before and before[one][1] != now
        ]
        print(json.dumps([outcomes, changed[:5]]), flush=True)
        before, kept = after, again
    del kept


def _runner() -> Any:
    from flowreason.sandbox.inside.clock import count_down, install
    from flowreason.sandbox.inside.names import Names
    from flowreason.sandbox.inside.output import Printed
    from flowreason.sandbox.inside.piece import Piece
    from flowreason.sandbox.inside.pieces import Pieces
    from flowreason.sandbox.inside.records import leave
    from flowreason.sandbox.inside.tame import look

    class Host:
        def ask(self, question: Any) -> Any:
            return 1

    names = Names()
    install()

    def run(code: str) -> str:
        if not look(code).tame and not code.startswith("# wild\n"):
            return "wild"
        before, sys.stdout = sys.stdout, Printed(100_000)
        try:
            names.random.seed(1)
            count_down(2.0)
            leave(Pieces(names, Host()).run(Piece(1, code, {"xs": [3, 1, 2], "p": {"a": 1}}, (), 1, False))[0])
        except BaseException as error:  # noqa: BLE001 - whatever a piece does
            return type(error).__name__
        finally:
            count_down(0)
            sys.stdout = before
        return "done"

    return run, names.builtins


if __name__ == "__main__":
    main()
