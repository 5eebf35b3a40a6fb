"""Scratch tables of a build: for one step, never published."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import MetaData, Table, insert
from sqlalchemy.sql.expression import Select

from warehouse import schema
from warehouse.engine import Build


def scratch(name: str, columns: Iterable[tuple[str, schema.Type]]) -> Table:
    """A scratch table, which no metadata remembers."""
    made = [schema.column(column, kind, "scratch") for column, kind in columns]
    return Table(name, MetaData(), *made)


def fill(build: Build, table: Table, rows: Select[Any]) -> int:
    """Make a scratch table and fill it with a SELECT of its columns; returns how many rows."""
    build.create(table, temporary=True)
    return build.run(insert(table).from_select([c.name for c in table.c], rows))
