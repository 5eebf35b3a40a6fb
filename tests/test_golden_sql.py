"""The SQL of well-chosen questions, kept so that its changes are seen; `make docs` rewrites it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import kept
import pytest

from warehouse import funnel_queries, printed, queries
from warehouse.access import EVERYTHING, Scope
from warehouse.filters import Question
from warehouse.funnels import SHIPPED
from warehouse.metrics import METRICS
from warehouse.settings import Settings
from warehouse.sources import SOURCES

GOLDEN = Path(__file__).parent / "golden"
SETTINGS = Settings()
MARCH = (date(2024, 3, 1), date(2024, 3, 31))
MANAGER = Scope(stores=frozenset({"S9"}), regions=frozenset({"EAST"}))


def _of(*keys: str, **how: object) -> Question:
    """A question about March 2024, answered from lines unless it is said otherwise."""
    return Question(keys, *MARCH, **{"from_lines": True, **how})  # type: ignore[arg-type]


QUESTIONS: Mapping[str, Question] = {
    "receipts_and_averages_by_day": _of("receipts", "average_receipt_value", by=("day",)),
    "a_month_from_days": _of("net_sales", "buyers", from_lines=False),
    "margin_by_category": _of("gross_margin", "payment_fee", by=("category",)),
    "a_region_with_its_sub_regions": _of(
        "net_sales", by=("store",), where=(("region", ("EAST",)),)
    ),
    "brands_and_top_regions_as_is": _of("net_sales", by=("brand", "top_region"), org="as_is"),
    "against_last_year_by_day": _of("net_sales", by=("day",), compare="year"),
    "against_the_lunar_year": _of("net_sales", compare="lunar"),
    "credited_under_another_policy": _of("net_sales", by=("guide",), credit="bound_first@7"),
    "conversion": _of("conversion_rate", by=("store",)),
    "sales_per_square_metre": _of("sales_per_sqm", by=("region",)),
    "members_by_month": _of("members", "new_members", by=("month",)),
    "members_who_come_back": _of("repeat_rate", "second_purchase_rate"),
    "members_on_both_sides": _of("omnichannel_share"),
    "tenders": _of("tender_share", by=("tender",)),
    "scans_and_lost_sales": _of("scans", "scanning_visits", "lost_sale_value", by=("store",)),
    "ring_closure": _of("ring_closure_rate"),
    "targets_of_regions": _of("target_attainment", by=("region",)),
    "like_for_like": _of("like_for_like_growth"),
    "like_for_like_coverage": _of("like_for_like_coverage"),
    "scans_and_what_came_of_them": _of("scans_per_visit", "scan_bound_share"),
    "interest_after_scans": _of("scan_interest_share"),
    "buyers_who_return": _of("coupon_buyer_retention"),
    "cost_of_o2o": _of("o2o_cost_per_order"),
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_the_sql_of_a_question_is_the_kept_one(name: str) -> None:
    text = printed.sql(queries.figures(QUESTIONS[name], EVERYTHING, SETTINGS))
    kept.matches(GOLDEN / f"{name}.sql", f"{text}\n")


def test_the_sql_for_a_manager_is_the_kept_one() -> None:
    text = printed.sql(queries.figures(_of("net_sales", by=("guide",)), MANAGER, SETTINGS))
    kept.matches(GOLDEN / "what_a_manager_sees.sql", f"{text}\n")


@pytest.mark.parametrize("name", SHIPPED)
def test_the_sql_of_a_funnel_is_the_kept_one(name: str) -> None:
    asked = funnel_queries.funnel(SHIPPED[name], _of(by=("store",)), EVERYTHING, SETTINGS)
    kept.matches(GOLDEN / f"funnel_{name}.sql", f"{printed.sql(asked)}\n")


def test_every_source_of_figures_is_in_a_kept_statement() -> None:
    keys = {key for question in QUESTIONS.values() for key in question.keys}
    assert {part.source for key in keys for part in METRICS[key].parts} == set(SOURCES)


def test_no_kept_file_is_left_over() -> None:
    known = {*QUESTIONS, "what_a_manager_sees", *(f"funnel_{name}" for name in SHIPPED)}
    assert {path.stem for path in GOLDEN.iterdir()} == known
