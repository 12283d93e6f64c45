"""Put a mutant into the running program: the code of its functions is replaced where they are.

Functions that were decorated, bound to an operation or kept in a table are the same objects afterwards, so nothing has
to be imported again. What a module or a class computes while it is imported cannot be replaced in this way.
"""

from __future__ import annotations

import functools
import gc
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from types import CodeType, FunctionType
from typing import Final

from tests.mutation.mutants import Mutant

#: Flags of code of functions: its names are local (``inspect.CO_OPTIMIZED``). That of modules and classes lacks it.
_OPTIMIZED: Final = 0x1


def changed_functions(mutant: Mutant) -> list[tuple[CodeType, CodeType]] | None:
    """Return the code of each changed function as it is and as it will be; None when more than functions changes."""
    after = compile(mutant.code(), str(mutant.path), "exec", dont_inherit=True)
    pairs: list[tuple[CodeType, CodeType]] = []
    return pairs if _compare(_unchanged(mutant.path), after, pairs) else None


@lru_cache(maxsize=256)
def _unchanged(path: Path) -> CodeType:
    return compile(path.read_text(encoding="utf-8"), str(path), "exec", dont_inherit=True)


def _compare(before: CodeType, after: CodeType, pairs: list[tuple[CodeType, CodeType]]) -> bool:
    """Gather the outermost functions that differ; return whether nothing else does."""
    if before.co_flags & _OPTIMIZED:
        if _shape(before) != _shape(after):
            pairs.append((before, after))
            return before.co_freevars == after.co_freevars
        return True
    inner, others = list(_inner(before)), list(_inner(after))
    if len(inner) != len(others) or _own(before) != _own(after):
        return False
    return all(_compare(*pair, pairs) for pair in zip(inner, others, strict=True))


def _inner(code: CodeType) -> Iterator[CodeType]:
    return (constant for constant in code.co_consts if isinstance(constant, CodeType))


def _own(code: CodeType) -> tuple[object, ...]:
    """Return what a code does itself, without the functions in it."""
    constants = tuple((type(one), one) for one in code.co_consts if not isinstance(one, CodeType))
    return code.co_code, code.co_names, constants, code.co_exceptiontable


def _shape(code: CodeType) -> tuple[object, ...]:
    return _own(code), tuple(map(_shape, _inner(code)))


_Cache = functools._lru_cache_wrapper
Functions = Mapping[tuple[str, str, int], Sequence[FunctionType]]


def functions(of: Path) -> Functions:
    """Return all functions that exist now and come from files below a folder, by file, name and first line."""
    found: defaultdict[tuple[str, str, int], list[FunctionType]] = defaultdict(list)
    for one in gc.get_objects():
        if isinstance(one, FunctionType) and one.__code__.co_filename.startswith(str(of)):
            found[_key(one.__code__)].append(one)
    return found


def caches(functions: Functions) -> list[_Cache[object]]:
    """Return the caches in front of functions (``functools.cache``): what they remember hides a mutant."""
    known = {id(one) for found in functions.values() for one in found}
    return [one for one in gc.get_objects() if isinstance(one, _Cache) and id(one.__wrapped__) in known]


def _key(code: CodeType) -> tuple[str, str, int]:
    return code.co_filename, code.co_qualname, code.co_firstlineno


def replace(pairs: list[tuple[CodeType, CodeType]], known: Functions) -> None:
    """Replace the code of functions."""
    for before, after in pairs:
        for function in known.get(_key(before), ()):
            function.__code__ = after
