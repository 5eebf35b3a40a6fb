"""The rows figures are counted on: credited lines, door counters, and what they have in common.

Rows are called `line`; they have a `business_date` and, as far as they exist for them, `store_key`,
`region_key` and `brand` of that day, `guide_key`, `product_key`, `member_key`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    and_,
    select,
)  # fmt: skip
from sqlalchemy.sql.expression import FromClause

from warehouse import conventions, credit, portable
from warehouse.filters import Question
from warehouse.lines import replayed
from warehouse.schema import (
    CREDITED_LINES,
    LOADED,
    STORE_PERIODS,
    period_of,
)  # fmt: skip
from warehouse.settings import Settings

Expression = ColumnElement[Any]
Columns = Mapping[str, FromClause]
"""The joined tables of a source by what they are: `line`, `store`, …"""


@dataclass(frozen=True)
class View:
    """What the rows of a source may depend on: the question, the days it reads (`source_date`,
    under the times they are shown at), and the settings."""

    question: Question
    days: FromClause
    settings: Settings


def lines(view: View) -> FromClause:
    """Stored lines; or as another credit policy or another way to count would have them."""
    policy = credit.policy(view.question.credit)
    standard = policy == credit.STANDARD
    line = CREDITED_LINES if standard else replayed(policy, view.settings.timezone)
    return conventions.counted(line, view.question, view.settings)


def with_organisation(rows: FromClause) -> FromClause:
    """Rows of stores and days, with region and brand of the store that day."""
    periods = STORE_PERIODS
    joined = rows.outerjoin(periods, period_of(rows))
    return (
        select(*rows.c, periods.c.region_key, periods.c.brand).select_from(joined).subquery("line")
    )


def _footfall_days(settings: Settings) -> FromClause:
    rows = LOADED["footfall"]
    date = portable.local_date(rows.c.hour_start, settings.timezone).label("business_date")
    return select(rows.c.store_key, date, rows.c.visitors).where(~rows.c.is_deleted).subquery()


def footfall(view: View) -> FromClause:
    """Visitors by store and local date."""
    return with_organisation(_footfall_days(view.settings))


def counted_lines(view: View) -> FromClause:
    """POS lines of store-days that have a counter, under the store's brand."""
    line, counted = CREDITED_LINES, _footfall_days(view.settings)
    days = select(counted.c.store_key, counted.c.business_date).distinct().subquery()
    same = and_(days.c.store_key == line.c.store_key, days.c.business_date == line.c.business_date)
    return (
        select(
            line.c.business_date, line.c.store_key, line.c.region_key,
            line.c.store_brand.label("brand"), line.c.receipt_key, line.c.is_return,
        )
        .join(days, same)
        .where(line.c.source == "pos")
        .subquery("line")
    )  # fmt: skip


def buyer_lines(view: View) -> FromClause:
    """Sale lines of members."""
    line = lines(view)
    return select(line).where(~line.c.is_return, line.c.member_key.is_not(None)).subquery("line")
