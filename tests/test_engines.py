"""ClickHouse's engine beside DuckDB's: every figure, funnel and credit policy, and every shape."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import engines
import polars as pl
import pytest
from conftest import Company
from dense_company import dense_company
from sqlalchemy import Date, Double, Integer, Numeric, String, cast, literal, select, union_all

from warehouse import answers, portable
from warehouse.access import EVERYTHING
from warehouse.credit import POLICIES
from warehouse.dimensions import DIMENSIONS
from warehouse.engine import Build
from warehouse.filters import COMPARISONS, ORGANISATIONS, Question, QuestionError
from warehouse.funnels import SHIPPED
from warehouse.metrics import METRICS
from warehouse.queries import metrics_of
from warehouse.settings import Settings

pytestmark = pytest.mark.skipif(
    not engines.CLICKHOUSE, reason="chdb is not installed: make clickhouse"
)
DAYS = (date(2024, 1, 20), date(2024, 3, 5))
COMPARED = (None, *COMPARISONS)
Asker = tuple[Company, Any]


@pytest.fixture(scope="module")
def dense(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    """A company with every oddity in it, and a snapshot that asks both engines."""
    root = tmp_path_factory.mktemp("dense")
    (root / "inbox").mkdir()
    company = Company(Settings(warehouse=root / "warehouse", inbox=root / "inbox", secret="a key"))
    for feed, rows in dense_company(1).items():
        company.deliver(feed, *rows)
    company.load()
    with company.reading() as both:
        yield company, both


def _cuts(key: str) -> list[tuple[str, ...]]:
    """What a figure can be cut by."""
    found: list[tuple[str, ...]] = []
    for cut in [(), *((name,) for name in DIMENSIONS)]:
        try:
            metrics_of(Question((key,), *DAYS, by=cut))
        except QuestionError:
            continue
        found.append(cut)
    return found


def _asked(key: str) -> list[Question]:
    """A figure by each thing it can be cut by, comparison and organisation going round."""
    turn = list(METRICS).index(key)
    return [
        Question(
            (key,), *DAYS, by=cut, compare=COMPARED[(turn + place) % len(COMPARED)],
            org=ORGANISATIONS[(turn + place // 2) % len(ORGANISATIONS)],
        )
        for place, cut in enumerate(_cuts(key))
    ]  # fmt: skip


@pytest.mark.parametrize("key", METRICS)
def test_both_engines_agree_on(dense: Asker, key: str) -> None:
    asked = _asked(key)
    turn = list(METRICS).index(key)
    for question in (asked[turn % len(asked)], asked[-1 - turn % len(asked)]):
        answers.answer(dense[1], question, EVERYTHING, dense[0].settings)


@pytest.mark.long
@pytest.mark.parametrize("key", METRICS)
def test_both_engines_agree_by_each_dimension_on(dense: Asker, key: str) -> None:
    for question in _asked(key):
        answers.answer(dense[1], question, EVERYTHING, dense[0].settings)


@pytest.mark.parametrize("name", SHIPPED)
def test_both_engines_agree_on_the_funnel(dense: Asker, name: str) -> None:
    for by in ((), ("store",), ("week",)):
        question = Question((), *DAYS, by=by)
        answers.funnel(dense[1], name, question, EVERYTHING, dense[0].settings)


@pytest.mark.parametrize("policy", POLICIES)
def test_both_engines_agree_on_credit_replayed_by(dense: Asker, policy: str) -> None:
    answers.whatif(dense[1], f"{policy}@7", *DAYS, "guide", EVERYTHING, dense[0].settings)


# What engines write differently ------------------------------------------------------------------
MOMENT = datetime(2024, 2, 28, 16, 0, 0, 1)
SHANGHAI = "Asia/Shanghai"


def _number(text: str, decimals: int, digits: int = 18) -> Any:
    kind: Any = Numeric(digits, decimals)
    return cast(literal(Decimal(text), kind), kind)


SHAPES: Mapping[str, tuple[Any, Any]] = {
    "halves of a fen go away from zero": (portable.money(_number("2.345", 3)), Decimal("2.35")),
    "below zero too": (portable.money(_number("-2.345", 3)), Decimal("-2.35")),
    "a third of a hundred, three times": (
        portable.money(portable.quotient(literal(100), literal(3)) * 3), Decimal("100.00")),
    "a binary fraction just below a half": (
        portable.money(literal(2.675, Double)), Decimal("2.68")),
    "forty pieces and a share of one, in eight decimals": (
        literal(40, Integer) * _number("1", 8, 9), Decimal("40.00000000")),
    "a share of a large amount keeps every digit": (
        # 12,345,678.99 × 0.66666667 = 8,230,452.70115…
        portable.rounded_money(_number("12345678.99", 2) * _number("0.66666667", 8, 9)),
        Decimal("8230452.70")),
    "a sixth is rounded up": (portable.even_share(literal(6)), Decimal("0.16666667")),
    "a seventh is rounded down": (portable.even_share(literal(7)), Decimal("0.14285714")),
    "nothing is divided by nothing": (portable.quotient(literal(1), literal(0)), None),
    "midnight in Shanghai is four in the afternoon": (
        portable.local_date(portable.at(MOMENT), SHANGHAI), date(2024, 2, 29)),
    "and hour 0": (portable.local_hour(portable.at(MOMENT), SHANGHAI), 0),
    "a day ends there": (
        portable.end_of_day(literal(date(2024, 2, 28), Date), SHANGHAI),
        datetime(2024, 2, 28, 16)),
    "whole hours earlier": (
        portable.hours_before(portable.at(MOMENT), literal(17, Integer)),
        datetime(2024, 2, 27, 23, 0, 0, 1)),
    "a microsecond earlier": (
        portable.earlier(portable.at(MOMENT), timedelta(microseconds=1)),
        datetime(2024, 2, 28, 16)),
    "two weeks later": (
        portable.later(portable.at(MOMENT), timedelta(days=14)),
        datetime(2024, 3, 13, 16, 0, 0, 1)),
    "hours with their fraction": (
        portable.hours_between(portable.at(MOMENT), portable.at(MOMENT + timedelta(minutes=90))),
        1.5),
    "days over a leap day": (
        portable.days_between(literal(date(2024, 2, 28), Date), literal(date(2024, 3, 1), Date)),
        2),
    "a day a week back": (
        portable.days_later(literal(date(2024, 3, 1), Date), -7), date(2024, 2, 23)),
    "the later of two": (
        portable.later_of(portable.at(MOMENT), portable.at(datetime(2024, 2, 28, 16))), MOMENT),
    "capitals beyond ASCII, and signs": (portable.holds(literal("Ärmel 50%_"), "äRMEL 50%"), True),
    "no sign stands for others": (portable.holds(literal("Ärmel 50"), "_"), False),
}  # fmt: skip


def _answers(statement: Any) -> list[pl.DataFrame]:
    """What each engine makes of a statement that reads no table."""
    build = Build(Path(":memory:"))
    try:
        return [build.fetch(statement), engines.clickhouse().fetch(statement, build, "nothing")]
    finally:
        build.abandon()


@pytest.mark.parametrize("claim", SHAPES)
def test_either_engine_knows(claim: str) -> None:
    expression, expected = SHAPES[claim]
    for frame in _answers(select(expression.label("it"))):
        assert engines.same(expected, frame["it"][0]), frame


def test_either_engine_sums_up_ranks_and_looks_around() -> None:
    # Of 1, 2, 4 and nothing: the middle is 2, nine tenths lie at 2 + 0.8 × 2 = 3.6.
    rows = union_all(
        *(
            select(literal(place).label("place"), literal(value, Integer).label("value"))
            for place, value in ((3, 4), (1, 2), (2, 1), (4, None))
        )
    ).subquery()
    value, place = rows.c.value, rows.c.place
    summed = select(
        portable.quantile(value, 0.5), portable.quantile(value, 0.9),
        portable.of_earliest(value, place), portable.total(value),
    )  # fmt: skip
    group = literal("all", String)
    around = select(
        place, portable.first_of([group], [value.desc().nulls_last()]),
        portable.next_in_order(value, group, place),
        portable.previous_in_order(value, [group], place),
    ).order_by(place)  # fmt: skip
    expected = [(1, 2, 1, None), (2, 3, 4, 2), (3, 1, None, 1), (4, 4, None, 4)]
    for sums, windows in zip(_answers(summed), _answers(around), strict=True):
        assert [float(one) for one in sums.row(0)] == [2, pytest.approx(3.6), 2, 7]
        assert windows.rows() == expected
    for frame in _answers(summed.where(place > 9)):
        assert frame.row(0) == (None, None, None, 0)


# The comparison itself ---------------------------------------------------------------------------
MINE = pl.DataFrame({"store": ["S1", "S2"], "net": [Decimal("1.20"), Decimal("3.00")]})


@pytest.mark.parametrize(
    "theirs",
    [
        MINE.rename({"net": "gross"}),
        MINE.head(1),
        MINE.with_columns(net=pl.Series([Decimal("1.20"), Decimal("3.01")])),
        MINE.with_columns(net=pl.Series([Decimal("1.2"), Decimal("3.0")])),
        MINE.with_columns(net=pl.Series([1.2, 3.0])),
        MINE.with_columns(net=pl.Series([Decimal("1.20"), None])),
    ],
)  # fmt: skip
def test_a_difference_is_seen(theirs: pl.DataFrame) -> None:
    assert engines.differing(MINE, theirs, is_ordered=True) is not None


def test_order_matters_where_it_was_asked_for() -> None:
    assert engines.differing(MINE, MINE.reverse(), is_ordered=True) is not None
    assert engines.differing(MINE, MINE.reverse(), is_ordered=False) is None
    assert engines.differing(MINE, MINE, is_ordered=True) is None


def test_both_engines_were_asked(dense: Asker) -> None:
    assert isinstance(dense[1], engines.Both)
