"""Targets and their attainment."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from fractions import Fraction

from .calendars import TIME_DIMENSIONS, days_in_month
from .conform import Row
from .dimensions import STORE_DIMENSIONS
from .facts import Fact
from .field import credited_net_sales, store_net_sales
from .money import net_sales
from .registry import Quotient, figure, quotient
from .selection import Group, Selection

TARGET_DIMENSIONS = (*STORE_DIMENSIONS, "guide")

# The filters under which a level's own targets still say what is asked: a region's target knows
# nothing of one of its stores.
_OWN_FILTERS: dict[str, frozenset[str]] = {
    "guide": frozenset({"guide"}),
    "region": frozenset({"region", "top_region"}),
    "top_region": frozenset({"top_region"}),
    "brand": frozenset({"brand"}),
}


@figure("money", TARGET_DIMENSIONS)
def target(selection: Selection) -> Mapping[Group, Fraction]:
    """Σ monthly targets of the grouping's own level (else of its stores; never both), pro rata by
    days of a month only partly in the period

    The metric is `net_sales`, the one `target_attainment` divides.
    CHOICE: "else" is decided group by group: a region that has any target of its own in the
    period takes only its own. A grouping without a level (none, city, two levels at once) takes
    its stores'; so does one filtered by what its own targets do not know. `top_region` takes
    region targets of top regions. Guides stand alone or under time, filtered by guides only.
    """
    level = _level(selection)
    if level == "guide":
        return _pro_rata(selection, "guide")
    of_stores = _pro_rata(selection, "store")
    if level in ("region", "top_region", "brand"):
        return {**of_stores, **_pro_rata(selection, level)}
    return of_stores


@figure("quotient", TARGET_DIMENSIONS)
def target_attainment(selection: Selection) -> Mapping[Group, Quotient]:
    """figure ÷ target (stores and regions: store_net_sales; guides: credited_net_sales; brands:
    net_sales)

    A group exists where a target is. CHOICE: groupings without a level (none, city …) take
    store_net_sales, as their targets are those of stores.
    """
    of_lines = {"guide": credited_net_sales, "brand": net_sales}.get(
        _grouping(selection), store_net_sales
    )
    return {
        group: quotient(of_lines(selection.lines.get(group, [])), planned)
        for group, planned in target(selection).items()
    }


def _grouping(selection: Selection) -> str:
    """The one dimension besides time, if it is one; else "store" (also for none)."""
    still = [d for d in selection.by if d not in TIME_DIMENSIONS]
    return still[0] if len(still) == 1 else "store"


def _level(selection: Selection) -> str:
    """The level whose own targets apply; "store": its stores' targets only."""
    filters = {d for d in selection.where if d not in TIME_DIMENSIONS}
    if "guide" in selection.by or "guide" in filters:
        if _grouping(selection) != "guide" or not filters <= _OWN_FILTERS["guide"]:
            raise ValueError("targets of guides are by guide, filtered by guides only")
        return "guide"
    grouping = _grouping(selection)
    own = grouping in _OWN_FILTERS and filters <= _OWN_FILTERS[grouping]
    return grouping if own else "store"


def _pro_rata(selection: Selection, level: str) -> dict[Group, Fraction]:
    """Each day of the period carries its month's target ÷ the month's days."""
    by_month: dict[str, list[Row]] = defaultdict(list)
    for row in selection.company.rows["targets"]:
        if row["metric"] == "net_sales" and row["level"] == level.removeprefix("top_"):
            by_month[row["month"]].append(row)
    sums: dict[Group, Fraction] = defaultdict(Fraction)
    for group, facts in selection.collect(_daily(selection, level, by_month)).items():
        sums[group] = sum((fact.payload for fact in facts), Fraction(0))
    return dict(sums)


def _daily(selection: Selection, level: str, by_month: Mapping[str, list[Row]]) -> Iterator[Fact]:
    organisation = selection.company.organisation
    for day in selection.days:
        for row in by_month.get(f"{day:%Y-%m}", ()):
            region = organisation.region_label(row["id"])
            if level == "top_region" and organisation.top_region(region) != region:
                continue  # a sub-region's target is inside its top region's
            yield _fact(selection, level, row["id"], day, Fraction(row["target"]))


def _fact(selection: Selection, level: str, id_: str, day: date, month: Fraction) -> Fact:
    share = month / days_in_month(day)
    if level == "store":
        return Fact(day=day, store=id_, payload=share)
    if level == "guide":
        return Fact(day=day, guide=id_, payload=share)
    if level == "brand":
        return Fact(day=day, told={"brand": id_}, payload=share)
    region = selection.company.organisation.region_label(id_)
    top = selection.company.organisation.top_region(region)
    return Fact(day=day, told={"region": region, "top_region": top}, payload=share)
