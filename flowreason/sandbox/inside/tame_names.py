"""The names that tame Python may use (see `tame`): an allow-list of builtins, of what modules have, and of attributes.

Invariant: what is allowed here changes nothing that outlives a piece, whatever it is called with. An attribute is
looked at by its name alone, whoever has it: where modules or types have it, one that is looked at must allow it; one
that none of them has is a field, or the piece's own.
"""

from __future__ import annotations

import builtins
import datetime
import decimal
import enum
import fractions
import functools
import importlib
import re
import types
from collections.abc import Iterable, Mapping
from functools import lru_cache
from types import ModuleType
from typing import Any

_WORLD = importlib.import_module("flowreason_dsl.python_world")  # adapters do not import the language itself
IMPORTABLE: frozenset[str] = frozenset(_WORLD.IMPORTABLE)
PRELUDE: frozenset[str] = frozenset(_WORLD.PRELUDE)


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_TYPES = words("""
    bool bytearray bytes complex dict enumerate filter float frozenset int list map object range reversed set slice str
    tuple zip
    """)
BUILTINS = (
    words("""
    abs all any ascii bin callable chr classmethod divmod format hash hex id isinstance issubclass iter len max min
    next oct ord pow print property repr round sorted staticmethod sum Ellipsis NotImplemented
    """)
    | _TYPES
    | (PRELUDE - {"execute"})
    | {name for name, value in vars(builtins).items() if isinstance(value, type) and issubclass(value, BaseException)}
)
"""Names that are there without an import, beside modules. `type`, `getattr` and `super` are looked at one by one."""

MODULES: Mapping[str, str] = {
    "__future__": "",
    "bisect": "bisect bisect_left bisect_right insort insort_left insort_right",
    "calendar": """
        Calendar TextCalendar c calendar day_abbr day_name firstweekday isleap leapdays month month_abbr month_name
        monthcalendar monthrange timegm week weekday""",
    "cmath": "*",
    "collections": "ChainMap Counter OrderedDict UserDict UserList UserString abc defaultdict deque namedtuple",
    "collections.abc": "*",
    "copy": "Error copy deepcopy error",
    "dataclasses": """
        FrozenInstanceError InitVar KW_ONLY MISSING asdict astuple dataclass field fields is_dataclass replace""",
    "datetime": "date datetime time timedelta timezone tzinfo",
    "decimal": """
        Clamped Context Decimal DecimalException DivisionByZero FloatOperation Inexact InvalidOperation Overflow Rounded
        Subnormal Underflow""",
    "enum": "Enum Flag IntEnum IntFlag auto member nonmember unique",
    "fractions": "Fraction",
    "functools": "cache cmp_to_key lru_cache partial reduce total_ordering",
    "heapq": "heapify heappop heappush heappushpop heapreplace merge nlargest nsmallest",
    "itertools": "*",
    "json": "JSONDecodeError dump dumps load loads",
    "math": "*",
    "numbers": "Complex Integral Number Rational Real",
    "operator": """
        abs add and_ concat contains countOf eq floordiv ge getitem gt index indexOf inv invert is_ is_not itemgetter le
        length_hint lshift lt matmul mod mul ne neg not_ or_ pos pow rshift sub truediv truth xor""",
    "random": """
        Random betavariate binomialvariate choice choices expovariate gammavariate gauss getrandbits getstate
        lognormvariate normalvariate paretovariate randbytes randint random randrange sample seed setstate shuffle
        triangular uniform vonmisesvariate weibullvariate""",
    "re": "Match Pattern compile error escape findall finditer fullmatch match search split sub subn",
    "statistics": """
        NormalDist StatisticsError correlation covariance fmean geometric_mean harmonic_mean linear_regression mean
        median median_grouped median_high median_low mode multimode pstdev pvariance quantiles stdev variance""",
    "string": "Template capwords",
    "textwrap": "dedent fill indent shorten wrap",
    "typing": """
        AbstractSet Any AnyStr Callable ChainMap ClassVar Collection Container Counter DefaultDict Deque Dict Final
        FrozenSet Generator Hashable ItemsView Iterable Iterator KeysView List Literal Mapping MappingView Match
        MutableMapping MutableSequence MutableSet NamedTuple NewType Never NoReturn Optional OrderedDict Pattern
        Reversible Sequence Set Sized Text Tuple Type TypeVar TypedDict Union ValuesView cast""",
    "unicodedata": """
        bidirectional category combining decimal decomposition digit east_asian_width is_normalized lookup mirrored name
        normalize numeric""",
}
"""What is allowed of each module beside its immutable constants; `*`: all its functions and classes."""

DECORATORS = frozenset({"dataclass", "total_ordering", "unique"})
"""They change the class that they are given: allowed above the piece's own classes alone."""

BASES = frozenset({"Enum", "Flag", "IntEnum", "IntFlag"})
"""Allowed as the base of a class, and nowhere else: called, they make classes with methods that nobody looked at."""

_FIELDS = words("""
    add_note args close code default encoding end errno errors exceptions filename hash init kw_only lineno message
    metadata msg name obj object offset parse path read reason send start strerror text value write
    """)
"""What exceptions and generators have and may be used, and words that only types have which no piece can reach."""

_PRIVATE = frozenset({"__name__", "_asdict", "_fields", "_make", "_replace"})

NEVER = words("format format_map fget fset fdel mro register setfirstweekday with_traceback")
"""Attributes that are never read, but for `format` of a text whose fields are looked at."""

_HIDDEN = (
    *(types.FrameType, types.CodeType, types.TracebackType, types.GeneratorType, types.CoroutineType),
    *(types.AsyncGeneratorType, types.FunctionType, types.MethodType, types.BuiltinFunctionType, types.ModuleType),
    *(types.CellType, types.MappingProxyType, types.GenericAlias, types.UnionType, types.SimpleNamespace),
    *(types.MethodWrapperType, types.WrapperDescriptorType, types.GetSetDescriptorType, types.MemberDescriptorType),
)
"""Types whose attributes lead out of the piece, or of which nobody needs any."""

_CONSTANT = (
    *(bool, int, float, complex, str, bytes, type(None), type(Ellipsis), enum.Enum, re.Pattern),
    *(datetime.date, datetime.time, datetime.timedelta, datetime.timezone, decimal.Decimal, fractions.Fraction),
)
_CODE = (
    *(types.FunctionType, types.BuiltinFunctionType, types.MethodType, types.MethodDescriptorType, property, type),
    *(types.GetSetDescriptorType, types.MemberDescriptorType, types.ClassMethodDescriptorType, classmethod),
    *(staticmethod, types.DynamicClassAttribute, types.WrapperDescriptorType, functools.cached_property),
)


@lru_cache(maxsize=1)
def forbidden_attributes() -> frozenset[str]:
    """Every attribute that a module or a type has, and that is not allowed of it."""
    modules = {name: importlib.import_module(name) for name in IMPORTABLE}
    tame = {name: _tame_of(name, module) for name, module in modules.items()}
    objects = [value for names in tame.values() for value in names.values()]
    seen = {id(value) for value in [*objects, *modules.values(), *map(vars(builtins).get, BUILTINS)]}
    never = {
        name
        for module, found in modules.items()
        for name, value in _public(vars(found))
        if name not in tame[module] and id(value) not in seen
    }
    lineage = {base for value in [*objects, *_extra_types()] if isinstance(value, type) for base in value.__mro__}
    allowed, changeable = _members(each for each in lineage if not issubclass(each, BaseException))
    others = {value for module in modules.values() for _, value in _public(vars(module)) if isinstance(value, type)}
    others |= {value for value in vars(builtins).values() if isinstance(value, type)} | {*_HIDDEN}
    known, _ = _members(others | {type(each) for each in others | lineage})
    names = {name for found in tame.values() for name in found}
    return frozenset((known - allowed - names - _FIELDS) | never | changeable)


def tame_attribute(name: str) -> bool:
    """Whether an attribute of this name may be read of anything."""
    if name.startswith("_"):
        return name in _PRIVATE
    return name not in forbidden_attributes() and name not in NEVER


@lru_cache(maxsize=64)
def tame_names(module: str) -> frozenset[str]:
    """What may be imported from a module by name."""
    return frozenset(_tame_of(module, importlib.import_module(module))) if module in MODULES else frozenset()


@lru_cache(maxsize=64)
def all_tame(module: str) -> bool:
    """Whether all may be imported from a module at once."""
    found = importlib.import_module(module) if module in MODULES else None
    if found is None:
        return False
    every = getattr(found, "__all__", None) or [name for name, _ in _public(vars(found))]
    return tame_names(module) >= set(every) and not (DECORATORS | BASES) & set(every)


def _tame_of(name: str, module: ModuleType) -> dict[str, Any]:
    """What is allowed of a module, by name."""
    listed = words(MODULES.get(name, ""))
    kinds = (type, types.BuiltinFunctionType) if "*" in listed else ()
    return {
        each: value
        for each, value in _public(vars(module))
        if each in listed or _constant(value) or isinstance(value, kinds)
    }


def _extra_types() -> list[Any]:
    """Types that pieces meet and no name of a module stands for."""
    made: tuple[Any, ...] = (functools.partial(len), lru_cache(len), {}.keys(), {}.values(), {}.items(), "".__iter__())
    statistics = importlib.import_module("statistics")
    known = [getattr(builtins, name) for name in _TYPES]
    return [*known, *map(type, made), statistics.LinearRegression, decimal.Decimal(1).as_tuple().__class__]


def _members(classes: Iterable[type]) -> tuple[set[str], set[str]]:
    """The names of what classes have, and those of objects among it that could be changed."""
    every, changeable = set(), set()
    for each in classes:
        for name, value in _public(vars(each)):
            every.add(name)
            if not (isinstance(value, _CODE) or _constant(value) or callable(getattr(type(value), "__get__", None))):
                changeable.add(name)
    return every, changeable


def _constant(value: Any) -> bool:
    """Whether it is an object that nobody can change."""
    if isinstance(value, tuple | frozenset):
        return all(map(_constant, value))
    return isinstance(value, _CONSTANT) or type(value).__name__ in ("_Feature", "TypeVar")


def _public(names: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [(name, value) for name, value in names.items() if not name.startswith("_")]
