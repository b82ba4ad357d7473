"""The names that tame Python may use (see `tame`): an allow-list of builtins, of what modules have, and of attributes.

Invariant: what is allowed here changes nothing that outlives a piece, whatever plain values it is called with: a module
is reached by the names listed for it alone, and of a value its fields, and what text, numbers, lists, records, sets,
dates and matches have; nothing that leads to the insides of Python.
"""

from __future__ import annotations

import builtins
import collections
import datetime
import decimal
import fractions
import functools
import importlib
import random
import re
import types
from collections.abc import Iterable, Mapping
from typing import Any

_WORLD = importlib.import_module("flowreason_dsl.python_world")  # adapters do not import the language itself
PRELUDE: frozenset[str] = frozenset(_WORLD.PRELUDE)
THERE: frozenset[str] = frozenset(name.partition(".")[0] for name in _WORLD.IMPORTABLE) - PRELUDE
"""Modules that are there without an import."""


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


BUILTINS = (
    words("""
    abs all any ascii bin bool bytes callable chr complex dict divmod enumerate filter float format frozenset hash hex
    id int isinstance issubclass iter len list map max min next object oct ord pow print range repr reversed round set
    slice sorted str sum tuple zip Ellipsis NotImplemented
    """)
    | (PRELUDE - {"execute"})
    | {name for name, value in vars(builtins).items() if isinstance(value, type) and issubclass(value, Exception)}
)
"""Names that are there without an import, beside modules. `type` is looked at where it stands."""

MODULES: Mapping[str, str] = {
    "__future__": "annotations",
    "bisect": "bisect bisect_left bisect_right insort insort_left insort_right",
    "calendar": "day_abbr day_name isleap leapdays month_abbr month_name monthrange timegm weekday",
    "cmath": "*",
    "collections": "Counter OrderedDict defaultdict deque",
    "copy": "copy deepcopy",
    "datetime": "MAXYEAR MINYEAR UTC date datetime time timedelta timezone",
    "decimal": """
        Decimal DecimalException DivisionByZero InvalidOperation Overflow ROUND_05UP ROUND_CEILING ROUND_DOWN
        ROUND_FLOOR ROUND_HALF_DOWN ROUND_HALF_EVEN ROUND_HALF_UP ROUND_UP""",
    "fractions": "Fraction",
    "functools": "cache cmp_to_key lru_cache partial reduce",
    "heapq": "heapify heappop heappush heappushpop heapreplace merge nlargest nsmallest",
    "itertools": "*",
    "json": "JSONDecodeError dumps loads",
    "math": "*",
    "operator": """
        abs add and_ concat contains countOf eq floordiv ge getitem gt index indexOf inv invert is_ is_not itemgetter le
        length_hint lshift lt matmul mod mul ne neg not_ or_ pos pow rshift sub truediv truth xor""",
    "random": """
        Random betavariate choice choices expovariate gammavariate gauss getrandbits lognormvariate normalvariate
        paretovariate randint random randrange sample seed shuffle triangular uniform vonmisesvariate weibullvariate""",
    "re": "* compile error escape findall finditer fullmatch match search split sub subn",
    "statistics": """
        StatisticsError correlation covariance fmean geometric_mean harmonic_mean mean median median_grouped median_high
        median_low mode multimode pstdev pvariance quantiles stdev variance""",
    "string": """
        ascii_letters ascii_lowercase ascii_uppercase capwords digits hexdigits octdigits printable punctuation
        whitespace""",
    "textwrap": "dedent fill indent shorten wrap",
    "unicodedata": """
        bidirectional category combining decimal decomposition digit east_asian_width is_normalized lookup mirrored name
        normalize numeric""",
}
"""What is allowed of each module; `*`: besides, all its numbers and flags, and what of it is not written in Python."""

COPIERS = frozenset({"copy", "deepcopy"})
"""Of the module `copy`: called with one value, and not handed on, because what they take beside it is their own."""

_DATA = (
    *(str, bytes, list, dict, set, frozenset, tuple, int, float, complex, range, re.Pattern, re.Match),
    *(collections.Counter, collections.OrderedDict, collections.defaultdict, collections.deque),
    *(datetime.date, datetime.datetime, datetime.time, datetime.timedelta, datetime.timezone),
    *(decimal.Decimal, fractions.Fraction),
)
_INSIDES = (
    *(type, types.FunctionType, types.BuiltinFunctionType, types.MethodType, types.GeneratorType, types.ModuleType),
    *(types.CoroutineType, types.AsyncGeneratorType, types.CodeType, types.FrameType, types.TracebackType),
    *(types.CellType, types.GenericAlias, types.UnionType, property, classmethod, staticmethod, super, random.Random),
    *(types.GetSetDescriptorType, types.MemberDescriptorType, functools.cached_property, BaseException),
    *(type(functools.lru_cache(len)), type(functools.partial(len))),
)
"""Types that lead out of a piece, or whose methods change whatever they are given as their own."""
_FIELDS = frozenset({"args", "close", "func", "keywords", "send", "throw", "cache_info"})
"""What they have and is harmless, where all there is of it is the piece's own; some are names of fields as well."""
_NEVER = frozenset({"format", "format_map", "setstate"})
"""The first two reach for attributes that their text names; see `tame` for `format` of a text that is looked at."""


def _public(kinds: Iterable[type]) -> frozenset[str]:
    return frozenset(name for kind in kinds for name in dir(kind) if not name.startswith("_"))


FORBIDDEN = (_public(_INSIDES) - _public([*_DATA, random.Random]) - _FIELDS) | _NEVER
"""What is never read of anything."""


def tame_attribute(name: str) -> bool:
    """Whether what has this name may be read of any value."""
    return not name.startswith("_") and name not in FORBIDDEN


@functools.lru_cache(maxsize=64)
def tame_names(module: str) -> frozenset[str]:
    """What may be reached of a module."""
    if module not in MODULES:
        return frozenset()
    found = vars(importlib.import_module(module))
    listed = words(MODULES[module])
    every = (name for name, value in found.items() if "*" in listed and not name.startswith("_") and _plain(value))
    return frozenset({*(name for name in listed if name in found), *every})


def _plain(value: Any) -> bool:
    """A number, a flag, or code that is not written in Python and so has nothing that could be changed."""
    plain = isinstance(value, int | float | complex | types.BuiltinFunctionType)
    return plain or (isinstance(value, type) and not value.__flags__ & _CHANGEABLE)


_CHANGEABLE = 1 << 9
"""The flag of types that were made by Python code (`Py_TPFLAGS_HEAPTYPE`)."""


@functools.lru_cache(maxsize=64)
def made_of_python(module: str, name: str) -> bool:
    """Whether it is a class that is written in Python: its methods take whatever they are given for one of its own."""
    value = vars(importlib.import_module(module)).get(name)
    return isinstance(value, type) and bool(value.__flags__ & _CHANGEABLE) and not issubclass(value, BaseException)


@functools.lru_cache(maxsize=64)
def all_tame(module: str) -> bool:
    """Whether all may be imported from a module at once: nothing of it is allowed in some places only."""
    if module not in MODULES or module == "copy" or any(made_of_python(module, name) for name in tame_names(module)):
        return False
    found = importlib.import_module(module)
    every: Iterable[str] = getattr(found, "__all__", None) or [n for n in vars(found) if not n.startswith("_")]
    return tame_names(module) >= set(every)
