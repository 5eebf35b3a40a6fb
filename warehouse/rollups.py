"""Lines summed up by day: the small tables figures are read from, each defined once.

A `Rollup` says what it keeps apart (`dims`) and which parts of figures (parts.py) it sums up. Its
table, how it is filled (etl/rollups.py), what is read from it and which questions it answers
(routes.py) follow from that; what a stored sum is, its part says.

A rollup shares the lines out: each stands in one of its rows. A receipt whose sale lines lie in
one cell is counted on that cell's row; one whose sale lines lie in several has a row of its own in
each, with its `receipt_key`. So receipts of any cells together, none counted twice, are the sum of
the former and the number of different ones among the latter.

Buyers over a span of days, exact: `agg_buyer_days` counts pairs, a day on which a person bought and
the day of that person before it. Whoever bought in the span has just one day there whose day before
lies before the span.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    Numeric,
    Table,
    and_,
    case,
    distinct,
    func,
    or_,
    select,
    true,
)
from sqlalchemy.sql.expression import FromClause

from warehouse import parts as p
from warehouse import portable, schema
from warehouse.parts import Aggregate, Distinct, Part
from warehouse.schema import CREDITED_LINES, LOADED, MONEY

Expression = ColumnElement[Any]
PREVIOUS = "previous_date"


@dataclass(frozen=True)
class Rollup:
    """Lines summed up. `dims` are columns of lines, or of the line's product; of `pairs` the rows
    are counted by the person's day before, too (`previous_date`)."""

    name: str
    grain: str
    dims: tuple[str, ...]
    parts: tuple[Part, ...]
    pairs: bool = False

    @property
    def has_receipts(self) -> bool:
        """Whether it counts receipts, and so keeps those apart that lie in several cells."""
        return any(_counts_receipts(part) for part in self.parts)

    def kept(self, part: Part) -> Part | None:
        """The part under whose name it sums up what `part` does."""
        return next((one for one in self.parts if one.aggregate is part.aggregate), None)

    def read(self, part: Part, since: Expression | None = None) -> Aggregate:
        """What a part is over rows of this rollup; of pairs, those that begin on that day."""
        kept = self.kept(part) or part
        return lambda columns, _: _whole(self, kept, columns["line"], since)

    def rows(self) -> FromClause:
        """Its rows, in place of lines."""
        return _rows(self.name)

    def is_sum(self, part: Part) -> bool:
        """Whether a part is a sum of its rows, so that it is a sum of sums of them as well."""
        kept = self.kept(part)
        return kept is not None and not isinstance(kept.aggregate, Distinct)

    def amounts(self, part: Part = p.NET, name: str = "net_amount") -> FromClause:
        """The same with one of their sums alone, under that name."""
        line = self.rows()
        amount = line.c[part.name].label(name)
        return select(*(line.c[dim] for dim in self.dims), amount).subquery("line")


@cache
def _rows(name: str) -> FromClause:
    """Always the same object: making its columns is half of what a statement takes to build."""
    return TABLES[name].alias("line")


def _counts_receipts(part: Part) -> bool:
    return isinstance(part.aggregate, Distinct) and part.aggregate.column == "receipt_key"


def _whole(rollup: Rollup, part: Part, line: FromClause, since: Expression | None) -> Expression:
    """A sum; of what is counted once, the different ones."""
    stored = line.c[part.name]
    if rollup.pairs:
        is_first = or_(line.c[PREVIOUS].is_(None), line.c[PREVIOUS] < since)
        return portable.total(case((is_first, stored), else_=0))
    if _counts_receipts(part):
        return receipts(line, stored)
    if isinstance(part.aggregate, Distinct):
        return func.count(distinct(case((stored > 0, line.c[part.aggregate.column]))))
    return portable.total(stored)


_ALWAYS: Expression = true()


def receipts(line: FromClause, stored: Expression, where: Expression = _ALWAYS) -> Expression:
    """Receipts of the rows that fulfil a condition, of which `stored` counts those on a row."""
    in_one_cell = and_(line.c.receipt_key.is_(None), where)
    apart = distinct(case((and_(stored > 0, where), line.c.receipt_key)))
    return portable.total(case((in_one_cell, stored), else_=0)) + func.count(apart)


def days_sold() -> FromClause:
    """The days of every store on which something was sold: business_date, store_key."""
    days = TABLES["agg_store_days"]
    sold = days.c[p.RECEIPTS.name] > 0
    return select(days.c.business_date, days.c.store_key).where(sold).subquery("days_sold")


# The rollups -------------------------------------------------------------------------------------
_SUMS = (
    p.NET, p.SALES, p.RETURNS, p.UNITS_SOLD, p.UNITS_RETURNED, p.LISTED, p.DISCOUNT, p.MEMBER_NET,
    p.COSTED_NET, p.GROSS, p.POS_NET, p.GUIDED_ONLINE, p.STORE_NET, p.CREDITED, p.HOME_ORDERS,
    p.ONLINE_NET, p.IN_STORE_ONLINE, p.ENDLESS,
)  # fmt: skip
_RECEIPTS = (
    p.RECEIPTS, p.MEMBER_RECEIPTS, p.GUIDE_RECEIPTS, p.COUNTED_RECEIPTS, p.ORDERS, p.PICKED_UP,
    p.MOBILE, p.WITH_DEVICE,
)  # fmt: skip
_STORE = ("business_date", "store_key", "region_key", "store_brand", "brand", "channel")

ROLLUPS = (
    Rollup("agg_buyer_days", "day, and the day before it of who bought then",
           ("business_date",), (p.BUYERS,), pairs=True),
    Rollup("agg_region_buyer_days", "day, region, and the day before it there of who bought then",
           ("business_date", "region_key"), (p.BUYERS,), pairs=True),
    Rollup("agg_region_days", "day, region, brand and channel",
           ("business_date", "region_key", "brand", "channel"), _SUMS + _RECEIPTS),
    Rollup("agg_region_category_days", "day, region, brand, channel, category and season",
           ("business_date", "region_key", "brand", "channel", "category", "season"), _SUMS),
    Rollup("agg_store_days", "day, store, brand and channel", _STORE, _SUMS + _RECEIPTS),
    Rollup("agg_store_tender_days", "day, store, brand, channel, tender, fulfilment and device",
           (*_STORE, "tender", "fulfilment", "device"), (p.NET, p.SALES, p.RETURNS)),
    Rollup("agg_store_hours", "day, hour, store, brand and channel", (*_STORE, "local_hour"),
           (p.NET, p.SALES, p.RETURNS, p.POS_NET, p.ONLINE_NET, p.RECEIPTS)),
    Rollup("agg_guide_days", "day, store, brand, channel and guide", (*_STORE, "guide_key"),
           (*_SUMS, *_RECEIPTS, p.ACTIVE_GUIDES)),
    Rollup("agg_member_days", "day, store, brand, channel, guide, kind of line and member",
           (*_STORE, "guide_key", "source", "member_key"), (p.BUYERS, p.NET, p.RECEIPTS)),
)  # fmt: skip
"""The smaller ones first: a question is answered from the first that can."""

_TYPES = {
    p.UNITS_SOLD: Numeric(18, 8), p.UNITS_RETURNED: Numeric(18, 8), p.GROSS: Numeric(38, 10),
}  # fmt: skip


# Their tables ------------------------------------------------------------------------------------
def _table(rollup: Rollup) -> Table:
    own, products = CREDITED_LINES.c, LOADED["products"].c
    kept = [own[dim] if dim in own else products[dim] for dim in rollup.dims]
    columns = [schema.column(of.name, of.type, of.comment or "") for of in kept]
    if rollup.pairs:
        columns.append(schema.column(PREVIOUS, Date, "their day before; empty: none"))
    if rollup.has_receipts:
        columns.append(
            schema.column("receipt_key", BigInteger, "receipt that lies in several cells")
        )
    for part in rollup.parts:
        kind = BigInteger if isinstance(part.aggregate, Distinct) else _TYPES.get(part, MONEY)
        columns.append(schema.column(part.name, kind, f"part {part.name} of the lines"))
    return Table(rollup.name, schema.METADATA, *columns, comment=f"One row per {rollup.grain}.")


TABLES: Mapping[str, Table] = {rollup.name: _table(rollup) for rollup in ROLLUPS}
schema.DERIVED.extend(TABLES.values())
