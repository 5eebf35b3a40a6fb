"""Upsert by key: staged rows of a feed into its loaded table, identifiers into integer keys.

Of several rows with one key the one with the greatest `updated_at` holds (none is lowest; ties:
the delivery recorded later, then the later line), whatever order they arrive in.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import polars as pl
from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    MetaData,
    String,
    Table,
    and_,
    case,
    delete,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    union,
)  # fmt: skip
from sqlalchemy.sql.expression import FromClause, Select

from etl.cells import lead_guide
from warehouse import schema
from warehouse.engine import Build
from warehouse.feeds import Feed, Field, Kind
from warehouse.schema import ENTITIES, LOADED, Entity

OUTCOMES = ("loaded", "unchanged", "superseded", "voided")
_BOOKKEEPING = ("updated_at", "file_key", "file_line", "is_deleted")


def stage_table(feed: Feed) -> Table:
    """Accepted rows of a feed before their identifiers are known: a frame from `conform` fits."""
    stored = LOADED[feed.name].c
    columns: list[tuple[str, schema.Type]] = []
    for field in feed.fields:
        if field.name in ("updated_at", "is_void", "is_deleted"):
            continue
        if field.kind is Kind.PHONE:
            columns += [(name, String) for name in ("phone_hmac", "phone_masked")]
        elif field.refers:
            columns.append((field.name, String))
        else:
            columns.append((field.name, stored[field.name].type))
    columns += [(name, stored[name].type) for name in _BOOKKEEPING]
    return scratch(f"stage_{feed.name}", columns)


def scratch(name: str, columns: Iterable[tuple[str, schema.Type]]) -> Table:
    """A scratch table, which no metadata remembers."""
    made = [schema.column(column, kind, "scratch") for column, kind in columns]
    return Table(name, MetaData(), *made)


def _like(name: str, feed: Feed, like: Table, *more: tuple[str, schema.Type]) -> Table:
    """A scratch table with the columns of another one and some more."""
    return scratch(f"{name}_{feed.name}", [*((c.name, c.type) for c in like.c), *more])


def fill(build: Build, table: Table, rows: Select[Any]) -> None:
    """Make a scratch table and fill it with a SELECT of its columns."""
    build.create(table, temporary=True)
    build.run(insert(table).from_select([c.name for c in table.c], rows))


def merge(build: Build, feed: Feed, stage: Table, changed: Table | None = None) -> pl.DataFrame:
    """Load the staged rows; returns file_key, the number of rows of each of OUTCOMES and, of a feed
    that states amounts, what these rows come to (`<outcome>_amount`). What was stored and what it
    replaced is added to `changed` (`Touched.rows`)."""
    _name_entities(build, feed, stage)
    outcome = _decide(build, feed, _with_keys(feed, stage))
    _replace(build, feed, outcome, changed)
    counts = build.fetch(
        select(
            outcome.c.file_key,
            *(_of(outcome, name, literal(1)).label(name) for name in OUTCOMES),
            *(_of(outcome, name, outcome.c[feed.amount]).label(f"{name}_amount")
              for name in OUTCOMES if feed.amount),
        ).group_by(outcome.c.file_key)
    )  # fmt: skip
    build.drop(outcome)
    return counts


def _of(outcome: Table, name: str, value: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.sum(case((outcome.c.outcome == name, func.coalesce(value, 0)), else_=0))


# Identifiers ---------------------------------------------------------------------------------
def _references(feed: Feed) -> list[tuple[Field, Entity]]:
    """Each identifier of the feed with its entity, those unique within another one last."""
    pairs = [(field, ENTITIES[field.refers]) for field in feed.fields if field.refers]
    return sorted(pairs, key=lambda pair: pair[1].within is not None)


def _name_entities(build: Build, feed: Feed, stage: Table) -> None:
    """Give a key to every identifier named for the first time."""
    by_entity: dict[str, list[Field]] = {}
    for field, entity in _references(feed):
        by_entity.setdefault(entity.name, []).append(field)
    for name, fields in by_entity.items():
        if ENTITIES[name].within:
            _name_receipts(build, feed, stage)
        else:
            ids = [
                select(stage.c[f.name].label("id")).where(stage.c[f.name].is_not(None)).distinct()
                for f in fields
            ]
            name_all(build, ENTITIES[name], union(*ids).subquery())
        if name == "split":
            _describe_splits(build)
    if feed.name == "targets":
        for level in ("store", "guide", "region"):
            named = select(stage.c.id).where(stage.c.level == level).distinct()
            name_all(build, ENTITIES[level], named.subquery())


def name_all(build: Build, entity: Entity, named: FromClause) -> None:
    """Number the identifiers in `named` (columns `id` and, for receipts, `store_key`) that have
    no key yet, in their own order so that one batch always gives the same keys."""
    table = schema.METADATA.tables[entity.table]
    same = [table.c[entity.id] == named.c.id]
    if entity.within:
        same.append(table.c[entity.within] == named.c[entity.within])
    start = select(func.coalesce(func.max(table.c[entity.key]), 0)).scalar_subquery()
    order = [named.c.id] + ([named.c[entity.within]] if entity.within else [])
    values = {
        entity.key: start + func.row_number().over(order_by=order),
        entity.id: named.c.id,
    }
    if entity.within:
        values[entity.within] = named.c[entity.within]
    if "is_known" in table.c:
        values["is_known"] = literal(False)
    fresh = select(*(value.label(name) for name, value in values.items())).where(
        ~exists().where(and_(*same))
    )
    build.run(insert(table).from_select(list(values), fresh))


def _receipt_store(field: Field, stage: FromClause) -> ColumnElement[str]:
    """The store within which a receipt identifier is unique."""
    if field.name == "original_receipt_id":
        return func.coalesce(stage.c.original_store_id, stage.c.store_id)
    return stage.c.store_id


def _name_receipts(build: Build, feed: Feed, stage: Table) -> None:
    stores = schema.DIM_STORES
    parts = [
        select(stage.c[field.name].label("id"), stores.c.store_key)
        .distinct()
        .join(stores, stores.c.store_id == _receipt_store(field, stage))
        .where(stage.c[field.name].is_not(None))
        for field, entity in _references(feed)
        if entity.within
    ]
    name_all(build, ENTITIES["receipt"], union(*parts).subquery())


def _describe_splits(build: Build) -> None:
    """Spell out the splits named for the first time: their guides and shares."""
    splits, guides, parts = schema.DIM_SPLITS, schema.DIM_GUIDES, schema.DIM_SPLIT_GUIDES
    known = select(parts.c.split_key)
    fresh = build.fetch(select(splits).where(splits.c.split_key.not_in(known)))
    rows = [
        (key, guide, Decimal(share), guide == lead_guide(text))
        for key, text in fresh.iter_rows()
        for guide, _, share in (part.rpartition("=") for part in text.split(";"))
    ]
    if not rows:
        return
    columns: dict[str, Any] = {
        "split_key": pl.Int64, "id": pl.String, "share": pl.Decimal(9, 8), "is_lead": pl.Boolean,
    }  # fmt: skip
    stage = scratch(
        "stage_split_guides",
        [("split_key", BigInteger), ("id", String), ("share", schema.SHARE), ("is_lead", Boolean)],
    )
    build.create(stage, temporary=True)
    build.append(stage, pl.DataFrame(rows, schema=columns, orient="row"))
    name_all(build, ENTITIES["guide"], select(stage.c.id).distinct().subquery())
    described = select(stage.c.split_key, guides.c.guide_key, stage.c.share, stage.c.is_lead).join(
        guides, guides.c.guide_id == stage.c.id
    )
    build.run(insert(parts).from_select(["split_key", "guide_key", "share", "is_lead"], described))
    build.drop(stage)


def _with_keys(feed: Feed, stage: Table) -> FromClause:
    """The staged rows with the loaded table's columns."""
    target = LOADED[feed.name]
    source: FromClause = stage
    values: dict[str, ColumnElement[Any]] = {
        c.name: stage.c[c.name] for c in target.c if c.name in stage.c
    }
    for field, entity in _references(feed):
        named = schema.METADATA.tables[entity.table].alias(f"{field.name}_named")
        same = named.c[entity.id] == stage.c[field.name]
        if entity.within:
            key = "original_store_key" if field.name.startswith("original_") else "store_key"
            store = func.coalesce(values[key], values["store_key"])
            same = and_(same, named.c[entity.within] == store)
        source = source.outerjoin(named, same)
        values[schema.stored_name(field)] = named.c[entity.key]
    if feed.defines:
        values["is_known"] = ~stage.c.is_deleted
    columns = (values[c.name].label(c.name) for c in target.c)
    return select(*columns).select_from(source).subquery("keyed")


# Which row holds ------------------------------------------------------------------------------
def _keys(feed: Feed) -> list[str]:
    return [schema.stored_name(field) for field in feed.key]


def _same_key(feed: Feed, one: FromClause, other: FromClause) -> ColumnElement[bool]:
    return and_(*(one.c[name] == other.c[name] for name in _keys(feed)))


def _same_content(feed: Feed, one: FromClause, other: FromClause) -> ColumnElement[bool]:
    skipped = {*_keys(feed), "file_key", "file_line", "is_known"}
    names = [c.name for c in LOADED[feed.name].c if c.name not in skipped]
    return and_(*(one.c[name].is_not_distinct_from(other.c[name]) for name in names))


def _decide(build: Build, feed: Feed, keyed: FromClause) -> Table:
    """The staged rows, each with its `place` among those of its key and its `outcome`."""
    place = func.row_number().over(
        partition_by=[keyed.c[name] for name in _keys(feed)],
        order_by=[
            keyed.c.updated_at.desc().nulls_last(),
            keyed.c.file_key.desc(),
            keyed.c.file_line.desc(),
        ],
    )
    ranked = _like("ranked", feed, LOADED[feed.name], ("place", BigInteger))
    fill(build, ranked, select(*keyed.c, place))
    outcome = _like("outcome", feed, ranked, ("outcome", String), ("holds", Boolean))
    fill(build, outcome, _best_rows(feed, ranked))
    build.run(insert(outcome).from_select([c.name for c in outcome.c], _other_rows(feed, ranked)))
    build.drop(ranked)
    return outcome


def _best_rows(feed: Feed, ranked: Table) -> Select[Any]:
    """The best staged row of each key against the row that is there."""
    there = LOADED[feed.name].alias("there")
    known = there.c.file_key.is_not(None)
    newer = or_(
        there.c.updated_at > ranked.c.updated_at,
        and_(there.c.updated_at.is_not(None), ranked.c.updated_at.is_(None)),
    )
    same = and_(known, _same_content(feed, there, ranked))
    beaten = and_(known, newer)
    outcome = case(
        (ranked.c.is_deleted, "voided"), (same, "unchanged"), (beaten, "superseded"), else_="loaded"
    )
    holds = ~func.coalesce(or_(same, beaten), False)
    joined = ranked.outerjoin(there, _same_key(feed, there, ranked))
    return select(*ranked.c, outcome, holds).select_from(joined).where(ranked.c.place == 1)


def _other_rows(feed: Feed, ranked: Table) -> Select[Any]:
    """The staged rows that lost against a staged one: repeats of it, or older versions."""
    best = ranked.alias("best")
    outcome = case(
        (ranked.c.is_deleted, "voided"),
        (_same_content(feed, best, ranked), "unchanged"),
        else_="superseded",
    )
    joined = ranked.join(best, and_(_same_key(feed, best, ranked), best.c.place == 1))
    return select(*ranked.c, outcome, literal(False)).select_from(joined).where(ranked.c.place > 1)


def _replace(build: Build, feed: Feed, outcome: Table, changed: Table | None) -> None:
    """Store the rows that hold, in place of those they beat."""
    target = LOADED[feed.name]
    names = [c.name for c in target.c]
    held = select(*(outcome.c[name] for name in names)).where(outcome.c.holds)
    beaten = exists().where(_same_key(feed, target, outcome), outcome.c.holds)
    if changed is not None:
        for rows, is_new in ((select(target).where(beaten), False), (held, True)):
            told = rows.add_columns(literal(is_new))
            build.run(insert(changed).from_select([*names, "is_new"], told))
    build.run(delete(target).where(beaten))
    build.run(insert(target).from_select(names, held))
