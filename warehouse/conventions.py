"""Other common ways to count, each as steps from our definition, so that differences itemise.

A step changes which lines are counted and when; the figure after the last step is the one the
other convention gives, and the differences of the steps add up to the whole difference.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, case, not_, or_, select, union_all
from sqlalchemy.sql.expression import FromClause

from warehouse import lines as built
from warehouse import schema
from warehouse.filters import Question
from warehouse.settings import Settings

Change = Callable[[FromClause, Question, Settings], FromClause]


@dataclass(frozen=True)
class Convention:
    """Another way to count: what it is, its steps, and the figure it asks for instead of a key."""

    name: str
    meaning: str
    steps: tuple[tuple[str, Change], ...]
    instead: Mapping[str, str] | None = None


def _only(line: FromClause, condition: Any) -> FromClause:
    return select(line).where(condition).subquery("line")


def _in_period(date: Any, question: Question) -> Any:
    return date.between(question.start, question.end)


def _own_returns(line: FromClause, question: Question, _: Settings) -> FromClause:
    """Returns of this period's sales, or of sales nobody knows."""
    own = or_(line.c.original_date.is_(None), _in_period(line.c.original_date, question))
    return _only(line, or_(not_(line.c.is_return), own))


def _moved_returns(line: FromClause, _: Question, __: Settings) -> FromClause:
    """Every return on the day of its sale."""
    moved = and_(line.c.is_return, line.c.original_date.is_not(None))
    date = case((moved, line.c.original_date), else_=line.c.business_date).label("business_date")
    others = (column for column in line.c if column.name != "business_date")
    return select(date, *others).subquery("line")


def _without(*sources: str) -> Change:
    def change(line: FromClause, _: Question, __: Settings) -> FromClause:
        return _only(line, not_(and_(line.c.is_return, line.c.source.in_(sources))))

    return change


def _with_unpaid(*, cancelled: bool) -> Change:
    """Unpaid orders on the day they were placed; at last those cancelled unpaid too."""

    def change(line: FromClause, _: Question, settings: Settings) -> FromClause:
        names = built.COLUMNS
        unpaid = built.unpaid_lines(schema.ORDERS, settings.timezone, cancelled=cancelled)
        whole = select(*(line.c[name] for name in names))
        return union_all(whole, unpaid).subquery("line")

    return change


def _of_members(line: FromClause, _: Question, __: Settings) -> FromClause:
    return _only(line, line.c.member_key.is_not(None))


_ALL = (
    Convention(
        "returns_on_order_day", "returns count on the day of the sale they go back to",
        (("returns of earlier sales are left out", _own_returns),
         ("later returns of these sales are taken off", _moved_returns)),
    ),
    Convention(
        "before_returns", "returns do not count",
        (("returns at the till", _without("pos")),
         ("refunds of online orders", _without("pos", "refund")),
         ("cancelled online orders", _without("pos", "refund", "cancel"))),
    ),
    Convention(
        "unpaid_included", "online orders count when placed, paid or not",
        (("unpaid orders", _with_unpaid(cancelled=False)),
         ("orders cancelled unpaid", _with_unpaid(cancelled=True))),
    ),
    Convention(
        "per_buyer", "spend per member instead of per receipt",
        (("sales without a member are left out", _of_members),
         ("buyers are counted instead of receipts", _of_members)),
        {"average_receipt_value": "spend_per_buyer"},
    ),
)  # fmt: skip

CONVENTIONS: Mapping[str, Convention] = {convention.name: convention for convention in _ALL}


def counted(line: FromClause, question: Question, settings: Settings) -> FromClause:
    """The lines a question counts under the step of the convention it names, if it names one."""
    if question.convention is None:
        return line
    name, step = question.convention
    return CONVENTIONS[name].steps[step][1](line, question, settings)
