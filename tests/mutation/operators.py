"""The changes that are made: Cosmic Ray's operators, and a few of ours for what it does not change.

Of Cosmic Ray's replacements of one operator by another those are taken that a person could have typed: the boundary
and the opposite. ``==`` by ``is`` changes nothing for many values, and no test could see it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import parso
from cosmic_ray.operators import (
    binary_operator_replacement,
    boolean_replacer,
    break_continue,
    comparison_operator_replacement,
    number_replacer,
    unary_operator_replacement,
    zero_iteration_for_loop,
)
from cosmic_ray.operators.operator import Example, Operator

#: Targets of assignments that can be left out: a local name that is missing later is no change a test has to notice.
_PARTS: Final = ("atom_expr", "power", "testlist_star_expr")

Position = tuple[tuple[int, int], tuple[int, int]]

_COMPARISONS: Final = (
    *("Eq_NotEq", "NotEq_Eq", "Is_IsNot", "IsNot_Is"),
    *("Lt_LtE", "Lt_GtE", "LtE_Lt", "LtE_Gt", "Gt_GtE", "Gt_LtE", "GtE_Gt", "GtE_Lt"),
)
_ARITHMETIC: Final = (
    *("Add_Sub", "Sub_Add", "Mul_Div", "Div_Mul", "FloorDiv_Mul", "Mod_Mul", "Pow_Mul"),
    *("BitOr_BitAnd", "BitAnd_BitOr", "LShift_RShift", "RShift_LShift"),
)


# Cosmic Ray has no types.
class _Ours(Operator):  # type: ignore[misc]
    """An operator that makes one change to a node."""

    @classmethod
    def examples(cls) -> Sequence[Example]:
        return ()

    def mutation_positions(self, node: Any) -> Iterator[Position]:
        if self.applies(node):
            yield node.start_pos, node.end_pos

    def applies(self, node: Any) -> bool:
        """Return whether the node can be changed."""
        raise NotImplementedError

    def mutate(self, node: Any, _index: int) -> Any:
        [replacement, *_] = _parse(self.replacement(node)).children
        replacement.parent = node.parent
        replacement.get_first_leaf().prefix = node.get_first_leaf().prefix
        return replacement

    def replacement(self, node: Any, /) -> str:
        """Return the code that replaces it."""
        raise NotImplementedError


def _parse(code: str) -> Any:
    return parso.parse(code)  # type: ignore[no-untyped-call]


class AddNot(boolean_replacer.AddNot):  # type: ignore[misc] # as above
    """Negate a condition, as Cosmic Ray does; one that is an assignment needs parentheses."""

    def mutate(self, node: Any, index: int) -> Any:
        """Return the changed node."""
        condition = node.children[1 if isinstance(node, self.NODE_TYPES) else 2]
        if condition.type != "namedexpr_test":
            return super().mutate(node, index)
        node.children[1] = _parse(f" not ({condition.get_code().strip()})")
        return node


class ExceptionUncaught(_Ours):
    """An exception is not caught. Cosmic Ray's operator cannot change those with a dot in their name."""

    def applies(self, node: Any) -> bool:
        item, clause = node, node.parent
        if clause is not None and clause.type == "testlist_comp" and node.type != "operator":
            item, clause = clause.parent, clause.parent.parent
        if clause is None or clause.type != "except_clause" or clause.children[1] is not item:
            return False
        # Of several in parentheses, each is changed by itself.
        return item is not node or not node.get_code().strip().startswith("(")

    def replacement(self, _node: Any, /) -> str:
        return "BufferError"


class Membership(_Ours):
    """``in`` becomes ``not in``, and the reverse."""

    def applies(self, node: Any) -> bool:
        return node.type == "comparison" and node.children[1].get_code().split() in (["in"], ["not", "in"])

    def replacement(self, node: Any, /) -> str:
        left, sign, right = node.children[:3]
        other = " in" if sign.get_code().split() == ["not", "in"] else " not in"
        return f"({left.get_code().strip()}{other}{right.get_code()})"


class LetterCase(_Ours):
    """A call of ``lower()``, ``strip()`` or the like is left out."""

    def applies(self, node: Any) -> bool:
        return node.type == "trailer" and node.get_code().strip() in (".lower", ".strip", ".casefold", ".upper")

    def mutate(self, node: Any, _index: int) -> Any:
        """Replace the method by one that returns its object, so that the parentheses may stay."""
        node.children[1].value = "__str__"
        return node


class StatementRemoved(_Ours):
    """A call, an assignment to a part of something, or a ``del`` is left out."""

    def applies(self, node: Any) -> bool:
        if node.type == "del_stmt":
            return True
        if node.parent is None or node.parent.type != "simple_stmt":
            return False
        if node.type == "expr_stmt":
            sign = node.children[1].get_code().strip()
            return node.children[0].type in _PARTS or (sign != "=" and sign.endswith("="))
        return node.type in ("atom_expr", "power") and node.children[-1].get_code().endswith(")")

    def replacement(self, _node: Any, /) -> str:
        return "pass"


class NothingReturned(_Ours):
    """A function returns None instead of its value. ``return False`` is changed to True, which callers can tell."""

    def applies(self, node: Any) -> bool:
        return bool(node.type == "return_stmt" and node.children[1].get_code().strip() not in ("None", "False"))

    def replacement(self, _node: Any, /) -> str:
        return "return None"


#: In the order of their names.
OPERATORS: Final[dict[str, Operator]] = {
    **{name: getattr(comparison_operator_replacement, f"ReplaceComparisonOperator_{name}")() for name in _COMPARISONS},
    **{name: getattr(binary_operator_replacement, f"ReplaceBinaryOperator_{name}")() for name in _ARITHMETIC},
    "True": boolean_replacer.ReplaceTrueWithFalse(),
    "False": boolean_replacer.ReplaceFalseWithTrue(),
    "And": boolean_replacer.ReplaceAndWithOr(),
    "Or": boolean_replacer.ReplaceOrWithAnd(),
    "AddNot": AddNot(),
    "DeleteNot": unary_operator_replacement.ReplaceUnaryOperator_Delete_Not(),
    "Number": number_replacer.NumberReplacer(),
    "Break": break_continue.ReplaceBreakWithContinue(),
    "Continue": break_continue.ReplaceContinueWithBreak(),
    "Exception": ExceptionUncaught(),
    "NoLoop": zero_iteration_for_loop.ZeroIterationForLoop(),
    "Membership": Membership(),
    "LetterCase": LetterCase(),
    "StatementRemoved": StatementRemoved(),
    "NothingReturned": NothingReturned(),
}
