"""Every figure under its key: one function each, marked with what it may be cut by."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, TypeVar

from .calendars import TIME_DIMENSIONS
from .dimensions import LINE_DIMENSIONS
from .facts import Part
from .selection import Group, Selection
from .values import to_fen

Amount = Decimal | Fraction | int
Quotient = Fraction | None
Lines = Sequence[Part]
OfSelection = TypeVar("OfSelection", bound=Callable[[Selection], Mapping[Group, Any]])
OfLines = TypeVar("OfLines", bound=Callable[[Lines], Any])


@dataclass(frozen=True)
class Figure:
    """A key's computation: groups that exist, with their values."""

    kind: str  # money, count, units or quotient
    compute: Callable[[Selection], Mapping[Group, Any]]
    dimensions: frozenset[str]

    def of_nothing(self) -> Any:
        """The value of the one row of an ungrouped query where its source has no rows."""
        return None if self.kind == "quotient" else Decimal(0)

    def shown(self, value: Any) -> Any:
        """As in the JSON: money with two decimals as text, counts whole, quotients as numbers."""
        if value is None:
            return None
        if self.kind == "money":
            return str(to_fen(_decimal(value)) + 0)  # + 0: no "-0.00"
        if self.kind == "quotient":
            return float(value)
        return int(value) if value == int(value) else float(value)


FIGURES: dict[str, Figure] = {}


def figure(kind: str, dimensions: Sequence[str]) -> Callable[[OfSelection], OfSelection]:
    """Register a function of the selection under its own name."""

    def register(compute: OfSelection) -> OfSelection:
        allowed = frozenset((*TIME_DIMENSIONS, *dimensions))
        FIGURES[compute.__name__] = Figure(kind, compute, allowed)
        return compute

    return register


def line_figure(kind: str, also: Sequence[str] = ()) -> Callable[[OfLines], OfLines]:
    """Register a function of one group's lines; a group exists when any line falls into it."""

    def register(of_lines: OfLines) -> OfLines:
        def compute(selection: Selection) -> Mapping[Group, Any]:
            groups = selection.lines or ({(): []} if not selection.by else {})
            return {group: of_lines(parts) for group, parts in groups.items()}

        allowed = frozenset((*TIME_DIMENSIONS, *LINE_DIMENSIONS, *also))
        FIGURES[of_lines.__name__] = Figure(kind, compute, allowed)
        return of_lines

    return register


def quotient(part: Amount, whole: Amount) -> Quotient:
    """Exact; a zero denominator gives an empty value, never 0."""
    return Fraction(part) / Fraction(whole) if whole else None


def _decimal(value: Amount) -> Decimal:
    """Exact for sums of money; a pro-rated target is cut far behind the fen that rounding sees.

    A fraction that is exactly half a fen stays so: its denominator divides a power of ten then.
    """
    if isinstance(value, Fraction):
        return Decimal(value.numerator) / Decimal(value.denominator)
    return Decimal(value)
