"""Identifiers into integer keys: whatever a delivery names for the first time gets one."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import polars as pl
from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    String,
    Table,
    and_,
    exists,
    func,
    insert,
    literal,
    select,
    union,
)  # fmt: skip
from sqlalchemy.sql.expression import FromClause

from etl.cells import lead_guide
from etl.scratch import scratch
from warehouse import schema
from warehouse.engine import Build
from warehouse.feeds import Feed, Field
from warehouse.schema import ENTITIES, Entity


def references(feed: Feed) -> list[tuple[Field, Entity]]:
    """Each identifier of the feed with its entity, those unique within another one last."""
    pairs = [(field, ENTITIES[field.refers]) for field in feed.fields if field.refers]
    return sorted(pairs, key=lambda pair: pair[1].within is not None)


def name_entities(build: Build, feed: Feed, stage: Table) -> None:
    """Give a key to every identifier named for the first time."""
    by_entity: dict[str, list[Field]] = {}
    for field, entity in references(feed):
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
        for field, entity in references(feed)
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
