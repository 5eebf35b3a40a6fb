"""Table "Online and O2O" of 03-metrics.md."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from .company import Company
from .conform import Row
from .dimensions import LINE_DIMENSIONS, PRODUCT_DIMENSIONS, STORE_DIMENSIONS
from .facts import Fact, Part
from .field import store_net_sales
from .money import net, net_sales, receipt_ids, sales_before_returns
from .persons import Person
from .registry import Lines, Quotient, figure, line_figure, quotient
from .selection import Group, Selection

SCAN_DIMENSIONS = (*STORE_DIMENSIONS, *PRODUCT_DIMENSIONS, "guide", "channel", "tier",
                   "join_channel")  # fmt: skip
SCAN_EVENTS = frozenset({"tag_scan", "guide_scan"})
LOST_AFTER = timedelta(days=14)


def _online(lines: Lines) -> Lines:
    return [part for part in lines if not part.is_pos]


@line_figure("money")
def online_net_sales(lines: Lines) -> Decimal:
    """net_sales of online lines"""
    return net(_online(lines))


@line_figure("quotient")
def online_share(lines: Lines) -> Quotient:
    """online_net_sales ÷ net_sales"""
    return quotient(online_net_sales(lines), net_sales(lines))


@line_figure("money")
def in_store_online_net_sales(lines: Lines) -> Decimal:
    """(net_sales of) online lines with origin_store_id"""
    return net([part for part in _online(lines) if part.origin_store is not None])


@line_figure("quotient")
def endless_aisle_share(lines: Lines) -> Quotient:
    """net_sales of orders with origin_store_id, `ship_from_store` or `ship_from_warehouse`, and
    another (or no) fulfil_store_id ÷ store_net_sales"""
    return quotient(net([p for p in _online(lines) if _is_endless(p)]), store_net_sales(lines))


def _is_endless(part: Part) -> bool:
    shipped = part.fulfilment in ("ship_from_store", "ship_from_warehouse")
    elsewhere = part.fulfil_store != part.origin_store
    return part.origin_store is not None and shipped and elsewhere


def _orders(lines: Lines, matching: Callable[[Part], bool]) -> int:
    """Paid online orders (with a sale line in the group) that match."""
    return len(receipt_ids([part for part in _online(lines) if matching(part)]))


@line_figure("quotient")
def pickup_share(lines: Lines) -> Quotient:
    """paid online orders with `take_away` or `store_pickup` ÷ paid online orders"""
    picked_up = _orders(lines, lambda part: part.fulfilment in ("take_away", "store_pickup"))
    return quotient(picked_up, _orders(lines, lambda part: True))


@line_figure("quotient")
def mobile_share(lines: Lines) -> Quotient:
    """paid online orders with device `mobile` ÷ those that state a device"""
    mobile = _orders(lines, lambda part: part.device == "mobile")
    return quotient(mobile, _orders(lines, lambda part: part.device is not None))


@figure("quotient", LINE_DIMENSIONS)
def tender_share(selection: Selection) -> Mapping[Group, Quotient]:
    """of sales_before_returns, by tender

    CHOICE: the whole is the same group over all tenders, also where a filter names one.
    """
    whole = selection.without("tender")
    result: dict[Group, Quotient] = {}
    for group, parts in (selection.lines or ({} if selection.by else {(): []})).items():
        around = tuple(v for d, v in zip(selection.by, group, strict=True) if d != "tender")
        all_tenders = sales_before_returns(whole.lines.get(around, []))
        result[group] = quotient(sales_before_returns(parts), all_tenders)
    return result


def scan_facts(company: Company) -> list[Fact]:
    """Tag and guide scans in time order, ties by event_id.

    CHOICE: by brand a scan follows its store, by category its product, by guide and channel what
    the event states; its day is the local calendar date.
    """
    scans = [row for row in company.rows["touchpoints"] if row["event"] in SCAN_EVENTS]
    scans.sort(key=lambda row: (row["occurred_at"], row["event_id"]))
    return [
        Fact(
            day=company.local_day(row["occurred_at"]),
            store=row["store_id"],
            guide=row["guide_id"],
            product=row["product_id"],
            person=company.persons.of(row["member_id"], row["visitor_id"]),
            channel=row["channel"],
            payload=row,
        )
        for row in scans
    ]


@figure("count", SCAN_DIMENSIONS)
def scans(selection: Selection) -> Mapping[Group, int]:
    """tag and guide scans"""
    return _counted(selection, scan_facts(selection.company))


@figure("count", SCAN_DIMENSIONS)
def scanning_visits(selection: Selection) -> Mapping[Group, int]:
    """first scan of a person in a store on a day

    CHOICE: the visit is that scan, with its guide and product; a scan without a store is none.
    """
    first: dict[object, Fact] = {}
    for scan in scan_facts(selection.company):
        if scan.store is not None:
            first.setdefault((scan.person, scan.store, scan.day), scan)
    return _counted(selection, first.values())


def _counted(selection: Selection, facts: Iterable[Fact]) -> dict[Group, int]:
    return {group: len(found) for group, found in selection.collect(facts).items()}


def lost_sales(company: Company) -> list[Fact]:
    """one per person, store, style and day: scanned, a stock row of that day says 0 or less, and
    the person bought that style nowhere within 14 days, which have passed

    CHOICE: the stock row is that of the scanned product in the store of the scan; of several such
    scans the first one stands; the 14 days run from its time, both ends included, and have passed
    when the as-of time lies beyond; a purchase counts at its payment. A product that states no
    style has none to lose.
    """
    first: dict[object, Fact] = {}
    for scan in scan_facts(company):
        style = _style(company, scan.product)
        out_of_stock = company.on_hand.get((scan.day, scan.store or "", scan.product or ""), 1) <= 0
        if style and scan.store and out_of_stock:
            first.setdefault((scan.person, scan.store, style, scan.day), scan)
    return [scan for scan in first.values() if _is_lost(company, scan)]


def _style(company: Company, product: str | None) -> str | None:
    row: Row = company.products.get(product or "", {})
    return row.get("style_id")


def _is_lost(company: Company, scan: Fact) -> bool:
    scanned_at: datetime = scan.payload["occurred_at"]
    until = scanned_at + LOST_AFTER
    if company.as_of is None or company.as_of <= until:
        return False
    style = _style(company, scan.product)
    return not any(
        scanned_at <= sale.at <= until and _style(company, sale.product) == style
        for sale in _sales_of(company, scan.person)
    )


def _sales_of(company: Company, person: Person | None) -> list[Part]:
    return company.person_sales.get(person, []) if person else []


@figure("count", SCAN_DIMENSIONS)
def lost_sale_scans(selection: Selection) -> Mapping[Group, int]:
    """see `lost_sales`"""
    return _counted(selection, lost_sales(selection.company))


@figure("money", SCAN_DIMENSIONS)
def lost_sale_value(selection: Selection) -> Mapping[Group, Decimal]:
    """(lost_sale_scans) × list price

    CHOICE: the list price of the scanned product; one that states none adds 0.
    """
    products = selection.company.products
    prices = {id_: row["list_price"] or Decimal(0) for id_, row in products.items()}
    return {
        group: sum((prices[fact.product or ""] for fact in facts), Decimal(0))
        for group, facts in selection.collect(lost_sales(selection.company)).items()
    }
