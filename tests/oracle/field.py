"""Table "Stores, guides, regions" of 03-metrics.md, without targets and like-for-like."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from .dimensions import LINE_DIMENSIONS, STORE_DIMENSIONS
from .facts import Fact
from .money import net, net_sales, receipt_ids, sales
from .registry import Lines, Quotient, figure, line_figure, quotient
from .selection import Group, Selection


@line_figure("money")
def pos_net_sales(lines: Lines) -> Decimal:
    """net_sales of POS lines"""
    return net([part for part in lines if part.is_pos])


@line_figure("money")
def guided_online_net_sales(lines: Lines) -> Decimal:
    """net_sales of online lines credited to a store"""
    return net([part for part in lines if not part.is_pos and part.store is not None])


@line_figure("money")
def store_net_sales(lines: Lines) -> Decimal:
    """net_sales credited to any store = the two above

    CHOICE: the two above differ from it by POS returns of online orders that have no credit
    store; "credited to any store" leaves those out.
    """
    return net([part for part in lines if part.store is not None])


@line_figure("money")
def credited_net_sales(lines: Lines) -> Decimal:
    """net_sales × credit share, credited to a guide"""
    return net(_credited(lines))


def _credited(lines: Lines) -> Lines:
    return [part for part in lines if part.guide is not None]


@line_figure("quotient")
def guide_coverage(lines: Lines) -> Quotient:
    """credited_net_sales ÷ net_sales"""
    return quotient(credited_net_sales(lines), net_sales(lines))


@line_figure("money")
def home_order_net_sales(lines: Lines) -> Decimal:
    """credited_net_sales of online orders not placed in a store

    CHOICE: online lines only; a return of such an order at the till is a POS line.
    """
    return net([p for p in _credited(lines) if not p.is_pos and p.origin_store is None])


@line_figure("count")
def guide_receipts(lines: Lines) -> int:
    """receipts in which the guide (ungrouped: any guide) has any share"""
    return len(receipt_ids(_credited(lines)))


@line_figure("count")
def active_guides(lines: Lines) -> int:
    """guides with a credited sale line

    CHOICE: a guide id that is not loaded yet is a guide all the same, each id for itself.
    """
    return len({part.guide for part in _credited(sales(lines))})


@line_figure("quotient")
def net_sales_per_guide(lines: Lines) -> Quotient:
    """credited_net_sales ÷ active_guides"""
    return quotient(credited_net_sales(lines), active_guides(lines))


@figure("quotient", LINE_DIMENSIONS)
def sales_per_sqm(selection: Selection) -> Mapping[Group, Quotient]:
    """store_net_sales ÷ selling area, stores that state an area

    CHOICE: the stores of a group are those with a line in it; each one's area counts once.
    """
    result: dict[Group, Quotient] = {}
    for group, parts in selection.lines.items():
        areas = {store: _area(selection, store) for store in {part.store for part in parts}}
        stated = {store: area for store, area in areas.items() if area is not None}
        sold = net([part for part in parts if part.store in stated])
        result[group] = quotient(sold, sum(stated.values(), Decimal(0)))
    return result


def _area(selection: Selection, store: str | None) -> Decimal | None:
    row = selection.company.organisation.store_latest(store)
    return row["selling_area_sqm"] if row else None


def _counted(selection: Selection) -> dict[Group, list[Fact]]:
    """Store-days that have a counter, by the store's region and brand of the day."""
    facts = [
        Fact(day=day, store=store, payload=number)
        for (store, day), number in selection.company.store_day_visitors.items()
    ]
    return selection.collect(facts)


@figure("count", STORE_DIMENSIONS)
def visitors(selection: Selection) -> Mapping[Group, int]:
    """Σ visitors"""
    return {g: sum(fact.payload for fact in facts) for g, facts in _counted(selection).items()}


@figure("quotient", STORE_DIMENSIONS)
def conversion_rate(selection: Selection) -> Mapping[Group, Quotient]:
    """POS receipts ÷ visitors, over store-days that have a counter

    A group exists where a counter counted. Its receipts are those of its store-days, so by brand
    they follow the store's brand as the visitors do.
    """
    result: dict[Group, Quotient] = {}
    for group, facts in _counted(selection).items():
        store_days = {(fact.store or "", fact.day) for fact in facts}
        number = sum(fact.payload for fact in facts)
        result[group] = quotient(len(_pos_receipts(selection, store_days)), number)
    return result


def _pos_receipts(selection: Selection, store_days: set[tuple[str, date]]) -> set[tuple[str, ...]]:
    at = selection.company.store_day_parts
    return receipt_ids([p for key in store_days for p in at.get(key, ()) if p.is_pos])
