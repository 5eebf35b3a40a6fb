"""Digests: what is sent by mail to whom. Declared in the file of GUIDEPOST_CONFIG; `reports` makes
and sends them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from warehouse.filters import COMPARISONS, QuestionError
from warehouse.given import Given, tables


@dataclass(frozen=True)
class Digest:
    """Figures of a `period` of the pages beside those before (`compare`), to users of the users
    file, to each within their scope, in a language of the pages."""

    name: str
    to: tuple[str, ...]
    language: str = ""
    period: str = ""
    compare: str = COMPARISONS[0]


def digests(described: object) -> Mapping[str, Digest]:
    """The tables [digests.NAME]. Raises QuestionError, which names the key."""
    given = tables(described, "digests.weekly")
    return {name: _digest(name, table) for name, table in given.items()}


def _digest(name: str, table: object) -> Digest:
    given = Given(name, table, ("to", "language", "period", "compare"))
    to = given.texts("to")
    if not to:
        raise QuestionError(f'{name}.to: name users, as in to = ["lin@example.com"]')
    compare = given.one_of("compare", COMPARISONS)
    return Digest(name, to, given.text("language", ""), given.text("period", ""), compare)
