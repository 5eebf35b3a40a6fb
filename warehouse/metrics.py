"""Every figure, once: name, unit, meaning, and how it is made of summed parts.

A `Metric` is a part (parts.py) or a quotient of parts; quotients are taken of summed parts, never
averaged. Definitions follow the product's metric document; where the trade has a word of its own
it stands in brackets.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from warehouse import parts as p
from warehouse.parts import Part


class Unit(StrEnum):
    """What a figure is counted in, and so how it is written."""

    MONEY = "money"
    COUNT = "count"
    UNITS = "units"
    RATIO = "ratio"
    AVERAGE = "average"
    AVERAGE_MONEY = "average money"


@dataclass(frozen=True)
class Metric:
    """A figure. `numerator` is added up, `minus` taken off, `denominator` divided by.

    `beside` are parts whose groups it shares though it is not made of them; `up_is_good` is how a
    rise is to be read (None: neither).
    """

    key: str
    label: str
    unit: Unit
    definition: str
    numerator: tuple[Part, ...]
    denominator: tuple[Part, ...] = ()
    minus_one: bool = False
    up_is_good: bool | None = True
    beside: tuple[Part, ...] = ()
    edge_cases: str = ""

    @property
    def parts(self) -> tuple[Part, ...]:
        """Every part it is made of."""
        return self.numerator + self.denominator + self.beside


def _metric(
    key: str, label: str, unit: Unit, definition: str, *numerator: Part, **more: Any
) -> Metric:
    return Metric(key, label, unit, definition, numerator, **more)


_MONEY = (
    _metric("sales_before_returns", "Sales before returns", Unit.MONEY,
            "Σ net_amount of sale lines", p.SALES),
    _metric("returns_amount", "Returns", Unit.MONEY,
            "Σ of return lines, as a positive number", p.RETURNS, up_is_good=False),
    _metric("net_sales", "Net sales", Unit.MONEY, "sales_before_returns − returns_amount", p.NET,
            edge_cases="A return counts on its own day and never changes an earlier one. A paid"
                       " order line that is cancelled is a sale on its paid day, then a return."),
    _metric("receipts", "Receipts", Unit.COUNT,
            "distinct POS receipts and paid online orders with at least one sale line", p.RECEIPTS,
            edge_cases="Counted once in each group, so groups may add up to more than the total."),
    _metric("units_sold", "Units sold", Unit.UNITS, "Σ quantity of sale lines", p.UNITS_SOLD,
            edge_cases="By guide, units are share-weighted and may have a fraction."),
    _metric("units_returned", "Units returned", Unit.UNITS, "Σ quantity of return lines, positive",
            p.UNITS_RETURNED, up_is_good=False),
    _metric("average_receipt_value", "Average receipt value", Unit.AVERAGE_MONEY,
            "net_sales ÷ receipts (客单价, per receipt)", p.NET, denominator=(p.RECEIPTS,)),
    _metric("units_per_receipt", "Units per receipt", Unit.AVERAGE,
            "units_sold ÷ receipts (连带率)", p.UNITS_SOLD, denominator=(p.RECEIPTS,)),
    _metric("average_unit_price", "Average unit price", Unit.AVERAGE_MONEY,
            "sales_before_returns ÷ units_sold", p.SALES, denominator=(p.UNITS_SOLD,)),
    _metric("discount_rate", "Discount rate", Unit.RATIO,
            "Σ discount ÷ Σ list, over sale lines that state a list amount (discount = list − net)",
            p.DISCOUNT, denominator=(p.LISTED,), up_is_good=None),
    _metric("return_rate", "Return rate", Unit.RATIO, "returns_amount ÷ sales_before_returns",
            p.RETURNS, denominator=(p.SALES,), up_is_good=False),
    _metric("buyers", "Buyers", Unit.COUNT, "distinct members with a sale line", p.BUYERS),
    _metric("spend_per_buyer", "Spend per buyer", Unit.AVERAGE_MONEY,
            "net_sales of identified members ÷ buyers (客单价, per buyer)",
            p.MEMBER_NET, denominator=(p.BUYERS,)),
    _metric("gross_profit", "Gross profit", Unit.MONEY,
            "net_sales − Σ signed quantity × cost, over lines whose product states a cost",
            p.GROSS),
    _metric("gross_margin", "Gross margin", Unit.RATIO,
            "gross_profit ÷ net_sales of lines whose product states a cost",
            p.GROSS, denominator=(p.COSTED_NET,)),
    _metric("payment_fee", "Payment fee", Unit.MONEY,
            "Σ sale-line amounts × fee rate of the tender (wechat_pay 0.5 %, configurable)", p.FEE,
            up_is_good=None),
)  # fmt: skip

_STORES = (
    _metric("pos_net_sales", "POS net sales", Unit.MONEY, "net_sales of POS lines", p.POS_NET),
    _metric("guided_online_net_sales", "Guided online net sales", Unit.MONEY,
            "net_sales of online lines credited to a store", p.GUIDED_ONLINE),
    _metric("store_net_sales", "Store net sales", Unit.MONEY,
            "net_sales credited to any store", p.STORE_NET,
            edge_cases="A POS return of an online order that no store is credited with is in"
                       " pos_net_sales, but in no store."),
    _metric("visitors", "Visitors", Unit.COUNT, "Σ visitors of the door counters", p.VISITORS),
    _metric("conversion_rate", "Conversion", Unit.RATIO,
            "POS receipts ÷ visitors, over store-days that have a counter",
            p.COUNTED_RECEIPTS, denominator=(p.VISITORS,)),
    _metric("sales_per_sqm", "Sales per m²", Unit.AVERAGE_MONEY,
            "store_net_sales ÷ selling area, stores that state an area",
            p.AREA_NET, denominator=(p.AREA,)),
    _metric("credited_net_sales", "Credited net sales", Unit.MONEY,
            "net_sales × credit share, credited to a guide", p.CREDITED),
    _metric("guide_coverage", "Guide coverage", Unit.RATIO, "credited_net_sales ÷ net_sales",
            p.CREDITED, denominator=(p.NET,)),
    _metric("home_order_net_sales", "Home order net sales", Unit.MONEY,
            "credited_net_sales of online orders not placed in a store", p.HOME_ORDERS),
    _metric("guide_receipts", "Guide receipts", Unit.COUNT,
            "receipts in which the guide has any share", p.GUIDE_RECEIPTS),
    _metric("active_guides", "Active guides", Unit.COUNT,
            "guides with a credited sale line", p.ACTIVE_GUIDES),
    _metric("net_sales_per_guide", "Net sales per guide", Unit.AVERAGE_MONEY,
            "credited_net_sales ÷ active_guides", p.CREDITED, denominator=(p.ACTIVE_GUIDES,)),
    _metric("members_recruited", "Members recruited", Unit.COUNT,
            "members whose join_guide_id is the guide", p.RECRUITED),
    _metric("target", "Target", Unit.MONEY,
            "Σ monthly targets of the grouping's own level (else of its stores), pro rata by days",
            p.TARGET, up_is_good=None),
    _metric("target_attainment", "Target attainment", Unit.RATIO,
            "stores and regions: store_net_sales; guides: credited_net_sales; brands: net_sales;"
            " ÷ target", p.TARGET_BASE, denominator=(p.TARGET,)),
    _metric("like_for_like_growth", "Like-for-like growth", Unit.RATIO,
            "Σ store_net_sales of comparable store-days ÷ Σ of their aligned days − 1",
            p.COMPARABLE, denominator=(p.COMPARABLE_AGO,), minus_one=True,
            edge_cases="A store-day counts when its aligned day lies 30 days or more after opening,"
                       " the store was closed on neither, and both lie within the loaded sales."),
)  # fmt: skip

_MEMBERS = (
    _metric("new_members", "New members", Unit.COUNT, "joined in the period", p.NEW_MEMBERS,
            edge_cases="By store and guide: where they joined. A merged member is the survivor."),
    _metric("members", "Members", Unit.COUNT, "joined and not left by the period's end",
            p.MEMBERSHIPS,
            edge_cases="By region: of the period's end. By time: at each one's end."),
    _metric("active_members", "Active members", Unit.COUNT,
            "members with a receipt in the period", p.BUYERS),
    _metric("member_receipt_share", "Member share of receipts", Unit.RATIO,
            "receipts with a member ÷ receipts", p.MEMBER_RECEIPTS, denominator=(p.RECEIPTS,)),
    _metric("member_sales_share", "Member share of net sales", Unit.RATIO,
            "net_sales with a member ÷ net_sales", p.MEMBER_NET, denominator=(p.NET,)),
    _metric("purchase_frequency", "Purchase frequency", Unit.AVERAGE,
            "receipts of members ÷ active_members", p.MEMBER_RECEIPTS, denominator=(p.BUYERS,)),
    _metric("repeat_rate", "Repeat rate", Unit.RATIO,
            "members with receipts on two or more days ÷ active_members",
            p.CAME_TWICE, denominator=(p.CAME,), beside=(p.NET,)),
    _metric("second_purchase_rate", "Second purchase rate", Unit.RATIO,
            "of members whose first purchase falls in the period, the share with a purchase on"
            " another day at most 90 days later",
            p.CAME_AGAIN, denominator=(p.BEGAN,), beside=(p.NET,),
            edge_cases="Only members whose first day + 90 lies before the as-of date. By group,"
                       " both purchases must lie in it, except in time."),
    _metric("referral_ratio", "Referral ratio", Unit.AVERAGE,
            "new members with a referrer ÷ new members without", p.REFERRED,
            denominator=(p.NOT_REFERRED,)),
    _metric("omnichannel_share", "Omnichannel share", Unit.RATIO,
            "of members who bought in the 12 months up to the period's end, the share who bought"
            " both on POS and online", p.BOTH_SIDES, denominator=(p.YEAR_BUYERS,), beside=(p.NET,)),
)  # fmt: skip

_ONLINE_AND_O2O = (
    _metric("online_net_sales", "Online net sales", Unit.MONEY, "net_sales of online lines",
            p.ONLINE_NET),
    _metric("online_share", "Online share", Unit.RATIO, "online_net_sales ÷ net_sales",
            p.ONLINE_NET, denominator=(p.NET,)),
    _metric("in_store_online_net_sales", "In-store online net sales", Unit.MONEY,
            "net_sales of online lines with origin_store_id", p.IN_STORE_ONLINE),
    _metric("endless_aisle_share", "Endless aisle share", Unit.RATIO,
            "net_sales of orders placed in a store and shipped from another place"
            " ÷ store_net_sales", p.ENDLESS, denominator=(p.STORE_NET,)),
    _metric("pickup_share", "Pickup share", Unit.RATIO,
            "paid online orders with take_away or store_pickup ÷ paid online orders",
            p.PICKED_UP, denominator=(p.ORDERS,), up_is_good=None),
    _metric("mobile_share", "Mobile share", Unit.RATIO,
            "paid online orders with device mobile ÷ those that state a device",
            p.MOBILE, denominator=(p.WITH_DEVICE,), up_is_good=None),
    _metric("tender_share", "Tender share", Unit.RATIO, "of sales_before_returns, by tender",
            p.SALES, denominator=(p.ALL_TENDERS,), up_is_good=None,
            edge_cases="The whole is the same group over all tenders, also under a tender filter."),
    _metric("scans", "Scans", Unit.COUNT, "tag and guide scans", p.SCANNED),
    _metric("scanning_visits", "Scanning visits", Unit.COUNT,
            "first scan of a person in a store on a day", p.VISITS),
    _metric("lost_sale_scans", "Lost sales", Unit.COUNT,
            "one per person, store, style and day: scanned, a stock row of that day says 0 or less,"
            " and the person bought that style nowhere within 14 days, which have passed",
            p.LOST, up_is_good=False),
    _metric("lost_sale_value", "Lost sale value", Unit.MONEY, "lost_sale_scans × list price",
            p.LOST_VALUE, up_is_good=False,
            edge_cases="A product that states no list price adds 0."),
    _metric("ring_closure_rate", "Ring closure rate", Unit.RATIO,
            "of people with a scan entry in the period, whose 60 days from the first of them have"
            " passed, the share who then paid an online order and after that bought in a store"
            " within those 60 days", p.CLOSED, denominator=(p.RIPE,),
            edge_cases="In a group, the person's first entry inside it decides."),
)  # fmt: skip

METRICS: Mapping[str, Metric] = {
    metric.key: metric for metric in _MONEY + _STORES + _MEMBERS + _ONLINE_AND_O2O
}
