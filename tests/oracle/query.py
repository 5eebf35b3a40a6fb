"""The JSON of `python -m warehouse query`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from . import (  # noqa: F401 (they register)
    coupons,
    crm,
    field,
    like_for_like,
    money,
    o2o,
    rings,
    scan_quality,
    targets,
)
from .calendars import ALIGNMENTS, compared, days_between
from .company import Company
from .registry import FIGURES, Figure
from .selection import Group, Selection

ORGANISATIONS = ("as_was", "as_is")


def query(
    company: Company,
    keys: Sequence[str],
    start: date,
    end: date,
    by: Sequence[str] = (),
    where: Mapping[str, Sequence[str]] | None = None,
    compare: str | None = None,
    org: str = "as_was",
) -> list[dict[str, Any]]:
    """Rows sorted by their dimension values, null last.

    ValueError: an unknown key, dimension, comparison or organisation, or a figure that cannot be
    cut by a dimension. Values of filters are not checked: an unknown one matches nothing.
    CHOICE: like-for-like takes its alignment from `compare` (year without one, or with prior).
    """
    _check(keys, by, where or {}, compare, org)
    alignment = compare if compare in ALIGNMENTS else "year"
    filters = {dimension: tuple(values) for dimension, values in (where or {}).items()}

    def selection(pairs: list[tuple[date, date]]) -> Selection:
        return Selection(company, tuple(pairs), tuple(by), filters, org, alignment or "year")

    columns = _columns(keys, "", selection([(day, day) for day in days_between(start, end)]))
    if compare:
        columns |= _columns(keys, "_compare", selection(compared(start, end, compare)))
    return _rows(by, columns)


def _check(
    keys: Sequence[str],
    by: Sequence[str],
    where: Mapping[str, Sequence[str]],
    compare: str | None,
    org: str,
) -> None:
    if compare not in (None, "prior", *ALIGNMENTS) or org not in ORGANISATIONS:
        raise ValueError(f"unknown comparison or organisation: {compare}, {org}")
    for key in keys:
        if key not in FIGURES:
            raise ValueError(f"unknown key: {key}")
        for dimension in (*by, *where):
            if dimension not in FIGURES[key].dimensions:
                raise ValueError(f"{key} has no dimension {dimension}")


def _columns(
    keys: Sequence[str], suffix: str, selection: Selection
) -> dict[str, tuple[Figure, Mapping[Group, Any]]]:
    computed: dict[str, tuple[Figure, Mapping[Group, Any]]] = {}
    for key in keys:
        figure = FIGURES[key]
        values = figure.compute(selection)
        if not selection.by and () not in values:
            values = {(): figure.of_nothing()}
        computed[key + suffix] = (figure, values)
    return computed


def _rows(
    by: Sequence[str], columns: Mapping[str, tuple[Figure, Mapping[Group, Any]]]
) -> list[dict[str, Any]]:
    """Outer join: None where a source, or the compared period, has no such group."""
    groups = {group for _, values in columns.values() for group in values}
    ordered = sorted(groups, key=lambda group: [(value is None, value or "") for value in group])
    return [
        {
            **dict(zip(by, group, strict=True)),
            **{key: figure.shown(values.get(group)) for key, (figure, values) in columns.items()},
        }
        for group in ordered
    ]
