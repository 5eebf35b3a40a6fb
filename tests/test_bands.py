"""Bands of normal variation, worked out by hand."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from conftest import Company
from rows import row, sale

from warehouse import bands
from warehouse.access import EVERYTHING, Scope
from warehouse.filters import Question, QuestionError
from warehouse.settings import Settings

SUNDAY = date(2026, 3, 1)


def sold(store: str, weeks_ago: int, amount: str, days_ago: int = 0) -> dict[str, str]:
    day = SUNDAY - timedelta(weeks=weeks_ago, days=days_ago)
    return sale(
        store_id=store, receipt_id=f"{weeks_ago}-{days_ago}", net_amount=amount, member_id="",
        sold_at=f"{day}T10:00:00",
    )  # fmt: skip


@pytest.fixture(scope="module")
def trade(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """Sundays. S1: 100, 200 … 800 in the eight weeks before, 1200 now, and 1000 on each day since
    the last. S2: 50 on four of the five before, nothing now. S3, in the west: 70 on each of eight,
    nothing now. S4: 60 on the two before and now. S5: 40 until three weeks ago. S6: 80 on seven of
    eight, 90 on the other, 100 now."""
    root = tmp_path_factory.mktemp("trade")
    company = Company(Settings(warehouse=root / "warehouse", inbox=root / "inbox", secret="k"))
    regions = {number: "WEST" if number == 3 else "EAST" for number in range(1, 7)}
    company.deliver("stores", *(
        row("stores", store_id=f"S{number}", region_id=region) for number, region in regions.items()
    ))  # fmt: skip
    company.deliver("regions", *(row("regions", region_id=r) for r in ("EAST", "WEST")))
    weeks = range(1, 9)
    company.deliver("pos_sales", *[
        sold("S1", 0, "1200"), *(sold("S1", week, f"{100 * week}") for week in weeks),
        *(sold("S1", 0, "1000", days_ago=days) for days in range(1, 7)),
        *(sold("S2", week, "50") for week in (1, 3, 4, 5)),
        *(sold("S3", week, "70") for week in weeks),
        *(sold("S4", week, "60") for week in (0, 1, 2)),
        *(sold("S5", week, "40") for week in range(3, 9)),
        sold("S6", 0, "100"), *(sold("S6", week, "90" if week == 4 else "80") for week in weeks),
    ])  # fmt: skip
    company.load()
    return company


def found(
    company: Company, *by: str, key: str = "net_sales", days: int = 1, scope: Scope = EVERYTHING,
    **how: Any,
) -> pl.DataFrame:  # fmt: skip
    question = Question((key,), SUNDAY - timedelta(days=days - 1), SUNDAY, by)
    with company.stored() as snapshot:
        return bands.bands(snapshot, question, scope, company.settings, **how)


def of(store: str, frame: pl.DataFrame) -> tuple[Any, ...]:
    return frame.filter(store=store).drop("store").row(0)


def money(*amounts: str) -> tuple[Decimal, ...]:
    return tuple(map(Decimal, amounts))


def test_the_band_is_the_median_and_three_deviations_to_either_side(trade: Company) -> None:
    """Median 450; the values are 350, 250, 150, 50, 50, 150, 250, 350 off it, so the MAD is 200 and
    a deviation 1.4826 × 200 × 8 / 7.2 = 329.47. 450 + 988.40 = 1438.40; nothing was below 0."""
    usual = money("1200.00", "450.00", "0.00", "1438.40")
    assert of("S1", found(trade, "store")) == (*usual, 2.28, 8, False)
    narrow = money("1200.00", "450.00", "0.00", "1108.93")
    assert of("S1", found(trade, "store", width=2.0)) == (*narrow, 2.28, 8, True)


def test_where_most_are_equal_their_mean_deviation_is_taken(trade: Company) -> None:
    """S6: seven times 80 and once 90 lie 10 / 8 = 1.25 off 80 on average, and 1.2533 × 1.25 = 1.57.
    S2: 50, 0, 50, 50, 50 lie 10 off 50, and 12.53 is a deviation; 0 now lies 3.99 of them below."""
    six = money("100.00", "80.00", "75.30", "84.70")
    assert of("S6", found(trade, "store")) == (*six, 12.77, 8, True)
    two = money("0.00", "50.00", "12.40", "87.60")
    assert of("S2", found(trade, "store")) == (*two, -3.99, 5, True)


def test_what_never_varied_or_is_too_new_has_no_band(trade: Company) -> None:
    frame = found(trade, "store")
    assert of("S3", frame) == (*money("0.00", "70.00"), None, None, None, 8, False)
    assert of("S4", frame) == (*money("60.00", "60.00"), None, None, None, 2, False)


def test_what_had_nothing_in_the_period_before_either_is_gone(trade: Company) -> None:
    """S5 closed three weeks ago. The others come with the furthest out first."""
    assert found(trade, "store")["store"].to_list() == ["S6", "S2", "S1", "S3", "S4"]


def test_a_quotient_without_a_value_is_no_zero(trade: Company) -> None:
    """S2 had receipts on four Sundays before, too few, and none now."""
    frame = found(trade, "store", key="average_receipt_value")
    assert set(frame["store"]) == {"S1", "S4", "S6"}
    assert of("S1", frame)[:2] == (1200.0, 450.0)


def test_periods_before_have_the_same_weekdays_and_do_not_overlap(trade: Company) -> None:
    """Seven days of S1: 1200 + 6 × 1000, and the single Sundays before. Ten days end on Sundays two
    weeks apart: 1200 + 6 × 1000 + 100, and before that 200 + 300, 400 + 500, 600 + 700, 800."""
    assert of("S1", found(trade, "store", days=7))[:2] == money("7200.00", "450.00")
    ten = of("S1", found(trade, "store", days=10))
    assert (ten[:2], ten[5]) == (money("7300.00", "850.00"), 4)


def test_a_scope_sees_its_own_and_nothing_its_band_is_made_of_elsewhere(trade: Company) -> None:
    west = Scope(regions=frozenset({"WEST"}))
    assert found(trade, "store", scope=west)["store"].to_list() == ["S3"]
    assert found(trade, scope=west).row(0)[:2] == money("0.00", "70.00")
    assert found(trade, "store", scope=Scope()).height == 0


def test_a_band_over_days_is_refused(trade: Company) -> None:
    with pytest.raises(QuestionError, match="a band cannot be by day"):
        found(trade, "store", "day")
