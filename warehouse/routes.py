"""Which rollup answers a question, if any: the smallest that has all it needs. Else lines do."""

from __future__ import annotations

from calendar import isleap
from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from warehouse import credit
from warehouse.access import Scope
from warehouse.dimensions import DIMENSIONS, TIME, Dimension
from warehouse.filters import Question
from warehouse.parts import Part
from warehouse.rollups import ROLLUPS, Rollup
from warehouse.sources import Source

_KEYS = {
    "date": ("business_date",), "store": ("store_key",), "guide": ("guide_key",),
    "member": ("member_key",), "handling_store": ("handling_store_key",),
}  # fmt: skip
_AS_WAS = {"region": ("region_key",), "brand": ("brand",)}
_AS_IS = {
    "region": ("region_key", "store_key"),
    "brand": ("brand", "store_key", "product_key"),
}
_RUNS = frozenset(TIME) - {"weekday"}
"""Times that are days in a row."""


def routed(
    source: Source, parts: Sequence[Part], question: Question, scope: Scope
) -> Iterator[tuple[Rollup | None, list[Part]]]:
    """The parts of a source by the rollup each is best read from (None: lines)."""
    ways = {part: _rollup(source, part, question, scope) for part in parts}
    for rollup in dict.fromkeys(ways.values()):
        yield rollup, [part for part in parts if ways[part] is rollup]


def _rollup(source: Source, part: Part, question: Question, scope: Scope) -> Rollup | None:
    return summed_up(source, source.summed or (part,), question, scope)


def summed_up(
    source: Source, wanted: Sequence[Part], question: Question, scope: Scope
) -> Rollup | None:
    """The rollup that has these parts of lines for what a question looks at (None: lines)."""
    if source.summed is None or question.from_lines or question.convention is not None:
        return None
    if credit.policy(question.credit) != credit.STANDARD:
        return None
    columns = _columns(source, question, scope)
    return next(
        (one for one in ROLLUPS
         if all(map(one.kept, wanted))
         and (_is_paired(one, columns, question) if one.pairs else columns <= set(one.dims))),
        None,
    )  # fmt: skip


def _columns(source: Source, question: Question, scope: Scope) -> set[str]:
    """The columns of lines that a question looks at."""
    found = {"business_date", *source.needs}
    if not scope.everything:
        found.add("store_key")
    for name in (*question.by, *(name for name, _ in question.where)):
        found |= set(_columns_of(DIMENSIONS[name], question.org))
    return found


def _columns_of(dimension: Dimension, org: str) -> tuple[str, ...]:
    moved = _AS_WAS if org == "as_was" else _AS_IS
    known = moved | _KEYS
    return known.get(dimension.of, (dimension.column,))


def _is_paired(rollup: Rollup, columns: set[str], question: Question) -> bool:
    """Pairs tell who came first in days in a row, in one region or in all together."""
    return (
        columns == set(rollup.dims)
        and not question.where
        and "top_region" not in question.by
        and set(question.by) & set(TIME) <= _RUNS
        and not (question.compare == "year" and leaps(question.start, question.end))
    )


def leaps(start: date, end: date) -> bool:
    """Whether a 29 February lies among the days a year before, of which it is none."""
    return has_leap_day(year_before(start), year_before(end))


def has_leap_day(first: date, last: date) -> bool:
    """Whether a 29 February lies among some days."""
    years = (year for year in range(first.year, last.year + 1) if isleap(year))
    return any(first <= date(year, 2, 29) <= last for year in years)


WEEKDAY_YEAR = timedelta(days=364)
"""How far back the same weekday of last year lies."""


def year_before(day: date) -> date:
    """The same date last year; of 29 February 28 February."""
    if (day.month, day.day) == (2, 29):
        return date(day.year - 1, 2, 28)
    return day.replace(year=day.year - 1)
