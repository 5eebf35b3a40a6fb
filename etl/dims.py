"""Dimensions derived from loaded rows: latest attributes, organisation over time, persons."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
from sqlalchemy import Table, and_, case, delete, func, insert, literal, select
from sqlalchemy.sql.expression import Select

from warehouse import portable, schema
from warehouse.engine import Build
from warehouse.schema import LOADED

FOR_EVER = date(9999, 12, 31)


def derive_dimensions(build: Build) -> None:
    """Refresh every derived dimension from the loaded rows."""
    _latest(build, schema.DIM_STORES, LOADED["stores"], "store_key")
    _latest(build, schema.DIM_GUIDES, LOADED["guides"], "guide_key")
    refill(build, schema.STORE_PERIODS, _store_periods())
    _region_paths(build)
    _persons(build)


def refill(build: Build, table: Table, rows: Select[Any]) -> None:
    """Make a derived table anew from a SELECT of its columns."""
    build.create(table)
    build.run(insert(table).from_select([c.name for c in table.c], rows))


def _latest(build: Build, table: Table, rows: Table, key: str) -> None:
    """Give each member of a dimension the attributes of its row with the latest valid_from."""
    place = portable.first_of([rows.c[key]], [rows.c.valid_from.desc()])
    ranked = select(rows, place.label("place")).where(~rows.c.is_deleted).subquery()
    own = {c.name for c in table.primary_key} | {key.replace("_key", "_id")}
    values: dict[str, Any] = {
        c.name: table.c[c.name] if c.name in own else ranked.c.get(c.name) for c in table.c
    } | {"is_known": ranked.c[key].is_not(None)}
    joined = table.outerjoin(ranked, and_(ranked.c[key] == table.c[key], ranked.c.place == 1))
    fresh = build.fetch(
        select(*(values[c.name].label(c.name) for c in table.c)).select_from(joined)
    )
    build.run(delete(table))
    build.append(table, fresh)


def _store_periods() -> Select[Any]:
    """Region and brand of a day: the latest row on or before it, else the first."""
    rows = LOADED["stores"]
    place = portable.first_of([rows.c.store_key], [rows.c.valid_from])
    following = portable.next_in_order(rows.c.valid_from, rows.c.store_key, rows.c.valid_from)
    return select(
        rows.c.store_key,
        case((place == 1, literal(date(1, 1, 1))), else_=rows.c.valid_from),
        func.coalesce(following, literal(FOR_EVER)),
        rows.c.region_key,
        rows.c.brand,
    ).where(~rows.c.is_deleted)


def _region_paths(build: Build) -> None:
    """The tree is small, so it is climbed here; a circle ends where it closes."""
    regions = LOADED["regions"]
    named = build.fetch(
        select(regions.c.region_key, regions.c.parent_region_key, regions.c.is_known)
    )
    known = {key for key, _, is_known in named.iter_rows() if is_known}
    parents = {key: up for key, up, _ in named.iter_rows() if key in known and up in known}
    rows = [
        (region, ancestor, step, step == max(len(path) - 2, 0))
        for region in named["region_key"]
        for path in [_path(region, parents)]
        for step, ancestor in enumerate(path)
    ]
    types = {
        "region_key": pl.Int32,
        "ancestor_key": pl.Int32,
        "steps_up": pl.Int32,
        "is_top": pl.Boolean,
    }
    build.create(schema.REGION_PATHS)
    build.append(schema.REGION_PATHS, pl.DataFrame(rows, schema=types, orient="row"))


def _path(start: int, parents: dict[int, int]) -> list[int]:
    """A key, its parent, and so on up to the root."""
    path = [start]
    while (up := parents.get(path[-1])) is not None and up not in path:
        path.append(up)
    return path


def _persons(build: Build) -> None:
    """Members to the member who stands for them, visitors to the member who names them."""
    members = LOADED["members"]
    merged = build.fetch(
        select(members.c.member_key, members.c.merged_into_member_key).where(
            members.c.merged_into_member_key.is_not(None), ~members.c.is_deleted
        )
    )
    into = dict(merged.iter_rows())
    survivors = pl.DataFrame(
        {"member_key": list(into), "person_key": [_survivor(key, into) for key in into]},
        schema={"member_key": pl.Int64, "person_key": pl.Int64},
    )
    unmerged = select(members.c.member_key, members.c.member_key).where(
        members.c.merged_into_member_key.is_(None) | func.coalesce(members.c.is_deleted, False)
    )
    refill(build, schema.MEMBER_PERSONS, unmerged)
    build.append(schema.MEMBER_PERSONS, survivors)
    refill(build, schema.VISITOR_PERSONS, _visitor_persons())


def _survivor(key: int, into: dict[int, int]) -> int:
    """End of the chain of merges; of members merged in a circle the smallest key."""
    path = _path(key, into)
    last = into.get(path[-1])
    if last is None:
        return path[-1]
    return min(path[path.index(last) :])


def _visitor_persons() -> Select[Any]:
    """Named by several members: the one who joined first, ties the smallest id."""
    members, visitors, persons = LOADED["members"], schema.DIM_VISITORS, schema.MEMBER_PERSONS
    place = portable.first_of([members.c.visitor_key], [members.c.joined_at, members.c.member_id])
    naming = (
        select(members.c.visitor_key, persons.c.person_key, place.label("place"))
        .join(persons, persons.c.member_key == members.c.member_key)
        .where(members.c.visitor_key.is_not(None), ~members.c.is_deleted)
        .subquery()
    )
    return select(
        visitors.c.visitor_key, func.coalesce(naming.c.person_key, -visitors.c.visitor_key)
    ).select_from(
        visitors.outerjoin(
            naming, and_(naming.c.visitor_key == visitors.c.visitor_key, naming.c.place == 1)
        )
    )
