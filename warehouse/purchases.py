"""What members bought, narrowed as a question narrows it: the rows of cohorts and of RFM."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.sql.expression import FromClause

from warehouse import access
from warehouse.access import Scope
from warehouse.dimensions import DIMENSIONS, TIME
from warehouse.filters import Question, QuestionError, check_choices, nearest
from warehouse.joined import Joined
from warehouse.schema import CREDITED_LINES
from warehouse.sources import SOURCES

Expression = ColumnElement[Any]


def of_members(question: Question, scope: Scope) -> FromClause:
    """Lines of members that a viewer may see, inside the question's filters, of all time:
    member_key, business_date, is_return, receipt_key, net_amount. Raises QuestionError."""
    _check(question)
    line = CREDITED_LINES
    joined = Joined(line, question.org)
    inside = [joined.narrowed(name, values) for name, values in question.where]
    return (
        select(
            line.c.member_key, line.c.business_date, line.c.is_return, line.c.receipt_key,
            line.c.net_amount,
        )
        .select_from(joined.joined)
        .where(line.c.member_key.is_not(None), access.visible(line.c.store_key, scope), *inside)
        .subquery("bought")
    )  # fmt: skip


def _check(question: Question) -> None:
    for name, _ in question.where:
        if name not in DIMENSIONS:
            raise nearest("dimension", name, DIMENSIONS)
        if name in TIME:
            raise QuestionError(f"members' purchases are not narrowed by {name}; change the dates")
        if DIMENSIONS[name].of not in SOURCES["member_days"].dimensions:
            raise QuestionError(f"members' purchases have no {name}")
    check_choices(question)
