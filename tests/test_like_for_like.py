"""Like-for-like: which store-days count, what they are held against, and how much they cover."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import Company
from oracle.sample import Row, order, sale, store
from shops import at, by, days, figure, opened

KEY, COVERAGE = "like_for_like_growth", "like_for_like_coverage"


def _pair(store_id: str, day: int, before: str, now: str, **more: str) -> Iterator[Row]:
    """Sales of a store on one day of March 2023 and on the same day of 2024."""
    names = {"store_id": store_id} | more
    for year, amount in (("2023", before), ("2024", now)):
        if amount:
            yield sale(f"{store_id}-{year}-{day}", f"{year}{at(day)[4:]}", amount, **names)


def _trade(*pairs: Iterator[Row]) -> list[Row]:
    """The pairs, between a first and a last day on which S0, which is not compared, sells."""
    ends = ("2023-02-20 10:00", "2024-03-25 10:00")
    return [
        *(sale("end", end, "1.00", store_id="S0") for end in ends),
        *(r for p in pairs for r in p),
    ]


OLD = {"opened_on": "2020-01-01"}
NEW = {"opened_on": "2024-01-01"}
"""S0 opened this year, so that it never counts."""


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """A store a reason: S1 always there, S2 and S3 new last year, S4 to S7 closed on some day."""
    return opened(
        tmp_path_factory.mktemp("chain"),
        stores=[
            store("S0", "A", "R1", **NEW),
            store("S1", "A", "R1", **OLD),
            store("S2", "A", "R1", opened_on="2023-02-02"),
            store("S3", "A", "R1", opened_on="2023-02-03"),
            store("S4", "A", "R1", closed_on="2024-03-05", **OLD),
            store("S5", "A", "R1", **OLD),
            store("S6", "A", "R1", **OLD),
            store("S7", "A", "R1", **OLD),
            store("S8", "A", "R1"),
        ],
        store_closures=[
            {"store_id": "S5", "closed_from": "2023-03-01", "closed_to": "2023-03-04"},
            {"store_id": "S6", "closed_from": "2024-03-04", "closed_to": "2024-03-04"},
        ],
        pos_sales=_trade(
            _pair("S1", 4, "100.00", "120.00"),
            _pair("S2", 4, "10.00", "30.00"),
            _pair("S3", 4, "10.00", "90.00"),
            *(_pair("S4", day, "10.00", "40.00") for day in (4, 5)),
            *(_pair("S5", day, "10.00", "50.00") for day in (4, 5)),
            *(_pair("S6", day, "10.00", "60.00") for day in (4, 5)),
            _pair("S7", 4, "", "7.00"),
            _pair("S7", 5, "7.00", ""),
            _pair("S8", 4, "4.00", "5.00"),
            _pair("S9", 4, "1.00", "100.00"),
        ),
    )


def test_a_store_counts_when_the_day_last_year_is_30_days_after_opening(chain: Company) -> None:
    # 4 March 2023 is 30 days after 2 February, 29 after the 3rd. S8 states no opening.
    stores = by(chain, KEY, "store", days(4))
    assert {name: stores.get(name) for name in ("S1", "S2", "S8")} == {
        "S1": pytest.approx(0.2), "S2": pytest.approx(2.0), "S8": pytest.approx(0.25),
    }  # fmt: skip
    assert "S3" not in stores


def test_a_store_that_nobody_described_is_not_compared(chain: Company) -> None:
    assert "unassigned" not in by(chain, KEY, "store", days(4))


def test_how_long_a_store_must_be_open_can_be_set(chain: Company) -> None:
    stricter = Company(replace(chain.settings, comparable_after_days=31))
    assert "S2" not in by(stricter, KEY, "store", days(4))
    milder = Company(replace(chain.settings, comparable_after_days=29))
    assert by(milder, KEY, "store", days(4))["S3"] == pytest.approx(8.0)


def test_a_closure_of_either_year_masks_the_day_in_both(chain: Company) -> None:
    # S4 is closed for good from the 5th, S5 was to the 4th last year, S6 is on the 4th.
    assert by(chain, KEY, "store", days(4))["S4"] == pytest.approx(3.0)
    fourth, fifth = by(chain, KEY, "store", days(4)), by(chain, KEY, "store", days(5))
    assert {"S5", "S6"} & set(fourth) == set()
    assert "S4" not in fifth
    assert (fifth["S5"], fifth["S6"]) == (pytest.approx(4.0), pytest.approx(5.0))


@pytest.mark.worked("like_for_like_growth")
def test_an_open_day_without_sales_counts_as_zero(chain: Company) -> None:
    # The 4th: 120 + 30 + 40 + 7 + 5 = 202 against 100 + 10 + 10 + 0 + 4 = 124.
    assert figure(chain, "like_for_like_growth", days(4)) == pytest.approx(202 / 124 - 1)
    assert by(chain, KEY, "store", days(4))["S7"] is None
    # The 5th: S7 sells 0 after 7.
    assert by(chain, KEY, "store", days(5))["S7"] == -1.0
    assert figure(chain, KEY, days(5)) == pytest.approx((50 + 60) / (10 + 10 + 7) - 1)


def test_both_days_lie_between_the_first_and_the_last_loaded_sale(tmp_path: Path) -> None:
    # Sales are loaded from 4 March 2023 to 5 March 2024: only the 4th and the 5th can count.
    # What was returned on the 6th is no sale.
    shop = opened(
        tmp_path,
        pos_sales=[
            *_pair("S1", 4, "10.00", "11.00"),
            *_pair("S1", 5, "20.00", "33.00"),
            sale("b", "2023-03-06 10:00", "1000.00"),
            sale("c", "2024-03-06 10:00", "-5.00"),
            sale("d", "2024-03-03 10:00", "700.00"),
        ],
    )
    assert figure(shop, KEY, days(1, 31)) == pytest.approx(44 / 30 - 1)


def test_29_february_is_held_against_the_28th_which_counts_for_both(tmp_path: Path) -> None:
    shop = opened(
        tmp_path,
        pos_sales=[
            sale("a", "2023-02-28 10:00", "10.00"),
            sale("b", "2024-02-28 10:00", "11.00"),
            sale("c", "2024-02-29 10:00", "12.00"),
        ],
    )
    assert by(shop, KEY, "day", ("2024-02-28", "2024-02-29")) == {
        "2024-02-28": pytest.approx(0.1), "2024-02-29": pytest.approx(0.2),
    }  # fmt: skip
    assert figure(shop, KEY, ("2024-02-28", "2024-02-29")) == pytest.approx(23 / 20 - 1)


def test_a_groups_region_and_brand_are_those_of_the_day_in_both_years(tmp_path: Path) -> None:
    # S1 was in R2 under brand B last year; what it sold there is held against R1 and A.
    moved = [store("S1", "B", "R2", **OLD), store("S1", "A", "R1", valid_from="2024-03-04")]
    till = _trade(*(_pair("S1", day, "10.00", "15.00", product_id="P2") for day in (3, 4)))
    shop = opened(tmp_path, stores=[*moved, store("S0", "A", "R1", **NEW)], pos_sales=till)
    assert by(shop, KEY, "region", days(3)) == {"R2": 0.5}
    assert by(shop, KEY, "region", days(4)) == {"R1": 0.5}
    assert by(shop, KEY, "brand", days(3, 4)) == {"A": 0.5, "B": 0.5}
    assert by(shop, KEY, "brand", days(3, 4), org="as_is") == {"A": 0.5}


def test_by_channel_and_guide_the_same_store_days_count_with_their_sales(tmp_path: Path) -> None:
    # S1's tills grow from 10 to 15, its order of G1 from 20 to 10; S0 is too new.
    shop = opened(
        tmp_path,
        stores=[store("S1", "A", "R1", **OLD), store("S0", "A", "R1", **NEW)],
        pos_sales=_trade(_pair("S1", 4, "10.00", "15.00", guide_id="G3")),
        online_orders=[
            order("then", "2023-03-04 10:00", "20.00", guide_id="G1"),
            order("now", at(4), "10.00", guide_id="G1"),
        ],
    )
    assert by(shop, KEY, "channel", days(4)) == {"mini_program": -0.5, "pos": 0.5}
    assert by(shop, KEY, "guide", days(4)) == {"G1": -0.5, "G3": 0.5}
    assert figure(shop, KEY, days(4), where={"channel": ["pos"]}) == 0.5
    assert figure(shop, KEY, days(4)) == pytest.approx(25 / 30 - 1)


def test_a_comparison_by_weekday_or_lunar_year_aligns_the_days_so(tmp_path: Path) -> None:
    # Friday 1 March 2024: the same date last year is a Wednesday (8.00); the Friday is the 3rd
    # (4.00); 20 days after New Year's day (10 February, 22 January) is 11 February (2.00).
    shop = opened(
        tmp_path,
        pos_sales=[
            sale("first", "2023-02-01 10:00", "1.00"),
            sale("lunar", "2023-02-11 10:00", "2.00"),
            sale("friday", "2023-03-03 10:00", "4.00"),
            sale("date", "2023-03-01 10:00", "8.00"),
            sale("now", at(1), "16.00"),
        ],
    )
    assert figure(shop, KEY, days(1)) == 1.0
    assert figure(shop, KEY, days(1), compare="weekday") == 3.0
    assert figure(shop, KEY, days(1), compare="lunar") == 7.0
    assert figure(shop, KEY, days(1), compare="prior") == 1.0


# Coverage ----------------------------------------------------------------------------------------
@pytest.mark.worked("like_for_like_coverage")
def test_coverage_is_the_part_of_store_net_sales_that_is_compared(chain: Company) -> None:
    # The 4th: S1 120, S2 30, S4 40, S7 7 and S8 5 make 202; S3 90, S5 50, S6 60 and S9 100 are
    # not compared: 202 of 502.
    assert figure(chain, "like_for_like_coverage", days(4)) == pytest.approx(202 / 502)
    assert figure(chain, "store_net_sales", days(4)) == "502.00"
    stores = by(chain, COVERAGE, "store", days(4))
    assert {name for name, share in stores.items() if share == 0} == {
        "S3",
        "S5",
        "S6",
        "unassigned",
    }
    assert {name for name, share in stores.items() if share == 1} == {"S1", "S2", "S4", "S7", "S8"}
    # S4 on the 4th only: 40 of 80.
    assert by(chain, COVERAGE, "store", days(4, 5))["S4"] == pytest.approx(40 / 80)


def test_coverage_without_store_sales_is_empty(chain: Company) -> None:
    # On the 5th S7 sold last year only: growth is −100 %, and there is nothing to be a part of.
    assert figure(chain, COVERAGE, days(12)) is None
    assert "S7" not in by(chain, COVERAGE, "store", days(5))


def test_coverage_has_a_brand_by_the_store_as_growth_has(tmp_path: Path) -> None:
    # S1, of brand B, sells P1, of brand A, for 30.00; S0 is too new for its 20.00 of P1.
    shop = opened(
        tmp_path,
        stores=[store("S1", "B", "R1", **OLD), store("S0", "A", "R1", **NEW)],
        pos_sales=_trade(
            _pair("S1", 4, "10.00", "30.00", product_id="P1"),
            _pair("S0", 4, "", "20.00", product_id="P1"),
        ),
    )
    assert by(shop, COVERAGE, "brand", days(4)) == {"A": 0.0, "B": 1.0}
    assert by(shop, KEY, "brand", days(4)) == {"B": 2.0}
    assert figure(shop, COVERAGE, days(4)) == pytest.approx(30 / 50)


def test_coverage_leaves_out_sales_of_no_store_and_follows_channel_and_alignment(
    tmp_path: Path,
) -> None:
    # 16.00 at S1 on Friday 1 March 2024, 9.00 online without a store. Sales are loaded from 3
    # March 2023: that Friday is within them, the same date is not.
    shop = opened(
        tmp_path,
        pos_sales=[sale("friday", "2023-03-03 10:00", "4.00"), sale("now", at(1), "16.00")],
        online_orders=[order("home", at(1), "9.00")],
    )
    assert figure(shop, COVERAGE, days(1), compare="weekday") == 1.0
    assert figure(shop, COVERAGE, days(1)) == 0.0
    assert by(shop, COVERAGE, "channel", days(1), compare="weekday") == {"pos": 1.0}
