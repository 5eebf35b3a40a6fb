"""Like-for-like: the same stores on days that can be compared."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from .calendars import aligned
from .company import Company
from .dimensions import LINE_DIMENSIONS
from .facts import Fact, Part
from .registry import Quotient, figure, quotient
from .selection import Group, Selection

MATURE_AFTER = timedelta(days=30)


@figure("quotient", LINE_DIMENSIONS)
def like_for_like_growth(selection: Selection) -> Mapping[Group, Quotient]:
    """Growth = Σ store_net_sales over those days ÷ Σ over their aligned days − 1.

    A group's region and brand are day d's, in both years; by channel or guide the same store-days
    count, with that channel's or guide's sales. An open store-day without sales counts as 0.
    CHOICE: a group exists where a line of a comparable store-day or of its aligned day falls into
    it ("groups without data are left out"); a store that no feed describes is not comparable.
    """
    now: dict[Group, Decimal] = defaultdict(Decimal)
    before: dict[Group, Decimal] = defaultdict(Decimal)
    for fact, that_day in _comparable_store_days(selection):
        for day, sums in ((fact.day, now), (that_day, before)):
            for part in selection.company.store_day_parts.get((fact.store or "", day), ()):
                for group in _groups(selection, _placed(part, fact)):
                    sums[group] += part.net
    return {g: _growth(now[g], before[g]) for g in {**now, **before}}


def _growth(now: Decimal, before: Decimal) -> Quotient:
    ratio = quotient(now, before)
    return None if ratio is None else ratio - 1


@figure("quotient", LINE_DIMENSIONS)
def like_for_like_coverage(selection: Selection) -> Mapping[Group, Quotient]:
    """The share of store_net_sales that is comparable: that of the store-days like-for-like counts.

    CHOICE: a group's brand is the store's here too, in both halves of the quotient.
    """
    counted = {(fact.store, fact.day) for fact, _ in _comparable_store_days(selection)}
    comparable: dict[Group, Decimal] = defaultdict(Decimal)
    whole: dict[Group, Decimal] = defaultdict(Decimal)
    for (store, day), parts in selection.company.store_day_parts.items():
        for part in parts:
            for group in _groups(selection, _placed(part, Fact(day=day, store=store))):
                whole[group] += part.net
                comparable[group] += part.net if (store, day) in counted else 0
    if not selection.by:
        whole.setdefault((), Decimal(0))
    return {group: quotient(comparable[group], whole[group]) for group in whole}


def _comparable_store_days(selection: Selection) -> Iterator[tuple[Fact, date]]:
    """(store on day d, aligned day d′) for every store that counts on d."""
    for day in selection.days:
        that_day = aligned(day, selection.alignment)
        for store in selection.company.organisation.stores:
            if counts(selection.company, store, day, that_day):
                yield Fact(day=day, store=store), that_day


def counts(company: Company, store: str, day: date, that_day: date) -> bool:
    """A store counts on day d, against aligned day d′, when d′ − opened_on ≥ 30 days, it was
    closed on neither, and both days lie between the first and the last business date of any
    loaded sale.

    CHOICE: a store that states no opened_on has always been open.
    """
    if company.sale_days is None:
        return False
    first, last = company.sale_days
    if not (first <= day <= last and first <= that_day <= last):
        return False
    row = company.organisation.store_latest(store)
    opened_on = row["opened_on"] if row else None
    if opened_on is not None and that_day - opened_on < MATURE_AFTER:
        return False
    closed = company.organisation.is_closed
    return not (closed(store, day) or closed(store, that_day))


def _placed(part: Part, place: Fact) -> Fact:
    """What a line is by itself, in the place (store, its region and brand) of day d."""
    return replace(
        place,
        guide=part.guide,
        product=part.product,
        person=part.person,
        channel=part.channel,
        tender=part.tender,
        fulfilment=part.fulfilment,
        device=part.device,
    )


def _groups(selection: Selection, fact: Fact) -> set[Group]:
    return set(selection.collect([fact]))
