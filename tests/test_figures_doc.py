"""docs/metrics.md and the glossary tell what is computed."""

from __future__ import annotations

from pathlib import Path

import figures_doc
import kept
import polars as pl
import pytest
from conftest import Company
from lantern_lane import MARCH, ROWS
from shops import opened

from warehouse import answers, glossary, show
from warehouse.access import EVERYTHING
from warehouse.engine import reading
from warehouse.filters import Question
from warehouse.funnels import SHIPPED
from warehouse.metrics import METRICS

PAGE = Path(__file__).parent.parent / "docs" / "metrics.md"


@pytest.fixture(scope="module")
def lane(tmp_path_factory: pytest.TempPathFactory) -> Company:
    return opened(tmp_path_factory.mktemp("lane"), **ROWS)


def test_the_page_of_figures_is_what_the_code_says(lane: Company) -> None:
    kept.matches(PAGE, figures_doc.written(lane))


def test_the_sql_that_is_shown_gives_the_figure(lane: Company) -> None:
    with reading(lane.settings.warehouse) as snapshot:
        for key in METRICS:
            shown = snapshot.fetch_sql(glossary.sql(key, lane.settings), ())
            asked = answers.answer(snapshot, Question((key,), *MARCH), EVERYTHING, lane.settings)
            assert show.records(shown) == show.records(asked), key


def test_the_sql_of_a_funnel_that_is_shown_gives_its_row(lane: Company) -> None:
    question = Question((), *MARCH)
    with reading(lane.settings.warehouse) as snapshot:
        for name in SHIPPED:
            shown: pl.DataFrame = snapshot.fetch_sql(glossary.funnel_sql(name, lane.settings), ())
            asked = answers.funnel(snapshot, name, question, EVERYTHING, lane.settings)
            assert shown.rows() == asked.rows(), name


@pytest.mark.parametrize(
    ("key", "formula"),
    [
        ("net_sales", "net_sales = Σ(net_amount) of lines"),
        ("receipts", "receipts = count(distinct receipt_key where not is_return) of lines"),
        (
            "discount_rate",
            "discount_rate = discount ÷ listed\n"
            "discount = Σ(list_amount − net_amount where not is_return and list_amount is not null)"
            " of lines\n"
            "listed = Σ(list_amount where not is_return and list_amount is not null) of lines",
        ),
        (
            "repeat_rate",
            "repeat_rate = came_twice ÷ came\n"
            "came_twice = count(* where days >= 2) of each member\n"
            "each member: days = count(distinct business_date) of member_days\n"
            "came = count(*) of each member",
        ),
        (
            "payment_fee",
            "payment_fee = Σ((net_amount × 0.005 where tender = 'wechat_pay') where not is_return)"
            " of lines",
        ),
    ],
)
def test_a_formula_is_read_off_the_parts(lane: Company, key: str, formula: str) -> None:
    assert glossary.formula(key, lane.settings) == formula


def test_refusals_are_those_of_questions(lane: Company) -> None:
    refused = glossary.refusals("visitors")
    assert refused["product"] == "it is made of visitors by store and hour, which have no product"
    assert "store" not in refused
