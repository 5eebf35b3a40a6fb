"""Figures beside those of another time: the period before, last year by three calendars."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Company
from oracle.sample import sale
from shops import MARCH, at, days, opened

from warehouse.filters import QuestionError


@pytest.fixture(scope="module")
def years(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """A receipt for each day that Friday 1 March 2024 can be held against.

    364 days back is Friday 3 March 2023. New Year's day was 10 February 2024 and 22 January 2023,
    so the 20th day after it was 11 February 2023.
    """
    amounts = {
        "2023-02-11": "4.00",
        "2023-02-28": "64.00",
        "2023-03-01": "1.00",
        "2023-03-03": "2.00",
        "2024-02-28": "16.00",
        "2024-02-29": "32.00",
        "2024-03-01": "8.00",
    }
    return opened(
        tmp_path_factory.mktemp("years"),
        pos_sales=[sale(day, f"{day} 10:00", amount) for day, amount in amounts.items()],
    )


@pytest.mark.worked("prior", "year", "weekday", "lunar")
@pytest.mark.parametrize(
    ("compare", "amount"),
    [("prior", "32.00"), ("year", "1.00"), ("weekday", "2.00"), ("lunar", "4.00")],
)  # fmt: skip
def test_the_compared_figure_stands_in_the_time_it_is_compared_with(
    years: Company, compare: str, amount: str
) -> None:
    assert years.ask("net_sales", *days(1), by=["day"], compare=compare) == [
        {"day": "2024-03-01", "net_sales": "8.00", "net_sales_compare": amount}
    ]


def test_prior_is_as_many_days_right_before_also_for_a_whole_month(years: Company) -> None:
    # 31 days before March are 30 January to 29 February: 16 + 32; by day each stands 31 days on.
    (row,) = years.ask("net_sales", *MARCH, compare="prior")
    assert row == {"net_sales": "8.00", "net_sales_compare": "48.00"}
    rows = years.ask("net_sales", *MARCH, by=["day"], compare="prior")
    assert [(row["day"], row["net_sales_compare"]) for row in rows] == [
        ("2024-03-01", None), ("2024-03-30", "16.00"), ("2024-03-31", "32.00"),
    ]  # fmt: skip


def test_29_february_is_held_against_the_28th_and_counts_once_in_a_sum(years: Company) -> None:
    february = ("2024-02-28", "2024-02-29")
    rows = years.ask("net_sales", *february, by=["day"], compare="year")
    assert [row["net_sales_compare"] for row in rows] == ["64.00", "64.00"]
    assert years.ask("net_sales", *february, compare="year") == [
        {"net_sales": "48.00", "net_sales_compare": "64.00"}
    ]


def test_a_group_of_one_time_only_is_empty_in_the_other(tmp_path: Path) -> None:
    till = [sale("a", at(1), "5.00"), sale("b", at(2), "7.00", store_id="S2")]
    shop = opened(tmp_path, pos_sales=till)
    assert shop.ask("net_sales,receipts", *days(2), by=["store"], compare="prior") == [
        {
            "store": "S1",
            "net_sales": None, "net_sales_compare": "5.00",
            "receipts": None, "receipts_compare": 1,
        },
        {
            "store": "S2",
            "net_sales": "7.00", "net_sales_compare": None,
            "receipts": 1, "receipts_compare": None,
        },
    ]  # fmt: skip


def test_the_lunar_comparison_reaches_45_days_and_refuses_more(years: Company) -> None:
    # 45 days around 10 February 2024 are 27 December to 26 March.
    around = ("2023-12-27", "2024-03-26")
    (row,) = years.ask("net_sales", *around, compare="lunar")
    assert row["net_sales"] == "56.00"
    for period in (("2023-12-26", "2024-03-26"), ("2023-12-27", "2024-03-27")):
        with pytest.raises(QuestionError, match="45 days around lunar New Year"):
            years.ask("net_sales", *period, compare="lunar")


def test_quotients_are_compared_unrounded_and_empty_where_nothing_was(years: Company) -> None:
    (row,) = years.ask("average_receipt_value", "2024-02-28", "2024-03-01", compare="weekday")
    # 28 February to 1 March: 56 ÷ 3; the same weekdays of 2023 were 1, 2 and 3 March: 3 ÷ 2.
    assert row == {
        "average_receipt_value": pytest.approx(56 / 3), "average_receipt_value_compare": 1.5,
    }  # fmt: skip
    (row,) = years.ask("average_receipt_value", *days(10), compare="year")
    assert row == {"average_receipt_value": None, "average_receipt_value_compare": None}
