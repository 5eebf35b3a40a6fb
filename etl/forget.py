"""`etl forget`: erase a member everywhere, and prove it by looking for them again.

The order keeps it whole when it is cut short: kept deliveries are written anew beside the old ones,
then a version without the member is published, and last what is old is deleted. Called again, it
goes on where it was.
"""

from __future__ import annotations

import json
import logging
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from sqlalchemy import ColumnElement, Table, case, delete, insert, null, or_, select
from sqlalchemy.sql.expression import Select

from etl import as_rows, due, forgotten, job, kept, publish, sources
from etl.forgotten import Forgotten, anonymised
from etl.ledger import Entry
from warehouse import schema, versions
from warehouse.accounts import RUN_LOG
from warehouse.alerts import ALERTS
from warehouse.engine import Build, EngineError, NothingPublished
from warehouse.feeds import FEEDS
from warehouse.filters import QuestionError
from warehouse.schema import ETL_FILES, ETL_REJECTS, LOADED, METADATA
from warehouse.settings import Settings

LOG = logging.getLogger("guidepost.etl")
MEMBERS, VISITORS = LOADED["members"], schema.DIM_VISITORS


@dataclass(frozen=True)
class Person:
    """All that names a person: identifiers of members and visitors, and digests of phones that no
    other member has."""

    members: frozenset[str] = frozenset()
    visitors: frozenset[str] = frozenset()
    digests: frozenset[str] = frozenset()

    @property
    def identifiers(self) -> frozenset[str]:
        """Identifiers of both kinds."""
        return self.members | self.visitors


@dataclass(frozen=True)
class Erased:
    """What was done: who it was, in how many kept deliveries of how many they stood, and the
    version published."""

    person: Person
    rewritten: int
    deliveries: int
    version: int


def forget(settings: Settings, member: str) -> Erased:
    """Erase a member, those merged with them and their visitors. Holds the lock: raises Busy.
    Raises QuestionError for one nobody knows, SecretNeeded without the key, SourceError where a
    kept delivery cannot be read; then nothing has been changed."""
    secret, directory = due.secret_of(settings), settings.warehouse
    if secret is None:
        raise QuestionError("GUIDEPOST_SECRET is not set; it makes the digests that stay instead")
    with publish.only_run(directory):
        live = versions.current(directory)
        person = _person(directory, member)
        if live is None:
            raise NothingPublished("nothing has been loaded yet")
        known = _known(directory, live, secret)
        if not person.identifiers:
            if not known.erasure(member):
                told = f"there is no member {member}; give the identifier as delivered"
                raise QuestionError(told)
            person = Person(frozenset({member}))
        known = known.with_these(person.identifiers)
        entries = _kept(settings, live)
        texts = {entry.file_key: _without(settings, entry, known) for entry in entries}
        version = _publish(directory, live, person, known, texts)
        _delete_versions(directory)
        _delete_copies(settings, version)
        _redact(directory, known)
    changed = sum(text is not None for text in texts.values())
    return Erased(person, changed, len(entries), version)


# Who it is -------------------------------------------------------------------------------------
def _person(directory: Path, member: str) -> Person:
    """What any version that is still there knows of a member."""
    found = Person()
    for version in versions.kept(directory):
        build = Build(versions.path(directory, version), read_only=True)
        try:
            one = _person_in(build, member)
        except EngineError as error:  # of another program's making: it will be deleted
            LOG.info("version %s cannot be asked: %s", version, error)
            continue
        finally:
            build.abandon()
        found = Person(found.members | one.members, found.visitors | one.visitors,
                       found.digests | one.digests)  # fmt: skip
    return found


def _person_in(build: Build, member: str) -> Person:
    own = select(MEMBERS.c.member_key).where(MEMBERS.c.member_id == member)
    persons, visits = schema.MEMBER_PERSONS, schema.VISITOR_PERSONS
    person = select(persons.c.person_key).where(persons.c.member_key.in_(own))
    same = select(persons.c.member_key).where(persons.c.person_key.in_(person))
    is_theirs = or_(MEMBERS.c.member_key.in_(own), MEMBERS.c.member_key.in_(same))
    theirs = build.fetch(select(MEMBERS).where(is_theirs))
    if theirs.is_empty():
        return Person()
    digests = theirs["phone_hmac"].drop_nulls()
    others = select(MEMBERS.c.phone_hmac).where(
        MEMBERS.c.phone_hmac.in_(digests.to_list()),
        MEMBERS.c.member_key.not_in(theirs["member_key"].to_list()),
    )
    came = select(visits.c.visitor_key).where(visits.c.person_key.in_(person))
    stated = VISITORS.c.visitor_key.in_(theirs["visitor_key"].drop_nulls().to_list())
    visitors = select(VISITORS.c.visitor_id).where(or_(VISITORS.c.visitor_key.in_(came), stated))
    return Person(
        _named(theirs["member_id"]), _named(build.fetch(visitors)["visitor_id"]),
        frozenset(digests) - frozenset(build.fetch(others)["phone_hmac"]),
    )  # fmt: skip


def _known(directory: Path, live: int, secret: str) -> Forgotten:
    build = Build(versions.path(directory, live), read_only=True)
    try:
        return forgotten.read(build, secret)
    finally:
        build.abandon()


def _named(identifiers: pl.Series) -> frozenset[str]:
    return frozenset(one for one in identifiers if not one.startswith(forgotten.ERASED))


# Kept deliveries -------------------------------------------------------------------------------
def _kept(settings: Settings, live: int) -> list[Entry]:
    build = Build(versions.path(settings.warehouse, live), read_only=True)
    try:
        return due.kept_entries(settings, build)
    finally:
        build.abandon()


def _without(settings: Settings, entry: Entry, known: Forgotten) -> str | None:
    """The name of a copy without the forgotten, where they stand in it."""
    feed, stands = FEEDS[entry.delivery.feed], False
    rows = as_rows.Rows(settings.warehouse / due.KEPT)
    try:
        for batch in sources.read(entry.delivery, timezone=settings.timezone):
            spared = anonymised(batch, feed, known)
            stands = stands or not spared.equals(batch)
            rows.add(spared)
        return rows.keep(entry.delivery.path.name) if stands else None
    finally:
        rows.discard()


def _delete_copies(settings: Settings, version: int) -> None:
    """Every copy that the new version does not need: those they stand in, and what was left over
    by runs that were cut short."""
    directory = settings.warehouse / due.KEPT
    needed = {name for entry in _kept(settings, version) for name in entry.kept}
    kept.remove(kept.others(directory, needed))


# Versions --------------------------------------------------------------------------------------
def _publish(
    directory: Path, live: int, person: Person, known: Forgotten, kept: dict[int, str | None]
) -> int:
    """A version without the person, in a file in which they never stood: what is changed in place
    leaves traces in blocks that are no longer used. No row and no fen is more or less than before.
    """
    publish.check_room(directory)
    with publish.building(directory, afresh=True) as (version, build):
        with build.beside(versions.path(directory, live)) as before:
            for table in METADATA.sorted_tables:
                build.run(delete(table))
                if table is ETL_REJECTS or table is ETL_FILES:
                    frame = build.fetch(select(before(table)))
                    build.append(table, _ledger_rows(frame, known, kept))
                else:
                    rows = _rows(before(table), person, known)
                    build.run(insert(table).from_select([c.name for c in table.c], rows))
        job.note(build, forgotten.FORGOTTEN_WITH, forgotten.fingerprint(known.secret))
        publish.close_and_publish(directory, version, build)
    return version


def _rows(table: Table, person: Person, known: Forgotten) -> Select[Any]:
    """All rows of a table, those of the person without what names them."""
    columns: dict[str, ColumnElement[Any]] = {column.name: column for column in table.c}
    names = {MEMBERS.name: ("member_id", person.members),
             VISITORS.name: ("visitor_id", person.visitors)}  # fmt: skip
    column, identifiers = names.get(table.name, ("", frozenset()))
    if identifiers:
        theirs = columns[column].in_(sorted(identifiers))
        for field in (*forgotten.PERSONAL, "phone_hmac", "phone_masked"):
            if field in columns:
                columns[field] = case((theirs, null()), else_=columns[field])
        erased = {one: known.erasure(one) for one in sorted(identifiers)}
        columns[column] = case(erased, value=columns[column], else_=columns[column])
    return select(*(value.label(name) for name, value in columns.items()))


def _ledger_rows(
    frame: pl.DataFrame, known: Forgotten, kept: dict[int, str | None]
) -> pl.DataFrame:
    """Rejects or files without what names the forgotten, files with their new copies."""
    rows = []
    for row in frame.iter_rows(named=True):
        if "row" in row:
            row |= {"row": rejected_row(row["feed"], row["row"], known)}
        for text in {"message", "reason"} & row.keys():
            row[text] = row[text] and known.redacted(row[text])
        if name := kept.get(row["file_key"]) if "kept" in row else None:
            row["kept"] = json.dumps([name])
        rows.append(row)
    return pl.DataFrame(rows, schema=frame.schema)


def rejected_row(feed: str, row: str | None, known: Forgotten) -> str | None:
    """A rejected row as JSON without what names the forgotten; the same text where nothing does."""
    if row is None or feed not in FEEDS or not known.names(row):
        return row
    cells = json.loads(row)
    before = pl.DataFrame({name: [cell] for name, cell in cells.items()} or {"line": [0]})
    after = anonymised(before.cast(pl.String), FEEDS[feed], known).row(0, named=True)
    if after == cells:
        return row
    return json.dumps({name: cell for name, cell in after.items() if cell}, ensure_ascii=False)


def _delete_versions(directory: Path) -> None:
    """Every version but the live one; whoever reads one now may go on until they let go of it."""
    live = versions.current(directory)
    for version in versions.kept(directory):
        if version != live:
            versions.path(directory, version).unlink()


def _redact(directory: Path, known: Forgotten) -> None:
    """What runs said of themselves may repeat a cell of a rejected row."""
    for name in (RUN_LOG, ALERTS):
        path = directory / name
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        if known.names(text):
            temporary = path.with_suffix(".tmp")
            temporary.write_text(known.redacted(text), encoding="utf-8")
            os.replace(temporary, path)
