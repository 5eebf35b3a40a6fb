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
            "Σ net_amount of sale lines", p.SALES,
            edge_cases="Unpaid orders and void lines never count; shipping and tax are in no"
                       " amount."),
    _metric("returns_amount", "Returns", Unit.MONEY,
            "Σ of return lines, as a positive number", p.RETURNS, up_is_good=False,
            edge_cases="By guide and store: those of the original sale, whoever took the goods"
                       " back; by handling_store: the one that did."),
    _metric("net_sales", "Net sales", Unit.MONEY, "sales_before_returns − returns_amount", p.NET,
            edge_cases="A return counts on its own day and never changes an earlier one. A paid"
                       " order line that is cancelled is a sale on its paid day, then a return."),
    _metric("receipts", "Receipts", Unit.COUNT,
            "distinct POS receipts and paid online orders with at least one sale line", p.RECEIPTS,
            edge_cases="A slip that only takes goods back is none."),
    _metric("units_sold", "Units sold", Unit.UNITS, "Σ quantity of sale lines", p.UNITS_SOLD,
            edge_cases="By guide, units are share-weighted and may have a fraction."),
    _metric("units_returned", "Units returned", Unit.UNITS, "Σ quantity of return lines, positive",
            p.UNITS_RETURNED, up_is_good=False,
            edge_cases="A refund of money alone returns no pieces."),
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
            p.RETURNS, denominator=(p.SALES,), up_is_good=False,
            edge_cases="Returns of earlier sales count too, so it may exceed 1."),
    _metric("buyers", "Buyers", Unit.COUNT, "distinct members with a sale line", p.BUYERS,
            edge_cases="A visitor whom a member row names is that member, for past events too; a"
                       " merged member is the survivor."),
    _metric("spend_per_buyer", "Spend per buyer", Unit.AVERAGE_MONEY,
            "net_sales of identified members ÷ buyers (客单价, per buyer)",
            p.MEMBER_NET, denominator=(p.BUYERS,),
            edge_cases="A member who only brings goods back lowers it without being a buyer."),
    _metric("gross_profit", "Gross profit", Unit.MONEY,
            "net_sales − Σ signed quantity × cost, over lines whose product states a cost",
            p.GROSS,
            edge_cases="A return gives its cost back."),
    _metric("gross_margin", "Gross margin", Unit.RATIO,
            "gross_profit ÷ net_sales of lines whose product states a cost",
            p.GROSS, denominator=(p.COSTED_NET,)),
    _metric("payment_fee", "Payment fee", Unit.MONEY,
            "Σ sale-line amounts × fee rate of the tender (wechat_pay 0.5 %, configurable)", p.FEE,
            up_is_good=None,
            edge_cases="A return gives no fee back. Rounded once, when it is added up."),
)  # fmt: skip

_STORES = (
    _metric("pos_net_sales", "POS net sales", Unit.MONEY, "net_sales of POS lines", p.POS_NET,
            edge_cases="An online order brought back to a till is a POS line."),
    _metric("guided_online_net_sales", "Guided online net sales", Unit.MONEY,
            "net_sales of online lines credited to a store", p.GUIDED_ONLINE,
            edge_cases="Such an order brought back to a till is a POS line, so not in it."),
    _metric("store_net_sales", "Store net sales", Unit.MONEY,
            "net_sales credited to any store", p.STORE_NET,
            edge_cases="A POS return of an online order that no store is credited with is in"
                       " pos_net_sales, but in no store."),
    _metric("visitors", "Visitors", Unit.COUNT, "Σ visitors of the door counters", p.VISITORS,
            edge_cases="By brand: the store's. The day is the calendar day of the counter's hour."),
    _metric("conversion_rate", "Conversion", Unit.RATIO,
            "POS receipts ÷ visitors, over store-days that have a counter",
            p.COUNTED_RECEIPTS, denominator=(p.VISITORS,),
            edge_cases="A store-day whose counter saw nobody counts too. By brand: the store's."),
    _metric("sales_per_sqm", "Sales per m²", Unit.AVERAGE_MONEY,
            "store_net_sales ÷ selling area, stores that state an area",
            p.AREA_NET, denominator=(p.AREA,),
            edge_cases="A group's stores are those with a line in it; each area counts once."),
    _metric("credited_net_sales", "Credited net sales", Unit.MONEY,
            "net_sales × credit share, credited to a guide", p.CREDITED,
            edge_cases="A shared line is split half-up to the fen; the greatest share takes the"
                       " remainder."),
    _metric("guide_coverage", "Guide coverage", Unit.RATIO, "credited_net_sales ÷ net_sales",
            p.CREDITED, denominator=(p.NET,)),
    _metric("home_order_net_sales", "Home order net sales", Unit.MONEY,
            "credited_net_sales of online orders not placed in a store", p.HOME_ORDERS,
            edge_cases="Such an order brought back to a till is a POS line, so not in it."),
    _metric("guide_receipts", "Guide receipts", Unit.COUNT,
            "receipts in which the guide has any share", p.GUIDE_RECEIPTS,
            edge_cases="A shared receipt counts whole for each guide."),
    _metric("active_guides", "Active guides", Unit.COUNT,
            "guides with a credited sale line", p.ACTIVE_GUIDES,
            edge_cases="A guide who only has returns is not active."),
    _metric("net_sales_per_guide", "Net sales per guide", Unit.AVERAGE_MONEY,
            "credited_net_sales ÷ active_guides", p.CREDITED, denominator=(p.ACTIVE_GUIDES,)),
    _metric("members_recruited", "Members recruited", Unit.COUNT,
            "members whose join_guide_id is the guide", p.RECRUITED,
            edge_cases="On the day the member joined; a merged member is the survivor."),
    _metric("target", "Target", Unit.MONEY,
            "Σ monthly targets of the grouping's own level (else of its stores), pro rata by days",
            p.TARGET, up_is_good=None,
            edge_cases="A group takes its own targets, else those of its stores, never both."),
    _metric("target_attainment", "Target attainment", Unit.RATIO,
            "stores and regions: store_net_sales; guides: credited_net_sales; brands: net_sales;"
            " ÷ target", p.TARGET_BASE, denominator=(p.TARGET,),
            edge_cases="A group exists where a target was set."),
    _metric("like_for_like_growth", "Like-for-like growth", Unit.RATIO,
            "Σ store_net_sales of comparable store-days ÷ Σ of their aligned days − 1",
            p.COMPARABLE, denominator=(p.COMPARABLE_AGO,), minus_one=True,
            edge_cases="A store-day counts when its aligned day lies 30 days or more after opening,"
                       " the store was closed on neither, and both lie within the loaded sales."),
    _metric("like_for_like_coverage", "Like-for-like coverage", Unit.RATIO,
            "store_net_sales of comparable store-days ÷ store_net_sales", p.COVERED,
            denominator=(p.COVERABLE,), up_is_good=None,
            edge_cases="The days are those of like_for_like_growth, and so is the brand: the"
                       " store's."),
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
            p.CAME_TWICE, denominator=(p.CAME,), beside=(p.NET,),
            edge_cases="Both days must lie inside the group."),
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
            " both on POS and online", p.BOTH_SIDES, denominator=(p.YEAR_BUYERS,), beside=(p.NET,),
            edge_cases="Both purchases must lie inside the group."),
)  # fmt: skip

_ONLINE_AND_O2O = (
    _metric("online_net_sales", "Online net sales", Unit.MONEY, "net_sales of online lines",
            p.ONLINE_NET,
            edge_cases="An online order brought back to a till is a POS line, so not in it."),
    _metric("online_share", "Online share", Unit.RATIO, "online_net_sales ÷ net_sales",
            p.ONLINE_NET, denominator=(p.NET,)),
    _metric("in_store_online_net_sales", "In-store online net sales", Unit.MONEY,
            "net_sales of online lines with origin_store_id", p.IN_STORE_ONLINE,
            edge_cases="Such an order brought back to a till is a POS line, so not in it."),
    _metric("endless_aisle_share", "Endless aisle share", Unit.RATIO,
            "net_sales of orders placed in a store and shipped from another place"
            " ÷ store_net_sales", p.ENDLESS, denominator=(p.STORE_NET,),
            edge_cases="An order that names no store to send it was sent from elsewhere."),
    _metric("pickup_share", "Pickup share", Unit.RATIO,
            "paid online orders with take_away or store_pickup ÷ paid online orders",
            p.PICKED_UP, denominator=(p.ORDERS,), up_is_good=None,
            edge_cases="Orders count on the day they were paid."),
    _metric("mobile_share", "Mobile share", Unit.RATIO,
            "paid online orders with device mobile ÷ those that state a device",
            p.MOBILE, denominator=(p.WITH_DEVICE,), up_is_good=None,
            edge_cases="Orders count on the day they were paid."),
    _metric("tender_share", "Tender share", Unit.RATIO, "of sales_before_returns, by tender",
            p.SALES, denominator=(p.ALL_TENDERS,), up_is_good=None,
            edge_cases="The whole is the same group over all tenders, also under a tender filter."),
    _metric("scans", "Scans", Unit.COUNT, "tag and guide scans", p.SCANNED,
            edge_cases="By brand: the store's; by guide and channel: what the event states."),
    _metric("scanning_visits", "Scanning visits", Unit.COUNT,
            "first scan of a person in a store on a day", p.VISITS,
            edge_cases="A scan outside any store is no visit."),
    _metric("lost_sale_scans", "Lost sales", Unit.COUNT,
            "one per person, store, style and day: scanned, a stock row of that day says 0 or less,"
            " and the person bought that style nowhere within 14 days, which have passed",
            p.LOST, up_is_good=False,
            edge_cases="The stock row is that of the scanned product in that store; of several"
                       " such scans the first stands."),
    _metric("lost_sale_value", "Lost sale value", Unit.MONEY, "lost_sale_scans × list price",
            p.LOST_VALUE, up_is_good=False,
            edge_cases="A product that states no list price adds 0."),
    _metric("scan_fill_rate", "Scan fill rate", Unit.RATIO,
            "scans of products with a stock row of that store and day that says more than 0 ÷ scans"
            " of products with a stock row", p.FILLED_SCANS, denominator=(p.COUNTED_SCANS,)),
    _metric("scans_per_visit", "Scans per visit", Unit.AVERAGE,
            "scans in a store ÷ visits (a person in a store on a day) they were made on",
            p.STORE_SCANS, denominator=(p.SCAN_VISITS,),
            edge_cases="In a group, the visits with a scan in it; by product not those that only"
                       " began with another one."),
    _metric("scan_interest_share", "Scan interest share", Unit.RATIO,
            "entries of scan_to_order that reach interest ÷ its entries, mature ones only",
            p.INTERESTED, denominator=(p.SCAN_ENTRIES,),
            edge_cases="An entry is a scanning visit; interest counts for the latest entry before"
                       " it."),
    *(_metric(f"scan_{result}_share", label, Unit.RATIO,
              f"guide scans with bind_result {result} ÷ guide scans with a bind_result", part,
              denominator=(p.BINDINGS,), up_is_good=up_is_good)
      for result, label, part, up_is_good in (
          ("bound", "Scans that bound", p.BOUND, True),
          ("already_bound", "Scans by those already bound", p.ALREADY_BOUND, None),
          ("bound_to_other", "Scans by those bound to another", p.BOUND_TO_OTHER, None),
          ("void", "Scans without binding", p.BIND_VOID, False),
      )),
    _metric("coupon_buyer_retention", "Coupon buyers who return", Unit.RATIO,
            "of members whose receipts or orders of the period state a coupon, the share with a"
            " purchase on a later day within 90 days of the first that does",
            p.COUPON_BUYERS_BACK, denominator=(p.COUPON_BUYERS,), beside=(p.NET,),
            edge_cases="Only members whose first day + 90 lies before the as-of date. By group,"
                       " both purchases must lie in it, except in time."),
    _metric("other_buyer_retention", "Other buyers who return", Unit.RATIO,
            "of members who bought in the period without a coupon, the share with a purchase on a"
            " later day within 90 days of the first",
            p.OTHER_BUYERS_BACK, denominator=(p.OTHER_BUYERS,), beside=(p.NET,),
            edge_cases="Only members whose first day + 90 lies before the as-of date. By group,"
                       " both purchases must lie in it, except in time."),
    _metric("o2o_cost_per_order", "O2O cost per order", Unit.AVERAGE_MONEY,
            "(payment_fee + list − net of lines whose order states a coupon) ÷ paid online orders,"
            " of orders credited to a store", p.O2O_COST, denominator=(p.O2O_ORDERS,),
            up_is_good=False,
            edge_cases="A line that states no list amount adds no coupon cost. Other discounts on"
                       " an order with a coupon are in it: feeds do not tell them apart."),
    _metric("o2o_gross_profit_per_order", "O2O gross profit per order", Unit.AVERAGE_MONEY,
            "gross_profit ÷ paid online orders, of orders credited to a store, over lines whose"
            " product states a cost", p.O2O_GROSS, denominator=(p.O2O_COSTED_ORDERS,),
            edge_cases="The coupon is taken off already, the payment fee is not."),
    _metric("ring_closure_rate", "Ring closure rate", Unit.RATIO,
            "of people with a scan entry in the period, whose 60 days from the first of them have"
            " passed, the share who then paid an online order and after that bought in a store"
            " within those 60 days", p.CLOSED, denominator=(p.RIPE,),
            edge_cases="In a group, the person's first entry inside it decides."),
)  # fmt: skip

METRICS: Mapping[str, Metric] = {
    metric.key: metric for metric in _MONEY + _STORES + _MEMBERS + _ONLINE_AND_O2O
}
