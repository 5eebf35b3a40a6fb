"""Frames as the command line prints them: table, CSV, JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import polars as pl


def shown(frame: pl.DataFrame, layout: str) -> str:
    """A frame as `table`, `csv` or `json`."""
    layouts: dict[str, Callable[[pl.DataFrame], str]] = {
        "table": table,
        "csv": csv,
        "json": as_json,
    }
    return layouts[layout](frame)


def records(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """One object a row: amounts as text with their decimals, counts as integers, empty as null."""
    return [
        {name: _plain(value) for name, value in row.items()} for row in frame.iter_rows(named=True)
    ]


def as_json(frame: pl.DataFrame) -> str:
    """A list of objects, one a line."""
    lines = (json.dumps(record, ensure_ascii=False) for record in records(frame))
    return "[" + ",\n ".join(lines) + "]"


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return _decimal(value)
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%dT%H:%M:%SZ}"
    return value.isoformat() if isinstance(value, date) else value


def _decimal(value: Decimal) -> str | int | float:
    """Money (two decimals) as text; units as an integer, or with the fraction of a shared line."""
    if value.as_tuple().exponent == -2:
        return str(value)
    return int(value) if value == value.to_integral_value() else float(value)


def csv(frame: pl.DataFrame) -> str:
    """Comma-separated text, safe to open in a spreadsheet."""
    return neutralised(frame).write_csv().rstrip("\n")


def neutralised(frame: pl.DataFrame) -> pl.DataFrame:
    """Text cells that a spreadsheet would run as a formula, with an apostrophe in front."""
    texts = {name: pl.col(name) for name, kind in frame.schema.items() if kind == pl.String}
    return frame.with_columns(
        pl.when(text.str.contains(r"^[=+\-@\t\r]")).then("'" + text).otherwise(text).alias(name)
        for name, text in texts.items()
    )


def table(frame: pl.DataFrame) -> str:
    """Aligned columns for a terminal."""
    cells = [[_cell(value) for value in row.values()] for row in records(frame)]
    rows = [frame.columns, *cells]
    widths = [max(len(row[place]) for row in rows) for place in range(frame.width)]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.4f}" if isinstance(value, float) else str(value)
