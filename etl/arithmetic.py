"""Sums of a source mapping in exact decimals, and rounding that adds up."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal
from functools import reduce

Cells = Mapping[str, Decimal]

_CONTEXT = Context(prec=60)
_TOKEN = re.compile(r"`([^`]+)`|(?<![\w.])([^\W\d][\w.]*)|(?<![\w.])(\d+(?:\.\d+)?)(?![\w.])")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?")
_OPERATORS: dict[type[ast.operator], Callable[[Decimal, Decimal], Decimal]] = {
    ast.Add: _CONTEXT.add,
    ast.Sub: _CONTEXT.subtract,
    ast.Mult: _CONTEXT.multiply,
    ast.Div: _CONTEXT.divide,
}


class BadSum(ValueError):
    """A sum that cannot be understood; the message says what may stand in one."""


@dataclass(frozen=True)
class Sum:
    """An arithmetic expression over columns, such as `Quantity * (Price - Discount)`.

    `columns` are those it reads. Two are equal when their text is.
    """

    text: str
    columns: tuple[str, ...] = field(compare=False)
    value: Callable[[Cells], Decimal] = field(compare=False, repr=False)


def parse(text: str) -> Sum:
    """Understand a sum of numbers, columns, + - * / and brackets.

    A column whose name is more than letters, digits, _ and dots stands between backquotes.
    Raises BadSum.

    >>> parse("`Unit Price` * (1 - discount)").columns
    ('Unit Price', 'discount')
    """
    tokens: dict[str, str | Decimal] = {}

    def named(match: re.Match[str]) -> str:
        key = f"t{len(tokens)}"
        tokens[key] = Decimal(match[3]) if match[3] else match[1] or match[2]
        return key

    try:
        tree = ast.parse(_TOKEN.sub(named, text).strip(), mode="eval").body
        value = _compiled(tree, tokens)
    except (SyntaxError, KeyError, BadSum):
        raise BadSum(
            f"{text!r} is not a sum; write columns, numbers, + - * / and brackets,"
            " and put a column name with spaces between `backquotes`"
        ) from None
    columns = tuple(dict.fromkeys(name for name in tokens.values() if isinstance(name, str)))
    if not columns:
        raise BadSum(f"{text!r} names no column; write constant = {text!r} instead of compute")
    return Sum(text, columns, value)


def _compiled(node: ast.expr, tokens: Mapping[str, str | Decimal]) -> Callable[[Cells], Decimal]:
    match node:
        case ast.Name(id=key):
            return _leaf(tokens[key])
        case ast.BinOp(left, kind, right) if type(kind) in _OPERATORS:
            apply = _OPERATORS[type(kind)]
            first, second = _compiled(left, tokens), _compiled(right, tokens)
            return lambda cells: apply(first(cells), second(cells))
        case ast.UnaryOp(ast.USub(), operand):
            inner = _compiled(operand, tokens)
            return lambda cells: _CONTEXT.minus(inner(cells))
    raise BadSum


def _leaf(token: str | Decimal) -> Callable[[Cells], Decimal]:
    return operator.itemgetter(token) if isinstance(token, str) else lambda cells: token


def number(text: str) -> Decimal | None:
    """The decimal a text writes, or None.

    >>> number("-12.50"), number("12,50")
    (Decimal('-12.50'), None)
    """
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def rounded(value: Decimal, places: int) -> Decimal:
    """Half up, away from zero: 0.125 becomes 0.13 and -0.125 becomes -0.13."""
    return value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP, _CONTEXT)


def plain(value: Decimal) -> str:
    """Shortest text without exponent.

    >>> plain(Decimal("-2.50")), plain(Decimal("1E+3")), plain(Decimal("-0.00"))
    ('-2.5', '1000', '0')
    """
    return format(_CONTEXT.normalize(value), "f") if value else "0"


def apportion(
    amounts: Sequence[Decimal], levels: Sequence[Sequence[str]], places: int
) -> list[Decimal]:
    """Round amounts so that every sum of them is its exact sum, rounded.

    The total is rounded half up and shared out among the groups of the first level, each group's
    part among those of the next, at last among its amounts; each time everyone gets the exact
    part rounded down and the greatest remainders one unit more (Hamilton's method; ties: the
    smallest group text, then the earlier amount). `levels` holds, for each level, the group of
    every amount. Returns the amounts in their order, to `places` decimals.
    """
    unit = Decimal(1).scaleb(-places)
    total = int(rounded(_total(amounts), places) / unit)
    parts = [0] * len(amounts)
    scaled = [_CONTEXT.divide(amount, unit) for amount in amounts]
    _share_out(total, list(range(len(amounts))), scaled, list(levels), parts)
    return [part * unit for part in parts]


def _total(values: Sequence[Decimal]) -> Decimal:
    return reduce(_CONTEXT.add, values, Decimal(0))


def _share_out(
    total: int,
    members: list[int],
    exact: Sequence[Decimal],
    levels: list[Sequence[str]],
    parts: list[int],
) -> None:
    """Give `total` units to the amounts `members`, by the groups of the first level first."""
    if not levels:
        shares = _largest_remainder(total, [exact[m] for m in members])
        for member, share in zip(members, shares, strict=True):
            parts[member] = share
        return
    groups: dict[str, list[int]] = {}
    for member in members:
        groups.setdefault(levels[0][member], []).append(member)
    ordered = sorted(groups)
    sums = [_total([exact[m] for m in groups[name]]) for name in ordered]
    for name, share in zip(ordered, _largest_remainder(total, sums), strict=True):
        _share_out(share, groups[name], exact, levels[1:], parts)


def _largest_remainder(total: int, exact: Sequence[Decimal]) -> list[int]:
    parts = [int(value.to_integral_value(ROUND_FLOOR)) for value in exact]
    by_remainder = sorted(range(len(exact)), key=lambda i: parts[i] - exact[i])
    for index in by_remainder[: total - sum(parts)]:
        parts[index] += 1
    return parts
