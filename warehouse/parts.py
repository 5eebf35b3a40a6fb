"""The summed parts figures are made of, each once: one aggregate over one source."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, and_, case, cast, distinct, func, literal, not_, tuple_
from sqlalchemy.sql.expression import FromClause

from warehouse import portable
from warehouse.schema import FACTOR
from warehouse.settings import Settings

Expression = ColumnElement[Any]
Columns = Mapping[str, FromClause]
"""The joined tables of a source by what they are: `line`, `store`, …"""
Aggregate = Callable[[Columns, Settings], Expression]
OfLine = Callable[[FromClause], Expression]


@dataclass(frozen=True)
class Part:
    """An aggregate over a source. `needs` are joined tables it reads beside the source's own;
    `digits` the decimals of a sum of money."""

    name: str
    source: str
    aggregate: Callable[[Columns, Settings], Expression]
    needs: tuple[str, ...] = ()
    digits: int = 6


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


@dataclass(frozen=True)
class Distinct:
    """How many different values of a column the lines have that fulfil a condition."""

    column: str
    condition: OfLine

    def __call__(self, columns: Columns, _: Settings) -> Expression:
        """The count over lines."""
        line = columns["line"]
        return func.count(distinct(case((self.condition(line), line.c[self.column]))))

    def found(self, line: FromClause) -> Expression:
        """1 where there is any such value, else 0."""
        counts = and_(self.condition(line), line.c[self.column].is_not(None))
        return func.max(case((counts, 1), else_=0))


def _fee(columns: Columns, settings: Settings) -> Expression:
    line = columns["line"]
    rates = [(line.c.tender == tender, line.c.net_amount * rate)
             for tender, rate in settings.fee_rates.items()]  # fmt: skip
    return portable.total(case((_sale(line), case(*rates, else_=0) if rates else 0), else_=0))


def _cost(columns: Columns) -> Expression:
    return cast(columns["product"].c.cost, FACTOR)


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
    if "is_own" not in line.c:
        return portable.total(line.c.target)
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
RECEIPTS = Part("receipt_count", "lines", Distinct("receipt_key", _sale))
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
BUYERS = Part("buyer_count", "lines", Distinct("member_key", _sale))
MEMBER_NET = Part("member_net", "lines", _amount(lambda line: line.c.member_key.is_not(None)))
COSTED_NET = Part("costed_net", "lines", _of_cost(lambda c: c["line"].c.net_amount), ("product",))
GROSS = Part(
    "gross", "lines",
    _of_cost(lambda c: c["line"].c.net_amount - _pieces(c["line"]) * _cost(c)),
    ("product",), digits=10,
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
    Distinct("receipt_key", lambda line: and_(_sale(line), line.c.guide_key.is_not(None))),
)  # fmt: skip
ACTIVE_GUIDES = Part("guide_count", "lines", Distinct("guide_key", _sale))
VISITORS = Part("visitor_count", "footfall", _sum("line", "visitors"))
COUNTED_RECEIPTS = Part(
    "counted_receipts", "counted_lines",
    Distinct("receipt_key", lambda line: and_(_sale(line), line.c.source == "pos")),
)  # fmt: skip
AREA_NET = Part("area_net", "areas", _sum("line", "net"))
AREA = Part("area", "areas", _sum("line", "area"))
RECRUITED = Part(
    "recruits", "joins",
    Distinct("member_key", lambda line: line.c.guide_key.is_not(None)),
)  # fmt: skip
TARGET = Part("target_amount", "targets", _own_target)
TARGET_BASE = Part("target_base", "target_base", _sum("line", "base_amount"))
COMPARABLE = Part("comparable", "comparable", _sum("line", "this_year"))
COMPARABLE_AGO = Part("comparable_ago", "comparable", _sum("line", "last_year"))
COVERED = Part("covered", "coverable", _sum("line", "comparable_amount"))
COVERABLE = Part("coverable_net", "coverable", _sum("line", "net_amount"))


def _count(condition: OfLine) -> Aggregate:
    return lambda columns, _: portable.total(case((condition(columns["line"]), 1), else_=0))


def _has_result(result: str) -> OfLine:
    return lambda line: line.c.bind_result == result


def _visits(columns: Columns, _: Settings) -> Expression:
    line = columns["line"]
    return func.count(distinct(tuple_(line.c.person_key, line.c.store_key, line.c.business_date)))


def _fee_and_coupon(columns: Columns, settings: Settings) -> Expression:
    line = columns["line"]
    off = and_(_sale(line), line.c.has_coupon, line.c.list_amount.is_not(None))
    coupon = portable.total(case((off, line.c.list_amount - line.c.net_amount), else_=0))
    return _fee(columns, settings) + coupon


def _costed_orders(columns: Columns, _: Settings) -> Expression:
    line = columns["line"]
    stated = and_(_order(line), columns["product"].c.cost.is_not(None))
    return func.count(distinct(case((stated, line.c.receipt_key))))


def _returns(name: str, used: int) -> tuple[Part, Part]:
    """Members who bought with a coupon (1) or without (0), and those of them who came back."""

    def bought(line: FromClause) -> Expression:
        return and_(line.c.began == 1, line.c.used_coupon == used)

    return (
        Part(name, "returns_of_buyers", _count(bought)),
        Part(f"{name}_back", "returns_of_buyers",
             _count(lambda line: and_(bought(line), line.c.came_again == 1))),
    )  # fmt: skip


NEW_MEMBERS = Part("joined", "joins", _count(lambda line: literal(True)))
REFERRED = Part("referred", "joins", _count(lambda line: line.c.is_referred))
NOT_REFERRED = Part("not_referred", "joins", _count(lambda line: not_(line.c.is_referred)))
MEMBERSHIPS = Part("memberships", "memberships", _count(lambda line: literal(True)))
MEMBER_RECEIPTS = Part(
    "member_receipts", "lines",
    Distinct("receipt_key", lambda line: and_(_sale(line), line.c.member_key.is_not(None))),
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
ORDERS = Part("orders", "lines", Distinct("receipt_key", _order))
PICKED_UP = Part(
    "picked_up", "lines",
    Distinct("receipt_key", lambda line: and_(
        _order(line), line.c.fulfilment.in_(("take_away", "store_pickup"))
    )),
)  # fmt: skip
MOBILE = Part(
    "mobile", "lines",
    Distinct("receipt_key", lambda line: and_(_order(line), line.c.device == "mobile")),
)  # fmt: skip
WITH_DEVICE = Part(
    "with_device", "lines",
    Distinct("receipt_key", lambda line: and_(_order(line), line.c.device.is_not(None))),
)  # fmt: skip
ALL_TENDERS = replace(SALES, name="all_tender_sales", source="all_tenders")
SCANNED = Part("scan_count", "scans", _count(lambda line: literal(True)))
VISITS = Part("visit_count", "visits", _count(lambda line: literal(True)))
LOST = Part("lost_count", "lost_sales", _count(lambda line: literal(True)))
RIPE = Part("ripe_rings", "rings", _count(lambda line: line.c.is_ripe))
CLOSED = Part("closed_rings", "rings", _count(lambda line: and_(line.c.is_ripe, line.c.is_closed)))
COUNTED_SCANS = Part("counted_scans", "scans", _count(lambda line: line.c.on_hand.is_not(None)))
FILLED_SCANS = Part("filled_scans", "scans", _count(lambda line: line.c.on_hand > 0))
STORE_SCANS = Part("store_scan_count", "store_scans", _count(lambda line: literal(True)))
SCAN_VISITS = Part("scan_visit_count", "store_scans", _visits)
SCAN_ENTRIES = Part("scan_entry_count", "scan_entries", _count(lambda line: line.c.is_mature))
INTERESTED = Part(
    "interested", "scan_entries",
    _count(lambda line: and_(line.c.is_mature, line.c.at_interest.is_not(None))),
)  # fmt: skip
BINDINGS = Part("binding_count", "bindings", _count(lambda line: literal(True)))
BOUND, ALREADY_BOUND, BOUND_TO_OTHER, BIND_VOID = (
    Part(f"{result}_count", "bindings", _count(_has_result(result)))
    for result in ("bound", "already_bound", "bound_to_other", "void")
)
O2O_ORDERS = Part("o2o_order_count", "o2o_lines", Distinct("receipt_key", _order))
O2O_COST = Part("o2o_cost", "o2o_lines", _fee_and_coupon)
O2O_GROSS = replace(GROSS, name="o2o_gross", source="o2o_lines")
O2O_COSTED_ORDERS = Part("o2o_costed_orders", "o2o_lines", _costed_orders, ("product",))
COUPON_BUYERS, COUPON_BUYERS_BACK = _returns("coupon_buyers", 1)
OTHER_BUYERS, OTHER_BUYERS_BACK = _returns("other_buyers", 0)
LOST_VALUE = Part("lost_value", "lost_sales", _sum("line", "lost_amount"))
