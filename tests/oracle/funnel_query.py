"""The JSON of `python -m warehouse funnel`, and the closure rate of both rings."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from statistics import median
from typing import Any

from .calendars import TIME_DIMENSIONS, days_between
from .company import Company
from .entries import Entry, is_immature
from .funnels import FUNNELS, Funnel, Reached
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
) -> list[dict[str, Any]]:
    """One row a group: dimension, `entries` (mature ones), `immature`, a count per step (mature
    entries only, unless `with_immature`), `median_hours` (entry to last step, of those).

    `window` is written as on the command line: "14d" or "36h".
    """
    chosen = FUNNELS[name]
    lasting = _duration(window) if window is not None else chosen.window
    found = chosen.entries(company)
    reached = chosen.reach(company, found, lasting)
    selection = _selection(company, start, end, by, where or {})
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
            ),
        }
        for group in sorted(groups, key=lambda group: [(v is None, v or "") for v in group])
    ]


def _selection(
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
) -> dict[str, Any]:
    mature = [entry for entry in entries if not is_immature(company, entry, window)]
    counted = entries if with_immature else mature
    times = [(entry, reached.get(entry, {})) for entry in counted]
    last = chosen.steps[-1]
    hours = [(r[last] - e.at) / timedelta(hours=1) for e, r in times if last in r]
    return {
        "entries": len(mature),
        "immature": len(entries) - len(mature),
        **{step: sum(step in r for _, r in times) for step in chosen.steps},
        "median_hours": median(hours) if hours else None,
    }


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
