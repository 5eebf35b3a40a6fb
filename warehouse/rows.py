"""The rows figures are counted on: credited lines, door counters, and what they have in common.

Rows are called `line`; they have a `business_date` and, as far as they exist for them, `store_key`,
`region_key` and `brand` of that day, `guide_key`, `product_key`, `member_key`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    and_,
    or_,
    select,
)  # fmt: skip
from sqlalchemy.sql.expression import FromClause

from warehouse import conventions, credit, portable
from warehouse.filters import Question
from warehouse.parts import BUYERS
from warehouse.replays import replayed
from warehouse.rollups import Rollup
from warehouse.schema import (
    CREDITED_LINES,
    LOADED,
    STORE_PERIODS,
    period_of,
)  # fmt: skip
from warehouse.settings import Settings

Expression = ColumnElement[Any]


@dataclass(frozen=True)
class View:
    """What the rows of a source may depend on: the question, the days it reads (`source_date`,
    under the times they are shown at), the settings, the rollup that stands for the lines, and
    from when to when these days are, where that is known."""

    question: Question
    days: FromClause
    settings: Settings
    rollup: Rollup | None = None
    spans: Sequence[tuple[date, date]] = ()


def lines(view: View, days: FromClause | None = None) -> FromClause:
    """Stored lines or what they add up to in a rollup; or as another credit policy or another way
    to count would have them. Of another policy, where only some `days` are looked at, only those
    lines."""
    if view.rollup:
        return view.rollup.rows()
    policy = credit.policy(view.question.credit)
    standard = policy == credit.STANDARD
    line = CREDITED_LINES if standard else replayed(policy, view.settings.timezone, days)
    return conventions.counted(line, view.question, view.settings)


def lines_of_days(view: View) -> FromClause:
    """The same for what looks at the view's days and no others, which another convention does."""
    return lines(view, None if view.question.convention else view.days)


def amounts(view: View) -> FromClause:
    """The same, for what looks at no other sum of them than `net_amount`."""
    return view.rollup.amounts() if view.rollup else lines(view)


def with_organisation(rows: FromClause, question: Question) -> FromClause:
    """Rows of stores and days, with region and brand of the store that day if they are asked for:
    finding them takes longer than most sums."""
    named = {*question.by, *(name for name, _ in question.where)}
    if not named & {"region", "top_region", "brand"}:
        return select(rows).subquery("line")
    periods = STORE_PERIODS
    joined = rows.outerjoin(periods, period_of(rows))
    return (
        select(*rows.c, periods.c.region_key, periods.c.brand).select_from(joined).subquery("line")
    )


def _footfall_days(view: View) -> FromClause:
    """Visitors by store, hour and local date; hours far from the days read need no look at."""
    return _hours_of(view.settings.timezone, tuple(view.spans))


@lru_cache(maxsize=64)
def _hours_of(timezone: str, spans: tuple[tuple[date, date], ...]) -> FromClause:
    """The same object for the same days, so that a statement that reads it twice finds it once."""
    rows = LOADED["footfall"]
    day = portable.local_date(rows.c.hour_start, timezone).label("business_date")
    near = [rows.c.hour_start.between(*portable.around(*span)) for span in spans]
    live = and_(~rows.c.is_deleted, or_(*near)) if near else ~rows.c.is_deleted
    return select(rows.c.store_key, day, rows.c.visitors).where(live).cte()


def footfall(view: View) -> FromClause:
    """Visitors by store and local date."""
    return with_organisation(_footfall_days(view), view.question)


def counted_days(view: View, line: FromClause) -> tuple[FromClause, Expression]:
    """The store-days that have a counter, and which rows are theirs."""
    counted = _footfall_days(view)
    days = select(counted.c.store_key, counted.c.business_date).distinct().subquery()
    same = and_(days.c.store_key == line.c.store_key, days.c.business_date == line.c.business_date)
    return days, same


def counted_lines(view: View) -> FromClause:
    """Lines of store-days that have a counter, under the store's brand."""
    line = view.rollup.rows() if view.rollup else CREDITED_LINES
    days, same = counted_days(view, line)
    others = (column for column in line.c if column.name not in ("brand", "store_brand"))
    return select(*others, line.c.store_brand.label("brand")).join(days, same).subquery("line")


def buyer_lines(view: View) -> FromClause:
    """Sale lines of members; of a rollup the rows that count a buyer."""
    line = lines(view)
    sold = line.c[BUYERS.name] > 0 if view.rollup else ~line.c.is_return
    return select(line).where(sold, line.c.member_key.is_not(None)).subquery("line")
