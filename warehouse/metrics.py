"""Every figure, once: name, unit, meaning, and how it is made of summed parts.

A `Part` is one aggregate over one source (queries.SOURCES). A `Metric` is a part, a difference or
a quotient of parts; quotients are taken of summed parts, never averaged. Definitions follow the
product's metric document; where the trade has a word of its own it stands in brackets.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, case, distinct, func, not_
from sqlalchemy.sql.expression import FromClause

from warehouse import portable
from warehouse.settings import Settings

Expression = ColumnElement[Any]
Columns = Mapping[str, FromClause]
"""The joined tables of a source by what they are: `line`, `product`, …"""


class Unit(StrEnum):
    """What a figure is counted in, and so how it is written."""

    MONEY = "money"
    COUNT = "count"
    UNITS = "units"
    RATIO = "ratio"
    AVERAGE = "average"
    AVERAGE_MONEY = "average money"


@dataclass(frozen=True)
class Part:
    """An aggregate over a source. `needs` are joined tables it reads beside the source's own."""

    name: str
    source: str
    aggregate: Callable[[Columns, Settings], Expression]
    needs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Metric:
    """A figure. `numerator` is added up, `minus` taken off, `denominator` divided by.

    `only` limits the dimensions it may be grouped by beyond what its sources allow; `up_is_good`
    is how a rise is to be read (None: neither).
    """

    key: str
    label: str
    unit: Unit
    definition: str
    numerator: tuple[Part, ...]
    denominator: tuple[Part, ...] = ()
    minus_one: bool = False
    up_is_good: bool | None = True
    only: tuple[str, ...] = ()
    edge_cases: str = ""

    @property
    def parts(self) -> tuple[Part, ...]:
        """Every part it is made of."""
        return self.numerator + self.denominator


# Conditions on lines ---------------------------------------------------------------------------
def _sale(line: FromClause) -> Expression:
    return not_(line.c.is_return)


def _online(line: FromClause) -> Expression:
    return line.c.source != "pos"


def _amount(
    condition: Callable[[FromClause], Expression],
) -> Callable[[Columns, Settings], Expression]:
    def aggregate(columns: Columns, _: Settings) -> Expression:
        line = columns["line"]
        return portable.total(case((condition(line), line.c.net_amount), else_=0))

    return aggregate


def _pieces(line: FromClause) -> Expression:
    return line.c.quantity * line.c.share


def _distinct(
    column: str, condition: Callable[[FromClause], Expression]
) -> Callable[[Columns, Settings], Expression]:
    def aggregate(columns: Columns, _: Settings) -> Expression:
        line = columns["line"]
        return func.count(distinct(case((condition(line), line.c[column]))))

    return aggregate


def _fee(columns: Columns, settings: Settings) -> Expression:
    line = columns["line"]
    rates = [(line.c.tender == tender, line.c.net_amount * rate)
             for tender, rate in settings.fee_rates.items()]  # fmt: skip
    return portable.total(case((_sale(line), case(*rates, else_=0) if rates else 0), else_=0))


def _of_cost(value: Callable[[Columns], Expression]) -> Callable[[Columns, Settings], Expression]:
    """A sum over lines whose product states a cost."""

    def aggregate(columns: Columns, _: Settings) -> Expression:
        stated = columns["product"].c.cost.is_not(None)
        return portable.total(case((stated, value(columns)), else_=0))

    return aggregate


def _stated_list(
    value: Callable[[FromClause], Expression],
) -> Callable[[Columns, Settings], Expression]:
    def aggregate(columns: Columns, _: Settings) -> Expression:
        line = columns["line"]
        stated = and_(_sale(line), line.c.list_amount.is_not(None))
        return portable.total(case((stated, value(line)), else_=0))

    return aggregate


def _sum(table: str, column: str) -> Callable[[Columns, Settings], Expression]:
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
AREA = Part("area", "areas", _sum("line", "selling_area_sqm"))
RECRUITED = Part(
    "recruits", "members",
    _distinct("member_key", lambda line: line.c.guide_key.is_not(None)),
)  # fmt: skip
TARGET = Part("target_amount", "targets", _own_target)
TARGET_BASE = Part("target_base", "target_base", _sum("line", "net"))
COMPARABLE = Part("comparable", "comparable", _sum("line", "this_year"))
COMPARABLE_AGO = Part("comparable_ago", "comparable", _sum("line", "last_year"))


def _metric(
    key: str, label: str, unit: Unit, definition: str, *numerator: Part, **more: Any
) -> Metric:
    return Metric(key, label, unit, definition, numerator, **more)


_MONEY = (
    _metric("sales_before_returns", "Sales before returns", Unit.MONEY,
            "Σ net_amount of sale lines", SALES),
    _metric("returns_amount", "Returns", Unit.MONEY,
            "Σ of return lines, as a positive number", RETURNS, up_is_good=False),
    _metric("net_sales", "Net sales", Unit.MONEY, "sales_before_returns − returns_amount", NET,
            edge_cases="A return counts on its own day and never changes an earlier one. A paid"
                       " order line that is cancelled is a sale on its paid day, then a return."),
    _metric("receipts", "Receipts", Unit.COUNT,
            "distinct POS receipts and paid online orders with at least one sale line", RECEIPTS,
            edge_cases="Counted once in each group, so groups may add up to more than the total."),
    _metric("units_sold", "Units sold", Unit.UNITS, "Σ quantity of sale lines", UNITS_SOLD,
            edge_cases="By guide, units are share-weighted and may have a fraction."),
    _metric("units_returned", "Units returned", Unit.UNITS, "Σ quantity of return lines, positive",
            UNITS_RETURNED, up_is_good=False),
    _metric("average_receipt_value", "Average receipt value", Unit.AVERAGE_MONEY,
            "net_sales ÷ receipts (客单价, per receipt)", NET, denominator=(RECEIPTS,)),
    _metric("units_per_receipt", "Units per receipt", Unit.AVERAGE,
            "units_sold ÷ receipts (连带率)", UNITS_SOLD, denominator=(RECEIPTS,)),
    _metric("average_unit_price", "Average unit price", Unit.AVERAGE_MONEY,
            "sales_before_returns ÷ units_sold", SALES, denominator=(UNITS_SOLD,)),
    _metric("discount_rate", "Discount rate", Unit.RATIO,
            "Σ discount ÷ Σ list, over sale lines that state a list amount (discount = list − net)",
            DISCOUNT, denominator=(LISTED,), up_is_good=None),
    _metric("return_rate", "Return rate", Unit.RATIO, "returns_amount ÷ sales_before_returns",
            RETURNS, denominator=(SALES,), up_is_good=False),
    _metric("buyers", "Buyers", Unit.COUNT, "distinct members with a sale line", BUYERS),
    _metric("spend_per_buyer", "Spend per buyer", Unit.AVERAGE_MONEY,
            "net_sales of identified members ÷ buyers (客单价, per buyer)",
            MEMBER_NET, denominator=(BUYERS,)),
    _metric("gross_profit", "Gross profit", Unit.MONEY,
            "net_sales − Σ signed quantity × cost, over lines whose product states a cost", GROSS),
    _metric("gross_margin", "Gross margin", Unit.RATIO,
            "gross_profit ÷ net_sales of lines whose product states a cost",
            GROSS, denominator=(COSTED_NET,)),
    _metric("payment_fee", "Payment fee", Unit.MONEY,
            "Σ sale-line amounts × fee rate of the tender (wechat_pay 0.5 %, configurable)", FEE,
            up_is_good=None),
)  # fmt: skip

_STORES = (
    _metric("pos_net_sales", "POS net sales", Unit.MONEY, "net_sales of POS lines", POS_NET),
    _metric("guided_online_net_sales", "Guided online net sales", Unit.MONEY,
            "net_sales of online lines credited to a store", GUIDED_ONLINE),
    _metric("store_net_sales", "Store net sales", Unit.MONEY,
            "net_sales credited to any store", STORE_NET,
            edge_cases="A POS return of an online order that no store is credited with is in"
                       " pos_net_sales, but in no store."),
    _metric("visitors", "Visitors", Unit.COUNT, "Σ visitors of the door counters", VISITORS),
    _metric("conversion_rate", "Conversion", Unit.RATIO,
            "POS receipts ÷ visitors, over store-days that have a counter",
            COUNTED_RECEIPTS, denominator=(VISITORS,)),
    _metric("sales_per_sqm", "Sales per m²", Unit.AVERAGE_MONEY,
            "store_net_sales ÷ selling area, stores that state an area",
            AREA_NET, denominator=(AREA,)),
    _metric("credited_net_sales", "Credited net sales", Unit.MONEY,
            "net_sales × credit share, credited to a guide", CREDITED),
    _metric("guide_coverage", "Guide coverage", Unit.RATIO, "credited_net_sales ÷ net_sales",
            CREDITED, denominator=(NET,)),
    _metric("home_order_net_sales", "Home order net sales", Unit.MONEY,
            "credited_net_sales of online orders not placed in a store", HOME_ORDERS),
    _metric("guide_receipts", "Guide receipts", Unit.COUNT,
            "receipts in which the guide has any share", GUIDE_RECEIPTS),
    _metric("active_guides", "Active guides", Unit.COUNT,
            "guides with a credited sale line", ACTIVE_GUIDES),
    _metric("net_sales_per_guide", "Net sales per guide", Unit.AVERAGE_MONEY,
            "credited_net_sales ÷ active_guides", CREDITED, denominator=(ACTIVE_GUIDES,)),
    _metric("members_recruited", "Members recruited", Unit.COUNT,
            "members whose join_guide_id is the guide", RECRUITED),
    _metric("target", "Target", Unit.MONEY,
            "Σ monthly targets of the grouping's own level (else of its stores), pro rata by days",
            TARGET, up_is_good=None),
    _metric("target_attainment", "Target attainment", Unit.RATIO,
            "stores and regions: store_net_sales; guides: credited_net_sales; brands: net_sales;"
            " ÷ target", TARGET_BASE, denominator=(TARGET,)),
    _metric("like_for_like_growth", "Like-for-like growth", Unit.RATIO,
            "Σ store_net_sales of comparable store-days ÷ Σ of their aligned days − 1",
            COMPARABLE, denominator=(COMPARABLE_AGO,), minus_one=True,
            edge_cases="A store-day counts when its aligned day lies 30 days or more after opening,"
                       " the store was closed on neither, and both lie within the loaded sales."),
)  # fmt: skip

METRICS: Mapping[str, Metric] = {metric.key: metric for metric in _MONEY + _STORES}
