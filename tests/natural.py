"""The tables of a warehouse by the identifiers of the source, so that two loads can be compared.

Integer keys, files and lines depend on the order of arrival; nothing else may.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Table, select

from warehouse import schema
from warehouse.answers import Reader
from warehouse.schema import ENTITIES, LEDGER, METADATA

Rows = list[tuple[Any, ...]]
Name = Callable[[int | None], Any]

_LEFT_OUT = ("file_key", "file_line")
_ALIASES = {"ancestor": "region", "person": "member"}


def tables(reader: Reader) -> dict[str, Rows]:
    """Every loaded and derived table, its rows in one order whatever order they are stored in."""
    names = _names(reader)
    wanted = [t for t in METADATA.sorted_tables if t not in LEDGER and t is not schema.DIM_DATES]
    return {table.name: contents(reader, table, names) for table in wanted}


def contents(reader: Reader, table: Table, names: dict[str, Name] | None = None) -> Rows:
    """The rows of one table, each key replaced by what the source calls it."""
    names = names or _names(reader)
    columns = [column.name for column in table.c if column.name not in _LEFT_OUT]
    cells = reader.fetch(select(*(table.c[name] for name in columns))).to_dict(as_series=False)
    naming = {name: _name_of(name, names) for name in columns if name.endswith("_key")}
    named = [
        [naming[name](cell) for cell in cells[name]] if name in naming else cells[name]
        for name in columns
    ]
    return sorted(zip(*named, strict=True), key=repr)


def _name_of(column: str, names: dict[str, Name]) -> Name:
    """How to name what a key column points to: `join_store_key` is a store."""
    entity = column.removesuffix("_key").split("_")[-1]
    return names[_ALIASES.get(entity, entity)]


def _names(reader: Reader) -> dict[str, Name]:
    """For each entity what its keys are called; a negative one is a visitor's or an order's."""
    ids: dict[str, dict[int, Any]] = {}
    for entity in ENTITIES.values():
        table = METADATA.tables[entity.table]
        more = [table.c[entity.within]] if entity.within else []
        rows = reader.fetch(select(table.c[entity.key], table.c[entity.id], *more)).rows()
        assert len({row[0] for row in rows}) == len(rows) == len({row[1:] for row in rows})
        ids[entity.name] = {key: name[0] if not more else tuple(name) for key, *name in rows}
    stores = ids["store"]
    ids["receipt"] = {key: (name, stores[store]) for key, (name, store) in ids["receipt"].items()}
    other_side = {"member": "visitor", "receipt": "order"}
    return {name: _lookup(own, ids.get(other_side.get(name, ""), {})) for name, own in ids.items()}


def _lookup(own: dict[int, Any], other: dict[int, Any]) -> Name:
    others = {-key: ("not one", name) for key, name in other.items()}
    return {None: None, 0: "unassigned", **own, **others}.__getitem__
