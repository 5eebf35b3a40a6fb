"""RFM: how lately, how often and for how much members bought in twelve months, in quintiles."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, and_, case, cast, func, literal, or_, select, true
from sqlalchemy.sql.expression import FromClause, Select

from warehouse import portable, purchases
from warehouse.access import Scope
from warehouse.filters import Question, QuestionError, nearest
from warehouse.parts import NET, RECEIPTS
from warehouse.schema import DIM_DATES, LOADED

Expression = ColumnElement[Any]
SCORES = ("recency", "frequency", "money")
SEGMENTS: Mapping[str, Callable[[Expression, Expression, Expression], Expression]] = {
    "champions": lambda r, f, m: and_(r >= 4, f >= 4, m >= 4),
    "loyal": lambda r, f, _: and_(r >= 3, f >= 3),
    "recent": lambda r, *_: r >= 4,
    "fading": lambda r, *_: r == 3,
    "at_risk": lambda _, f, m: or_(f >= 3, m >= 4),
    "dormant": lambda *_: true(),
}
"""Who is in which, by the three scores: the first that holds."""
CUTS = ("score", "segment", "member")
FIFTHS = 5


def quintiles(question: Question, by: str, scope: Scope) -> Select[Any]:
    """SELECT over members who bought in the twelve months up to the question's end, inside its
    filters, the best first.

    By `score`: `recency`, `frequency`, `money` (1–5, 5 best), `members`, `net_sales`. By
    `segment`: `segment` (SEGMENTS), `members`, `net_sales`. By `member`, for a scope that may see
    personal data: `member`, `days_since`, `receipts`, `net_sales`, the scores, `segment`.
    Raises QuestionError.
    """
    if by not in CUTS:
        raise nearest("cut", by, CUTS)
    scored = _named(_scored(_of_member(question, scope)))
    scores = [scored.c[name] for name in SCORES]
    best_first = [score.desc() for score in scores]
    if by == "member":
        return _each(scored, scope).order_by(*best_first, LOADED["members"].c.member_id)
    sums = (
        func.count().label("members"),
        portable.money(func.sum(scored.c.net)).label("net_sales"),
    )
    if by == "score":
        return select(*scores, *sums).group_by(*scores).order_by(*best_first)
    rows = select(scored.c.segment, *sums).group_by(scored.c.segment, scored.c.place)
    return rows.order_by(scored.c.place)


def _of_member(question: Question, scope: Scope) -> FromClause:
    """One row a member with a purchase in the window: days since the last, receipts, net sales."""
    found, dates = purchases.of_members(question, scope, (NET, RECEIPTS)), DIM_DATES
    bought, receipts = found.rows, cast(found.sum_of(RECEIPTS), BigInteger)
    year_ago = select(dates.c.year_ago_date).where(dates.c.date == question.end).scalar_subquery()
    end = literal(question.end)
    last = func.max(case((found.is_sale, bought.c.business_date)))
    return (
        select(
            bought.c.member_key,
            portable.days_between(last, end).label("days_since"),
            receipts.label("receipts"),
            found.sum_of(NET).label("net"),
        )
        .where(bought.c.business_date <= end, bought.c.business_date > year_ago)
        .group_by(bought.c.member_key)
        .having(receipts > 0)
        .subquery("of_member")
    )


def _scored(members: FromClause) -> FromClause:
    """Members with their scores in recency, frequency and money."""
    worst_first = (members.c.days_since.desc(), members.c.receipts, members.c.net)
    scores = zip(SCORES, map(_score, worst_first), strict=True)
    return select(*members.c, *(score.label(name) for name, score in scores)).subquery("scored")


def _score(worst_first: Expression) -> Expression:
    """1, and one more for each full fifth of all members who are worse: equal values score alike,
    and who scores 5 has four fifths behind them."""
    worse = func.rank().over(order_by=worst_first) - 1
    everyone = func.count().over()
    passed = (case((worse * FIFTHS >= everyone * fifth, 1), else_=0) for fifth in range(1, FIFTHS))
    return sum(passed, literal(1))


def _named(scored: FromClause) -> FromClause:
    """Members with their segment and its place among the segments."""
    scores = [scored.c[name] for name in SCORES]
    holds = [holds(*scores) for holds in SEGMENTS.values()]
    segment = case(*zip(holds, SEGMENTS, strict=True))
    place = case(*((one, number) for number, one in enumerate(holds)))
    return select(*scored.c, segment.label("segment"), place.label("place")).subquery("named")


def _each(scored: FromClause, scope: Scope) -> Select[Any]:
    if not scope.personal_data:
        raise QuestionError(
            "single members are shown to roles that see personal data; ask by score or segment"
        )
    members = LOADED["members"]
    return select(
        members.c.member_id.label("member"), scored.c.days_since, scored.c.receipts,
        portable.money(scored.c.net).label("net_sales"), *(scored.c[name] for name in SCORES),
        scored.c.segment,
    ).join(members, members.c.member_key == scored.c.member_key)  # fmt: skip
