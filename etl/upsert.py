"""Upsert by key: staged rows of a feed into its loaded table.

Of several rows with one key the one with the greatest `updated_at` holds (none is lowest; ties:
the delivery recorded later, then the later line), whatever order they arrive in.
"""

from __future__ import annotations

from typing import Any

import polars as pl
from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
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
)  # fmt: skip
from sqlalchemy.sql.expression import FromClause, Select

from etl.naming import name_entities, references
from etl.scratch import fill, scratch
from warehouse import schema
from warehouse.engine import Build
from warehouse.feeds import Feed, Kind
from warehouse.schema import LOADED

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


def _like(name: str, feed: Feed, like: Table, *more: tuple[str, schema.Type]) -> Table:
    """A scratch table with the columns of another one and some more."""
    return scratch(f"{name}_{feed.name}", [*((c.name, c.type) for c in like.c), *more])


def merge(build: Build, feed: Feed, stage: Table, changed: Table | None = None) -> pl.DataFrame:
    """Load the staged rows; returns file_key, the number of rows of each of OUTCOMES and, of a feed
    that states amounts, what these rows come to (`<outcome>_amount`). What was stored and what it
    replaced is added to `changed` (`Touched.rows`)."""
    name_entities(build, feed, stage)
    keyed = _with_keys(feed, stage)
    if not build.fetch(select(LOADED[feed.name].c.file_key).limit(1)).height:
        return _fill_empty(build, feed, keyed, changed)
    return _settle(build, feed, keyed, changed)


def _fill_empty(build: Build, feed: Feed, keyed: FromClause, changed: Table | None) -> pl.DataFrame:
    """Into a table without rows go all; then those are settled whose key came more than once."""
    target, arrived = LOADED[feed.name], _like("arrived", feed, LOADED[feed.name])
    names = [c.name for c in target.c]
    build.run(insert(target).from_select(names, select(keyed)))
    outcome = case((target.c.is_deleted, "voided"), else_="loaded").label("outcome")
    alone = select(*target.c, outcome).subquery()
    if _take_out_repeated(build, feed, arrived):
        counts = [_counts(build, feed, alone), _settle(build, feed, arrived, None)]
        build.drop(arrived)
    else:
        counts = [_counts(build, feed, alone)]
    if changed is not None:
        told = select(target).add_columns(literal(True))
        build.run(insert(changed).from_select([*names, "is_new"], told))
    return pl.concat(counts).group_by("file_key").sum()


def _take_out_repeated(build: Build, feed: Feed, into: Table) -> int:
    """Move the rows whose key several have to a scratch table; returns how many keys those are."""
    target = LOADED[feed.name]
    keys = [target.c[name] for name in _keys(feed)]
    again = scratch(f"again_{feed.name}", [(key.name, key.type) for key in keys])
    found = fill(build, again, select(*keys).group_by(*keys).having(func.count() > 1))
    if found:
        theirs = exists().where(_same_key(feed, target, again))
        fill(build, into, select(target).where(theirs))
        build.run(delete(target).where(theirs))
    build.drop(again)
    return found


def _settle(build: Build, feed: Feed, keyed: FromClause, changed: Table | None) -> pl.DataFrame:
    """Store of the rows those that hold, against each other and against what is there."""
    outcome = _decide(build, feed, keyed)
    _replace(build, feed, outcome, changed)
    counts = _counts(build, feed, outcome)
    build.drop(outcome)
    return counts


def _counts(build: Build, feed: Feed, rows: FromClause) -> pl.DataFrame:
    return build.fetch(
        select(
            rows.c.file_key,
            *(_of(rows, name, literal(1)).label(name) for name in OUTCOMES),
            *(_of(rows, name, rows.c[feed.amount]).label(f"{name}_amount")
              for name in OUTCOMES if feed.amount),
        ).group_by(rows.c.file_key)
    )  # fmt: skip


def _of(rows: FromClause, name: str, value: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.sum(case((rows.c.outcome == name, func.coalesce(value, 0)), else_=0))


def _with_keys(feed: Feed, stage: Table) -> FromClause:
    """The staged rows with the loaded table's columns."""
    target = LOADED[feed.name]
    source: FromClause = stage
    values: dict[str, ColumnElement[Any]] = {
        c.name: stage.c[c.name] for c in target.c if c.name in stage.c
    }
    for field, entity in references(feed):
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
