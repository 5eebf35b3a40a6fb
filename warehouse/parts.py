"""The summed parts figures are made of, each once: one aggregate over one source."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, case, distinct, func, literal, not_
from sqlalchemy.sql.expression import FromClause

from warehouse import portable
from warehouse.rows import Columns
from warehouse.settings import Settings

Expression = ColumnElement[Any]
Aggregate = Callable[[Columns, Settings], Expression]
OfLine = Callable[[FromClause], Expression]


@dataclass(frozen=True)
class Part:
    """An aggregate over a source. `needs` are joined tables it reads beside the source's own."""

    name: str
    source: str
    aggregate: Callable[[Columns, Settings], Expression]
    needs: tuple[str, ...] = ()


# Conditions on lines ---------------------------------------------------------------------------
def _sale(line: FromClause) -> Expression:
    return not_(line.c.is_return)


def _online(line: FromClause) -> Expression:
    return line.c.source != "pos"


def _order(line: FromClause) -> Expression:
    return line.c.source == "order"


def _is_endless(line: FromClause) -> Expression:
    """Placed in a store, sent from elsewhere."""
    elsewhere = line.c.fulfil_store_key.is_distinct_from(line.c.origin_store_key)
    shipped = line.c.fulfilment.in_(("ship_from_store", "ship_from_warehouse"))
    return and_(_online(line), line.c.origin_store_key.is_not(None), shipped, elsewhere)


def _amount(
    condition: OfLine,
) -> Aggregate:
    def aggregate(columns: Columns, _: Settings) -> Expression:
        line = columns["line"]
        return portable.total(case((condition(line), line.c.net_amount), else_=0))

    return aggregate


def _pieces(line: FromClause) -> Expression:
    return line.c.quantity * line.c.share


def _distinct(column: str, condition: OfLine) -> Aggregate:
    def aggregate(columns: Columns, _: Settings) -> Expression:
        line = columns["line"]
        return func.count(distinct(case((condition(line), line.c[column]))))

    return aggregate


def _fee(columns: Columns, settings: Settings) -> Expression:
    line = columns["line"]
    rates = [(line.c.tender == tender, line.c.net_amount * rate)
             for tender, rate in settings.fee_rates.items()]  # fmt: skip
    return portable.total(case((_sale(line), case(*rates, else_=0) if rates else 0), else_=0))


def _of_cost(value: Callable[[Columns], Expression]) -> Aggregate:
    """A sum over lines whose product states a cost."""

    def aggregate(columns: Columns, _: Settings) -> Expression:
        stated = columns["product"].c.cost.is_not(None)
        return portable.total(case((stated, value(columns)), else_=0))

    return aggregate


def _stated_list(
    value: OfLine,
) -> Aggregate:
    def aggregate(columns: Columns, _: Settings) -> Expression:
        line = columns["line"]
        stated = and_(_sale(line), line.c.list_amount.is_not(None))
        return portable.total(case((stated, value(line)), else_=0))

    return aggregate


def _sum(table: str, column: str) -> Aggregate:
    return lambda columns, _: portable.total(columns[table].c[column])


def _own_target(columns: Columns, _: Settings) -> Expression:
    """A group's own targets; where it has none, those of its stores; never both."""
    line = columns["line"]
    return func.coalesce(
        func.sum(case((line.c.is_own, line.c.target))),
        func.sum(case((not_(line.c.is_own), line.c.target))),
        0,
    )


# Parts -----------------------------------------------------------------------------------------
NET = Part("net", "lines", lambda c, _: portable.total(c["line"].c.net_amount))
SALES = Part("sales", "lines", _amount(_sale))
RETURNS = Part(
    "returns", "lines",
    lambda c, _: -portable.total(case((c["line"].c.is_return, c["line"].c.net_amount), else_=0)),
)  # fmt: skip
RECEIPTS = Part("receipt_count", "lines", _distinct("receipt_key", _sale))
UNITS_SOLD = Part(
    "pieces_sold", "lines",
    lambda c, _: portable.total(case((_sale(c["line"]), _pieces(c["line"])), else_=0)),
)  # fmt: skip
UNITS_RETURNED = Part(
    "pieces_returned", "lines",
    lambda c, _: -portable.total(case((c["line"].c.is_return, _pieces(c["line"])), else_=0)),
)  # fmt: skip
LISTED = Part("listed", "lines", _stated_list(lambda line: line.c.list_amount))
DISCOUNT = Part(
    "discount", "lines", _stated_list(lambda line: line.c.list_amount - line.c.net_amount)
)
BUYERS = Part("buyer_count", "lines", _distinct("member_key", _sale))
MEMBER_NET = Part("member_net", "lines", _amount(lambda line: line.c.member_key.is_not(None)))
COSTED_NET = Part("costed_net", "lines", _of_cost(lambda c: c["line"].c.net_amount), ("product",))
GROSS = Part(
    "gross", "lines",
    _of_cost(lambda c: c["line"].c.net_amount - _pieces(c["line"]) * c["product"].c.cost),
    ("product",),
)  # fmt: skip
FEE = Part("fee", "lines", _fee)
POS_NET = Part("pos_net", "lines", _amount(lambda line: line.c.source == "pos"))
GUIDED_ONLINE = Part(
    "guided_online",
    "lines",
    _amount(lambda line: and_(_online(line), line.c.store_key.is_not(None))),
)
STORE_NET = Part("store_net", "lines", _amount(lambda line: line.c.store_key.is_not(None)))
CREDITED = Part("credited", "lines", _amount(lambda line: line.c.guide_key.is_not(None)))
HOME_ORDERS = Part(
    "home_orders", "lines",
    _amount(lambda line: and_(
        _online(line), line.c.guide_key.is_not(None), line.c.origin_store_key.is_(None)
    )),
)  # fmt: skip
GUIDE_RECEIPTS = Part(
    "guided_receipts", "lines",
    _distinct("receipt_key", lambda line: and_(_sale(line), line.c.guide_key.is_not(None))),
)  # fmt: skip
ACTIVE_GUIDES = Part("guide_count", "lines", _distinct("guide_key", _sale))
VISITORS = Part("visitor_count", "footfall", _sum("line", "visitors"))
COUNTED_RECEIPTS = Part("counted_receipts", "counted_lines", _distinct("receipt_key", _sale))
AREA_NET = Part("area_net", "areas", _sum("line", "net"))
AREA = Part("area", "areas", _sum("line", "area"))
RECRUITED = Part(
    "recruits", "joins",
    _distinct("member_key", lambda line: line.c.guide_key.is_not(None)),
)  # fmt: skip
TARGET = Part("target_amount", "targets", _own_target)
TARGET_BASE = Part("target_base", "target_base", _sum("line", "net"))
COMPARABLE = Part("comparable", "comparable", _sum("line", "this_year"))
COMPARABLE_AGO = Part("comparable_ago", "comparable", _sum("line", "last_year"))


def _count(condition: OfLine) -> Aggregate:
    return lambda columns, _: portable.total(case((condition(columns["line"]), 1), else_=0))


NEW_MEMBERS = Part("joined", "joins", _count(lambda line: literal(True)))
REFERRED = Part("referred", "joins", _count(lambda line: line.c.is_referred))
NOT_REFERRED = Part("not_referred", "joins", _count(lambda line: not_(line.c.is_referred)))
MEMBERSHIPS = Part("memberships", "memberships", _count(lambda line: literal(True)))
MEMBER_RECEIPTS = Part(
    "member_receipts", "lines",
    _distinct("receipt_key", lambda line: and_(_sale(line), line.c.member_key.is_not(None))),
)  # fmt: skip
CAME_TWICE = Part("came_twice", "member_days", _count(lambda line: line.c.days >= 2))
CAME = Part("came", "member_days", _count(lambda line: literal(True)))
BEGAN = Part("began", "first_purchases", _count(lambda line: line.c.began == 1))
CAME_AGAIN = Part(
    "came_again", "first_purchases",
    _count(lambda line: and_(line.c.began == 1, line.c.came_again == 1)),
)  # fmt: skip
YEAR_BUYERS = Part("year_buyers", "year_lines", _count(lambda line: literal(True)))
BOTH_SIDES = Part(
    "both_sides", "year_lines", _count(lambda line: and_(line.c.on_pos == 1, line.c.online == 1))
)
ONLINE_NET = Part("online_net", "lines", _amount(_online))
IN_STORE_ONLINE = Part(
    "in_store_online", "lines",
    _amount(lambda line: and_(_online(line), line.c.origin_store_key.is_not(None))),
)  # fmt: skip
ENDLESS = Part("endless", "lines", _amount(_is_endless))
ORDERS = Part("orders", "lines", _distinct("receipt_key", _order))
PICKED_UP = Part(
    "picked_up", "lines",
    _distinct("receipt_key", lambda line: and_(
        _order(line), line.c.fulfilment.in_(("take_away", "store_pickup"))
    )),
)  # fmt: skip
MOBILE = Part(
    "mobile", "lines",
    _distinct("receipt_key", lambda line: and_(_order(line), line.c.device == "mobile")),
)  # fmt: skip
WITH_DEVICE = Part(
    "with_device", "lines",
    _distinct("receipt_key", lambda line: and_(_order(line), line.c.device.is_not(None))),
)  # fmt: skip
ALL_TENDERS = Part("all_tender_sales", "all_tenders", _amount(_sale))
SCANNED = Part("scan_count", "scans", _count(lambda line: literal(True)))
VISITS = Part("visit_count", "visits", _count(lambda line: literal(True)))
LOST = Part("lost_count", "lost_sales", _count(lambda line: literal(True)))
RIPE = Part("ripe_rings", "rings", _count(lambda line: line.c.is_ripe))
CLOSED = Part("closed_rings", "rings", _count(lambda line: and_(line.c.is_ripe, line.c.is_closed)))
LOST_VALUE = Part("lost_value", "lost_sales", _sum("line", "lost_amount"))
