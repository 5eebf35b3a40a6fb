"""What members bought, narrowed as a question narrows it: the rows of cohorts and of RFM."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.sql.expression import FromClause

from warehouse import access
from warehouse.access import Scope
from warehouse.dimensions import DIMENSIONS, TIME
from warehouse.filters import Question, QuestionError, check_choices, nearest
from warehouse.joined import Joined
from warehouse.parts import BUYERS, Part
from warehouse.rollups import Rollup
from warehouse.routes import summed_up
from warehouse.schema import CREDITED_LINES
from warehouse.settings import Settings
from warehouse.sources import SOURCES

Expression = ColumnElement[Any]


@dataclass(frozen=True)
class Purchases:
    """Lines of members, or what they add up to by day in a rollup."""

    rows: FromClause
    rollup: Rollup | None

    @property
    def is_sale(self) -> Expression:
        """Whether a row has something that was bought."""
        return self.rows.c[BUYERS.name] > 0 if self.rollup else ~self.rows.c.is_return

    def sum_of(self, part: Part) -> Expression:
        """A part (NET, RECEIPTS) of some of the rows."""
        read = self.rollup.read(part) if self.rollup else part.aggregate
        return read({"line": self.rows}, Settings())


def of_members(question: Question, scope: Scope, parts: Sequence[Part] = ()) -> Purchases:
    """What members bought that a viewer may see, inside the question's filters, of all time; of
    the parts of lines, only some `parts` are looked at. Raises QuestionError."""
    _check(question)
    rollup = summed_up(SOURCES["member_days"], (BUYERS, *parts), question, scope)
    line = rollup.rows() if rollup else CREDITED_LINES
    joined = Joined(line, question.org)
    inside = [joined.narrowed(name, values) for name, values in question.where]
    visible = access.visible(line.c.store_key, scope)
    rows = select(*line.c).where(line.c.member_key.is_not(None), visible, *inside)
    return Purchases(rows.select_from(joined.joined).subquery("bought"), rollup)


def _check(question: Question) -> None:
    for name, _ in question.where:
        if name not in DIMENSIONS:
            raise nearest("dimension", name, DIMENSIONS)
        if name in TIME:
            raise QuestionError(f"members' purchases are not narrowed by {name}; change the dates")
        if DIMENSIONS[name].of not in SOURCES["member_days"].dimensions:
            raise QuestionError(f"members' purchases have no {name}")
    check_choices(question)
