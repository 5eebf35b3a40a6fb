"""Tables as files hold them: exact values in their own types, no text a spreadsheet would run."""

from __future__ import annotations

import polars as pl

from reports import columns
from reports.paper import Table
from warehouse import show

HUNDREDTHS = 100.0
NO_NUMBERS = [float("nan"), float("inf"), float("-inf")]
"""What a spreadsheet has no cell for."""


def exact(table: Table) -> pl.DataFrame:
    """A table's columns in their order: numbers as numbers (points of a ratio in hundredths),
    times as times, lists of marks in words, every text made harmless."""
    cells = [_cells(table, name).alias(name) for name in table.columns]
    return show.neutralised(pl.DataFrame(cells))


def headings(table: Table) -> list[str]:
    """The headings of a table, made harmless too, since some are names out of the data."""
    named = pl.DataFrame({"heading": [column.heading for column in table.columns.values()]})
    return show.neutralised(named)["heading"].to_list()


def kinds(table: Table, name: str) -> list[columns.Kind]:
    """How each row of a column is written."""
    column = table.columns[name]
    if not column.kind.startswith("figure"):
        return [columns.kind(column)] * table.frame.height
    return [columns.kind(column, key) for key in table.frame["key"]]


def _cells(table: Table, name: str) -> pl.Series:
    values = table.frame[name]
    if values.dtype == pl.List(pl.String):
        return values.list.join(", ")
    points = [kind is columns.KINDS["points"] for kind in kinds(table, name)]
    if any(points):
        return values.cast(pl.Float64) * pl.Series([HUNDREDTHS if one else 1.0 for one in points])
    return values.replace(NO_NUMBERS, None) if values.dtype.is_float() else values
