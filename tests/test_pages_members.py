"""The members' pages: their figures are the warehouse's, and bursts of joins are told."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from conftest import Company
from opening import Open, said
from rows import row, sale

from reports import formats, members
from warehouse import answers, bands
from warehouse.access import EVERYTHING
from warehouse.engine import reading
from warehouse.filters import Question, QuestionError
from warehouse.metrics import METRICS
from warehouse.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from streamlit.testing.v1 import AppTest

LAST = date(2025, 11, 20)
MONTH = (LAST - timedelta(days=29), LAST)
MARCH = (date(2026, 3, 2), date(2026, 3, 8))


def _reading(warehouse: Path) -> Any:
    return reading(warehouse)


def _ask(warehouse: Path, *keys: str, by: tuple[str, ...] = (), **more: Any) -> pl.DataFrame:
    question = Question(keys, *MONTH, by, **more)
    with _reading(warehouse) as snapshot:
        return answers.answer(snapshot, question, EVERYTHING, Settings(warehouse=warehouse))


def _tables(app: AppTest) -> list[Any]:
    assert not app.exception
    assert not app.error
    return [table.value for table in app.dataframe]


# Bursts ----------------------------------------------------------------------------------------
def _join(number: int, day: date) -> dict[str, str]:
    return {"member_id": f"M{number}", "joined_at": f"{day}T12:00:00", "join_channel": "pos"}


@pytest.fixture(scope="module")
def joining(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """One or two joins on each day from 5 January on, none on Tuesday the 3rd of March, and 40 on
    Thursday the 5th."""
    root = tmp_path_factory.mktemp("joining")
    made = Company(Settings(warehouse=root / "warehouse", inbox=root / "inbox"))
    first = date(2026, 1, 5)
    days = [first + timedelta(days=place) for place in range(63)]
    joins = {day: 1 + (day - first).days // 7 % 2 for day in days}
    joins |= {date(2026, 3, 3): 0, date(2026, 3, 5): 40}
    each = [day for day, count in joins.items() for _ in range(count)]
    made.deliver("stores", row("stores"))
    made.deliver("members", *(_join(number, day) for number, day in enumerate(each)))
    made.deliver("pos_sales", sale(sold_at="2026-03-08T10:00:00"))
    made.load()
    return made


def _days(company: Company, *days: date) -> pl.DataFrame:
    question = Question(("new_members",), *days)
    with company.stored() as snapshot:
        return bands.days(snapshot, question, EVERYTHING, company.settings)


def test_a_day_is_held_against_the_same_weekday_of_the_weeks_before(joining: Company) -> None:
    thursday = _days(joining, *MARCH).filter(day="2026-03-05").row(0, named=True)
    # eight Thursdays of 1 2 1 2 1 2 1 2: median 1.5, MAD 0.5, so 3 × 1.4826 × 0.5 × 8 / 7.2
    assert (thursday["new_members"], thursday["usual"], thursday["sample"]) == (40, 1.5, 8)
    assert thursday["usual_high"] == pytest.approx(1.5 + 3 * 1.4826 * 0.5 * 8 / 7.2)
    assert thursday["usual_low"] == 0  # no fewer than none
    assert thursday["is_out"]


def test_a_day_without_joins_counts_as_none(joining: Company) -> None:
    week = _days(joining, *MARCH)
    assert week["day"].to_list() == [f"2026-03-0{day}" for day in range(2, 9)]
    assert week["new_members"].to_list() == [1, 0, 1, 40, 1, 1, 1]
    assert week.filter("is_out")["day"].to_list() == ["2026-03-05"]


def test_few_weeks_before_give_no_band(joining: Company) -> None:
    early = _days(joining, date(2026, 1, 5), date(2026, 2, 9))
    told = early.filter(day="2026-02-02").row(0, named=True)
    assert (told["sample"], told["usual_low"], told["is_out"]) == (4, None, False)
    assert early.filter(day="2026-02-09")["sample"].item() == 5


def test_a_band_of_days_is_of_one_thing(joining: Company) -> None:
    with joining.stored() as snapshot, pytest.raises(QuestionError, match="narrow the question"):
        grouped = Question(("new_members",), *MARCH, by=("store",))
        bands.days(snapshot, grouped, EVERYTHING, joining.settings)


def test_the_page_names_the_burst(joining: Company, opened: Open) -> None:
    link = {"period": "custom", "from": "2026-03-02", "to": "2026-03-08"}
    app = opened(joining.settings.warehouse, "growth", **link)
    _tables(app)
    assert "One day of joins out of the usual: 5 Mar with 40, usually 0 – 4" in said(app)


# Growth ----------------------------------------------------------------------------------------
def test_growth_shows_the_warehouses_own_figures(opened: Open, sample_warehouse: Path) -> None:
    app = opened(sample_warehouse, "growth")
    places, scans = _tables(app)
    shown = {tile.label: tile.value for tile in app.metric}
    keys = [key for key in METRICS if METRICS[key].label in shown]
    figures = _ask(sample_warehouse, *keys).row(0, named=True)
    assert shown == {METRICS[key].label: formats.figure(key, figures[key]) for key in keys}
    joined = _ask(sample_warehouse, "new_members", by=("top_region",))["new_members"].drop_nulls()
    assert sorted(places["new_members"]) == sorted(joined)
    by_store = _ask(sample_warehouse, "scans", "scan_bound_share", by=("store",)).drop_nulls()
    assert sorted(scans["scan_bound_share"].dropna()) == sorted(by_store["scan_bound_share"])


def test_the_way_most_members_join_by_is_named(opened: Open, sample_warehouse: Path) -> None:
    ways = _ask(sample_warehouse, "new_members", by=("join_channel",)).drop_nulls()
    first = ways.sort("new_members", descending=True).row(0, named=True)
    part = formats.percent(first["new_members"] / ways["new_members"].sum(), 0)
    words = said(opened(sample_warehouse, "growth"))
    assert first["join_channel"] == "referral"
    assert f"Referral brings {part} of {ways['new_members'].sum()} new members" in words


def test_a_store_managers_growth_is_by_store(opened: Open, sample_warehouse: Path) -> None:
    places, scans = _tables(opened(sample_warehouse, "growth", region="CN"))
    assert len(places) > 1
    guides = _tables(opened(sample_warehouse, "growth", store="S0001"))[-1]
    assert len(guides) != len(scans)


def test_without_joins_to_count_the_rest_is_shown(opened: Open, sample_warehouse: Path) -> None:
    app = opened(sample_warehouse, "growth", channel="pos")
    _tables(app)
    assert "Not defined under these filters: New members, Members" in said(app)
    assert "Repeat rate" in said(app)


# Campaigns -------------------------------------------------------------------------------------
AUTUMN = {"period": "custom", "from": "2025-08-01", "to": "2025-09-15"}


def _campaigns(warehouse: Path, **more: Any) -> pl.DataFrame:
    question = Question((), date(2025, 8, 1), date(2025, 9, 15), ("campaign",))
    with _reading(warehouse) as snapshot:
        found = answers.campaigns(
            snapshot, question, EVERYTHING, Settings(warehouse=warehouse), **more
        )
    return found.sort("campaign", descending=True, nulls_last=True)


def test_campaigns_are_those_of_the_command_line(opened: Open, sample_warehouse: Path) -> None:
    app = opened(sample_warehouse, "campaigns", **AUTUMN)
    (table,) = _tables(app)
    found = _campaigns(sample_warehouse)
    for name in ("issued", "redeemed", "bought", "bought_again_full_price"):
        assert list(table[name]) == found[name].to_list()
    assert [Decimal(str(value)) for value in table["discount"]] == found["discount"].to_list()
    whole = members.whole(found)
    bought = formats.percent(whole["bought"] / whole["issued"])
    assert f"{bought} led to a purchase in a store" in said(app)


def test_coupons_still_running_are_told_apart(opened: Open, sample_warehouse: Path) -> None:
    app = opened(sample_warehouse, "campaigns")
    (table,) = _tables(app)
    assert set(table["issued"]) == {0}
    assert "coupons are still within their 60 days" in said(app)
    assert "the counts are those so far" in said(app)


def test_all_campaigns_together_are_all_coupons(sample_warehouse: Path) -> None:
    question = Question((), date(2025, 8, 1), date(2025, 9, 15))
    with _reading(sample_warehouse) as snapshot:
        whole = answers.campaigns(
            snapshot, question, EVERYTHING, Settings(warehouse=sample_warehouse)
        ).row(0, named=True)
    together = members.whole(_campaigns(sample_warehouse))
    assert together == {name: whole[name] for name in together}


def test_a_period_without_coupons_says_so(joining: Company, opened: Open) -> None:
    app = opened(joining.settings.warehouse, "campaigns")
    assert _tables(app) == []
    assert "No coupon was issued in this period" in said(app)
