"""The JSON of `python -m warehouse funnel`, and the closure rate of both rings."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from statistics import median
from typing import Any

from .calendars import TIME_DIMENSIONS, days_between
from .company import Company
from .entries import Entry, is_immature, purchases_of
from .facts import Fact
from .funnels import FUNNELS, OPTIONAL, Funnel, Reached
from .persons import Person
from .query import query
from .rings import ENTRY_DIMENSIONS
from .selection import Selection


def funnel(
    company: Company,
    name: str,
    start: date,
    end: date,
    by: str | None = None,
    where: Mapping[str, Sequence[str]] | None = None,
    window: str | timedelta | None = None,
    with_immature: bool = False,
    detail: bool = False,
) -> list[dict[str, Any]]:
    """One row a group: dimension, `entries` (mature ones), `immature`, a count per step (mature
    entries only, unless `with_immature`), `median_hours` (entry to last step, of those). With
    `detail` also the 90th percentile, and of each step its rates and times to convert.

    `window` is written as on the command line: "14d" or "36h".
    """
    chosen = FUNNELS[name]
    lasting = _duration(window) if window is not None else chosen.window
    found = chosen.entries(company)
    reached = chosen.reach(company, found, lasting)
    selection = selection_of(company, start, end, by, where or {})
    groups = selection.collect(found) or ({} if by else {(): []})
    return [
        {
            **dict(zip(selection.by, group, strict=True)),
            **_row(
                company,
                chosen,
                groups[group],
                reached,
                window=lasting,
                with_immature=with_immature,
                detail=detail,
            ),
        }
        for group in sorted(groups, key=lambda group: [(v is None, v or "") for v in group])
    ]


def selection_of(
    company: Company, start: date, end: date, by: str | None, where: Mapping[str, Sequence[str]]
) -> Selection:
    """Breakdowns and filters take the entry's attributes; the period selects entries."""
    for dimension in (*([by] if by else []), *where):
        if dimension not in (*TIME_DIMENSIONS, *ENTRY_DIMENSIONS):
            raise ValueError(f"funnels have no dimension {dimension}")
    pairs = tuple((day, day) for day in days_between(start, end))
    filters = {dimension: tuple(values) for dimension, values in where.items()}
    return Selection(company, pairs, (by,) if by else (), filters, "as_was", "year")


def _row(
    company: Company,
    chosen: Funnel,
    entries: Sequence[Entry],
    reached: Mapping[Entry, Reached],
    *,
    window: timedelta,
    with_immature: bool,
    detail: bool,
) -> dict[str, Any]:
    mature = [entry for entry in entries if not is_immature(company, entry, window)]
    counted = entries if with_immature else mature
    times = [(entry, reached.get(entry, {})) for entry in counted]
    hours = {
        step: sorted((r[step] - e.at) / timedelta(hours=1) for e, r in times if step in r)
        for step in chosen.steps
    }
    last = chosen.steps[-1]
    row: dict[str, Any] = {
        "entries": len(mature),
        "immature": len(entries) - len(mature),
        **{step: len(hours[step]) for step in chosen.steps},
        "median_hours": median(hours[last]) if hours[last] else None,
    }
    return row | (_detail(chosen, hours, len(counted)) if detail else {})


def _detail(
    chosen: Funnel, hours: Mapping[str, Sequence[float]], entries: int
) -> dict[str, float | None]:
    """Rates: step ÷ entries, and step ÷ previous; a step beside the chain is nobody's previous."""
    found: dict[str, float | None] = {"p90_hours": _p90(hours[chosen.steps[-1]])}
    previous = entries
    for step in chosen.steps:
        number = len(hours[step])
        found[f"{step}_rate"] = number / entries if entries else None
        found[f"{step}_of_previous"] = number / previous if previous else None
        found[f"{step}_median_hours"] = median(hours[step]) if hours[step] else None
        found[f"{step}_p90_hours"] = _p90(hours[step])
        if step not in OPTIONAL:
            previous = number
    return found


def _p90(values: Sequence[float]) -> float | None:
    """CHOICE: between two values, on the straight line (as spreadsheets' PERCENTILE.INC)."""
    if not values:
        return None
    below, beyond = divmod((len(values) - 1) * 9, 10)
    above = min(below + 1, len(values) - 1)
    return values[below] + (values[above] - values[below]) * beyond / 10


def unidentified(
    company: Company,
    start: date,
    end: date,
    by: str | None = None,
    where: Mapping[str, Sequence[str]] | None = None,
) -> list[dict[str, Any]]:
    """Receipts, paid orders and events by what is known of who: one row a group and kind, with
    `total`, `members`, `visitors` (named by no member row) and `unidentified`.

    CHOICE: an order stands in the store it is credited to, on the day it was paid.
    """
    selection = selection_of(company, start, end, by, where or {})
    rows = [
        (group, kind, [fact.person for fact in facts if fact.payload == kind])
        for group, facts in selection.collect(_known(company)).items()
        for kind in {fact.payload for fact in facts}
    ]
    return [
        {**dict(zip(selection.by, group, strict=True)), "kind": kind, **_who(persons)}
        for group, kind, persons in sorted(
            rows, key=lambda row: ([(v is None, v or "") for v in row[0]], row[1])
        )
    ]


def _who(persons: Sequence[Person | None]) -> dict[str, int]:
    kinds = [person[0] if person else None for person in persons]
    return {
        "total": len(kinds),
        "members": kinds.count("member"),
        "visitors": kinds.count("visitor"),
        "unidentified": kinds.count(None),
    }


def _known(company: Company) -> list[Fact]:
    """A fact a receipt, order and event; its payload is what kind of thing it is."""
    receipts = [
        Fact(
            day=purchase.day,
            store=parts[0].store,
            person=purchase.person,
            payload="receipts" if purchase.is_pos else "orders",
        )
        for purchase, parts in purchases_of(company)
    ]
    events = [
        Fact(
            day=company.local_day(row["occurred_at"]),
            store=row["store_id"],
            person=company.persons.of(row["member_id"], row["visitor_id"]),
            payload=row["event"],
        )
        for row in company.rows["touchpoints"]
    ]
    return [*receipts, *events]


def _duration(text: str | timedelta) -> timedelta:
    if isinstance(text, timedelta):
        return text
    match = re.fullmatch(r"(\d+)([dh])", text)
    if not match:
        raise ValueError(f"not a window: {text}")
    number = int(match[1])
    return timedelta(days=number) if match[2] == "d" else timedelta(hours=number)


def ring_closure_rate(
    company: Company,
    start: date,
    end: date,
    by: Sequence[str] = (),
    where: Mapping[str, Sequence[str]] | None = None,
) -> list[dict[str, Any]]:
    """The figure of that name: `query` knows it as well."""
    return query(company, ["ring_closure_rate"], start, end, by, where)
