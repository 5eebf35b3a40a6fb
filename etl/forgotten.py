"""Members who asked to be forgotten: what remains of them, and what keeps them from coming back.

Each identifier of theirs is replaced by `erased-…`, a keyed digest of it, wherever it stands: in
the warehouse, in kept deliveries, and in whatever is delivered later. So no figure changes, and
nobody can tell whose receipts they were. The warehouse holds the digests alone.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl
from sqlalchemy import select, union_all

from etl import cells
from etl.contract import SecretNeeded
from warehouse.engine import Build
from warehouse.feeds import Feed
from warehouse.schema import DIM_VISITORS, ETL_FACTS, LOADED

FORGOTTEN_WITH = "forgotten_with"
"""The fact that remembers, by digest, with which key members were forgotten."""
ERASED = "erased-"
ENTITIES = ("member", "visitor")
"""Identifiers of persons: what else names a receipt, an order or an event names nobody."""
PERSONAL = ("phone", "name", "city")
"""What a member's row says of them besides."""
_MARKS = ("line", "_broken", "_raw")
_WORD = re.compile(r"\w[\w.@+-]*")


@dataclass(frozen=True)
class Forgotten:
    """The erased identifiers, and the key with which they are made."""

    erased: frozenset[str] = frozenset()
    secret: str = ""

    def erasure(self, identifier: str) -> str | None:
        """What stands for an identifier that was forgotten, nothing for any other."""
        erased = erased_id(identifier, self.secret)
        return erased if erased in self.erased else None

    def names(self, text: str) -> bool:
        """Whether a text names one of them."""
        return any(map(self.erasure, _WORD.findall(text)))

    def with_these(self, identifiers: Iterable[str]) -> Forgotten:
        """Those and some more."""
        more = {erased_id(identifier, self.secret) for identifier in identifiers}
        return Forgotten(self.erased | more, self.secret)

    def spared(self, text: str) -> str | None:
        """A text, unless it names one of them."""
        return None if self.names(text) else text

    def redacted(self, text: str) -> str:
        """A text with the words that name one of them replaced."""
        return _WORD.sub(lambda word: self.erasure(word[0]) or word[0], text)


def erased_id(identifier: str, secret: str) -> str:
    """What stands for a forgotten identifier: a keyed digest, which cannot be traced back."""
    digest = hmac.new(secret.encode(), b"forgotten " + identifier.encode(), hashlib.sha256)
    return ERASED + digest.hexdigest()[:32]


def read(build: Build | None, secret: str | None) -> Forgotten:
    """Whom a version has forgotten. Raises SecretNeeded when the key is not the one they were
    forgotten with: they would come back."""
    facts = ETL_FACTS
    key = select(facts.c.text).where(facts.c.name == FORGOTTEN_WITH)
    known = build.fetch(key)["text"].to_list() if build else []
    if not build or not known:
        return Forgotten(secret=secret or "")
    if secret is None or known != [fingerprint(secret)]:
        raise SecretNeeded(
            "members were forgotten under another GUIDEPOST_SECRET and would come back;"
            " set it to what it was then"
        )
    columns = (LOADED["members"].c.member_id, DIM_VISITORS.c.visitor_id)
    erased = union_all(*(
        select(column.label("id")).where(column.startswith(ERASED)) for column in columns
    ))  # fmt: skip
    return Forgotten(frozenset(build.fetch(erased)["id"]), secret)


def fingerprint(secret: str) -> str:
    """Tells one key from another and nothing of it."""
    return erased_id("the key itself", secret).removeprefix(ERASED)


def anonymised(batch: pl.DataFrame, feed: Feed, forgotten: Forgotten) -> pl.DataFrame:
    """A batch of text rows as `sources.read` yields them, without the forgotten: their identifiers
    erased; what a member's row says of them, and columns nobody knows of rows that name them,
    emptied; the text of a broken record that names one of them taken out."""
    references = [
        field.name
        for field in feed.fields
        if field.refers in ENTITIES and field.name in batch.columns
    ]
    if not (forgotten.erased and (references or "_raw" in batch.columns)):
        return batch
    erased = [
        cells.mapped(cells.cleaned(batch[name]), forgotten.erasure).fill_null(batch[name])
        for name in references
    ]
    batch = batch.with_columns(erased)
    if "_raw" in batch.columns:
        batch = batch.with_columns(cells.mapped(batch["_raw"], forgotten.spared))
    unknown = [name for name in batch.columns if name not in (*feed.columns, *_MARKS)]
    emptied = []
    if references:
        emptied.append(pl.when(~_erased(*references)).then(pl.col(unknown)).name.keep())
    if feed.defines == "member" and "member_id" in references:
        personal = [name for name in PERSONAL if name in batch.columns]
        emptied.append(pl.when(~_erased("member_id")).then(pl.col(personal)).name.keep())
    return batch.with_columns(emptied)


def _erased(*columns: str) -> pl.Expr:
    """Whether a row names somebody who was forgotten."""
    return pl.any_horizontal(pl.col(columns).str.starts_with(ERASED).fill_null(False))
