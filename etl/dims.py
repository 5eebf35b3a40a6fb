"""Dimensions derived from loaded rows: latest attributes, organisation over time, persons."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
from sqlalchemy import BigInteger, Table, and_, case, func, insert, literal, select
from sqlalchemy.sql.expression import FromClause, Select

from etl.scratch import fill, scratch
from etl.touched import Touched, collect, gather, refresh
from warehouse import portable, schema
from warehouse.engine import Build
from warehouse.schema import LOADED

FOR_EVER = date(9999, 12, 31)


def derive_dimensions(build: Build, touched: Touched | None) -> None:
    """Refresh every derived dimension from the loaded rows; all but persons are small."""
    stores, guides = schema.DIM_STORES, schema.DIM_GUIDES
    _restate(build, stores, _latest(stores, LOADED["stores"], "store_key"), touched)
    _restate(build, guides, _latest(guides, LOADED["guides"], "guide_key"), touched)
    _restate(build, schema.STORE_PERIODS, _store_periods(), touched)
    _restate(build, schema.GUIDE_PERIODS, _guide_periods(), touched)
    _region_paths(build)
    _persons(build, touched)


def _restate(build: Build, table: Table, rows: Select[Any], touched: Touched | None) -> None:
    """Work a small table out whole, store what differs, and note it."""
    if touched is None and table in schema.DERIVED:
        refill(build, table, rows)
        return
    fresh = scratch(f"fresh_{table.name}", [(c.name, c.type) for c in table.c])
    fill(build, fresh, rows)
    changes = refresh(build, table, next(iter(table.c)).name, fresh)
    if touched:
        touched.changes[table.name] = changes
    else:
        build.drop(changes)


def refill(build: Build, table: Table, rows: Select[Any]) -> None:
    """Make a derived table anew from a SELECT of its columns."""
    build.create(table)
    build.run(insert(table).from_select([c.name for c in table.c], rows))


def _latest(table: Table, rows: Table, key: str) -> Select[Any]:
    """Give each member of a dimension the attributes of its row with the latest valid_from."""
    place = portable.first_of([rows.c[key]], [rows.c.valid_from.desc()])
    ranked = select(rows, place.label("place")).where(~rows.c.is_deleted).subquery()
    own = {c.name for c in table.primary_key} | {key.replace("_key", "_id")}
    values: dict[str, Any] = {
        c.name: table.c[c.name] if c.name in own else ranked.c.get(c.name) for c in table.c
    } | {"is_known": ranked.c[key].is_not(None)}
    joined = table.outerjoin(ranked, and_(ranked.c[key] == table.c[key], ranked.c.place == 1))
    return select(*(values[c.name].label(c.name) for c in table.c)).select_from(joined)


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


def _guide_periods() -> Select[Any]:
    """Assignments, both their ends included, and not after the guide left."""
    rows, guides = LOADED["guides"], schema.DIM_GUIDES
    until, left = (
        func.coalesce(portable.days_later(column, 1), literal(FOR_EVER))
        for column in (rows.c.valid_to, guides.c.left_on)
    )
    return (
        select(
            rows.c.guide_key,
            rows.c.valid_from,
            case((until < left, until), else_=left),
            rows.c.store_key,
        )
        .join(guides, guides.c.guide_key == rows.c.guide_key)
        .where(~rows.c.is_deleted)
    )


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


def _persons(build: Build, touched: Touched | None) -> None:
    """Members to the member who stands for them, visitors to the member who names them."""
    members, visitors = schema.MEMBER_PERSONS, schema.VISITOR_PERSONS
    if touched is None:
        refill(build, members, _unmerged(LOADED["members"]))
        build.append(members, _survivors(build))
        refill(build, visitors, _visitor_persons(LOADED["members"], schema.DIM_VISITORS))
        return
    only = collect(build, _keys("member_key"), *_touched_members(touched))
    fresh = gather(build, "fresh", members, _unmerged(_having(LOADED["members"], only)))
    build.append(fresh, _survivors(build))
    touched.changes[members.name] = refresh(build, members, "member_key", fresh, only)
    build.drop(only)
    only = collect(build, _keys("visitor_key"), *_touched_visitors(touched))
    named = _visitor_persons(_having(LOADED["members"], only), _having(schema.DIM_VISITORS, only))
    fresh = gather(build, "fresh", visitors, named)
    touched.changes[visitors.name] = refresh(build, visitors, "visitor_key", fresh, only)
    build.drop(only)
    touched.note_moved()


def _keys(name: str) -> Table:
    return scratch(f"touched_{name}", [(name, BigInteger)])


def _having(rows: Table, only: Table) -> FromClause:
    """The rows whose key of that name is one of these."""
    (key,) = (c.name for c in only.c)
    return select(rows).where(rows.c[key].in_(select(only.c[key]))).subquery()


def _touched_members(touched: Touched) -> list[Select[Any]]:
    """Members whose row changed, all who are or were merged, and those never seen before."""
    rows, stored = LOADED["members"], schema.MEMBER_PERSONS
    last = select(func.coalesce(func.max(stored.c.member_key), 0)).scalar_subquery()
    return [
        select(touched.rows["members"].c.member_key),
        select(rows.c.member_key).where(rows.c.merged_into_member_key.is_not(None)),
        select(stored.c.member_key).where(stored.c.member_key != stored.c.person_key),
        select(rows.c.member_key).where(rows.c.member_key > last),
    ]


def _touched_visitors(touched: Touched) -> list[Select[Any]]:
    """Visitors named by a member's row that changed or by a member who is another person now, and
    those never seen before."""
    rows, stored, every = LOADED["members"], schema.VISITOR_PERSONS, schema.DIM_VISITORS
    last = select(func.coalesce(func.max(stored.c.visitor_key), 0)).scalar_subquery()
    other = select(touched.changes[schema.MEMBER_PERSONS.name].c.member_key)
    named = touched.rows["members"].c.visitor_key
    return [
        select(named).where(named.is_not(None)),
        select(rows.c.visitor_key).where(
            rows.c.visitor_key.is_not(None), rows.c.member_key.in_(other)
        ),
        select(every.c.visitor_key).where(every.c.visitor_key > last),
    ]


def _unmerged(members: FromClause) -> Select[Any]:
    return select(members.c.member_key, members.c.member_key.label("person_key")).where(
        members.c.merged_into_member_key.is_(None) | func.coalesce(members.c.is_deleted, False)
    )


def _survivors(build: Build) -> pl.DataFrame:
    """Merged members, who are few, and who stands for them."""
    members = LOADED["members"]
    merged = build.fetch(
        select(members.c.member_key, members.c.merged_into_member_key, members.c.member_id).where(
            members.c.merged_into_member_key.is_not(None), ~members.c.is_deleted
        )
    )
    into = {key: other for key, other, _ in merged.iter_rows()}
    ids = {key: member_id for key, _, member_id in merged.iter_rows()}
    return pl.DataFrame(
        {"member_key": list(into), "person_key": [_survivor(key, into, ids) for key in into]},
        schema={"member_key": pl.Int64, "person_key": pl.Int64},
    )


def _survivor(key: int, into: dict[int, int], ids: dict[int, str]) -> int:
    """End of the chain of merges; of members merged in a circle the smallest identifier, which
    unlike our keys does not depend on who was named first."""
    path = _path(key, into)
    last = into.get(path[-1])
    if last is None:
        return path[-1]
    return min(path[path.index(last) :], key=ids.__getitem__)


def _visitor_persons(members: FromClause, visitors: FromClause) -> Select[Any]:
    """Named by several members: the one who joined first, ties the smallest id."""
    persons = schema.MEMBER_PERSONS
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
