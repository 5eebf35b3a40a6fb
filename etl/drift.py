"""A column the source renamed: the file is stopped, and told which mapping line would let it in."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import polars as pl

from etl import cells
from etl.errors import SourceError
from etl.mapping import FieldMapping, TableMapping
from etl.readers import nearest
from warehouse.feeds import Feed, Field, Kind

_LOOKED_AT = 1000
"""Rows whose cells are looked at for what a column may hold."""

_TELLING = (Kind.COUNT, Kind.MONEY, Kind.AT, Kind.DATE, Kind.MONTH, Kind.FLAG, Kind.SHARES)
"""Kinds of cells that not any text is of."""


class MissingColumns(Exception):
    """A file without a required column; the message names it and the likeliest cure."""


def check_columns(feed: Feed, batch: pl.DataFrame, columns: Sequence[str], timezone: str) -> None:
    """Raises MissingColumns unless every required column is among the `columns` of a batch."""
    missing = [field for field in feed.fields if field.required and field.name not in columns]
    if not missing:
        return
    spare = [name for name in columns if name not in feed.columns]
    told = []
    for field in missing:
        near = nearest(field.name, spare, 0.5) or _of_its_kind(field, batch, spare, timezone)
        told.append(_missing(feed, field, spare, near or "…"))
    raise MissingColumns("; ".join(told))


def _of_its_kind(
    field: Field, batch: pl.DataFrame, spare: Sequence[str], timezone: str
) -> str | None:
    """The one column nobody knows whose cells the field could hold, whatever its name."""
    if field.kind not in _TELLING:
        return None
    fitting = []
    for name in spare:
        texts = cells.cleaned(batch[name].head(_LOOKED_AT)).drop_nulls()
        if texts.len() and cells.typed(texts, field.kind, timezone).null_count() == 0:
            fitting.append(name)
    return fitting[0] if len(fitting) == 1 else None


def _missing(feed: Feed, field: Field, spare: Sequence[str], near: str) -> str:
    found = f" (found instead: {', '.join(spare[:8])})" if spare else ""
    return (
        f"the required column {field.name} is missing{found}; name the column {field.name}, or map"
        f' it in a source mapping for {feed.name}: {field.name} = "{near}", with same_names = true'
        " for the others"
    )


def missing_in(file: str, column: str, header: Collection[str], table: TableMapping) -> SourceError:
    """A file without a column that its mapping reads, and the line of the mapping to change."""
    read = {name for rule in table.fields for name in rule.reads}
    spare = [name for name in header if name not in read]
    near = nearest(column, spare) or (spare[0] if len(spare) == 1 else None)
    hint = f" (nearest is {near!r})" if near else ""
    lines = [_line(rule, column, near or "…") for rule in table.fields if column in rule.reads]
    cure = f"write {' and '.join(lines)} in" if lines else "correct"
    return SourceError(
        f"{file} lacks the column {column!r} that the mapping {table.mapping} reads{hint};"
        f" export it with that column, or {cure} the mapping {table.mapping}"
    )


def _line(rule: FieldMapping, column: str, near: str) -> str:
    if rule == FieldMapping(rule.name, column=column):
        return f'{rule.name} = "{near}"'
    return f'"{near}" for "{column}" at {rule.name}'
