"""Targets: whose they are, how much of a month, and what they are held against."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Company
from oracle.sample import USUAL, Row, guide, order, sale, store
from shops import MARCH, at, by, days, figure, opened


def _goal(level: str, name: str, target: str, month: str = "2024-03") -> Row:
    goal = {"level": level, "id": name, "month": month, "metric": "net_sales", "target": target}
    return dict(goal)


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """S1 in R1, S2 in R2 below it, S3 in EAST; R1 and brand B have targets of their own."""
    east = {"region_id": "EAST", "region_name": "east", "parent_region_id": "TOP"}
    return opened(
        tmp_path_factory.mktemp("targets"),
        stores=[store("S1", "A", "R1"), store("S2", "B", "R2"), store("S3", "A", "EAST")],
        regions=[*USUAL["regions"], east],
        guides=[guide("G1", "S1"), guide("G2", "S2")],
        targets=[
            _goal("store", "S1", "310.00"),
            _goal("store", "S2", "620.00"),
            _goal("store", "S3", "100.00"),
            _goal("store", "S1", "290.00", month="2024-02"),
            _goal("region", "R1", "1550.00"),
            _goal("brand", "B", "930.00"),
            _goal("guide", "G1", "155.00"),
            _goal("store", "S1", "999.00") | {"metric": "new_members"},
        ],
        pos_sales=[
            sale("a", at(2), "50.00", guide_id="G1"),
            sale("b", at(3), "31.00", store_id="S2", product_id="P2", guide_id="G1"),
            sale("c", at(4), "20.00", store_id="S3"),
        ],
        online_orders=[order("o", at(5), "62.00", product_id="P2")],
    )


def test_a_whole_months_target_is_that_of_the_stores(year: Company) -> None:
    # 310 + 620 + 100; neither regions, brands and guides beside them nor targets of members.
    assert figure(year, "target") == "1030.00"
    assert by(year, "target", "store") == {"S1": "310.00", "S2": "620.00", "S3": "100.00"}


@pytest.mark.worked("target")
def test_a_target_is_pro_rata_by_days_of_a_month_partly_in_the_period(year: Company) -> None:
    # 10 of 31 days: 310 × 10 ÷ 31 and so on; 100 × 10 ÷ 31 = 32.258…
    assert by(year, "target", "store", days(1, 10)) == {
        "S1": "100.00", "S2": "200.00", "S3": "32.26",
    }  # fmt: skip
    # The last day of February (290 ÷ 29) and the first of March (310 ÷ 31).
    assert by(year, "target", "month", ("2024-02-29", "2024-03-01"), where={"store": ["S1"]}) == {
        "2024-02": "10.00", "2024-03": "10.00",
    }  # fmt: skip


def test_a_grouping_takes_its_own_targets_and_where_it_has_none_its_stores(year: Company) -> None:
    assert by(year, "target", "region") == {"EAST": "100.00", "R1": "1550.00", "R2": "620.00"}
    assert by(year, "target", "top_region") == {"EAST": "100.00", "R1": "1550.00"}
    assert by(year, "target", "brand") == {"A": "410.00", "B": "930.00"}
    assert by(year, "target", "guide") == {"G1": "155.00"}


def test_a_filter_that_a_regions_own_target_knows_nothing_of_asks_its_stores(year: Company) -> None:
    assert by(year, "target", "region", where={"store": ["S1"]}) == {"R1": "310.00"}
    assert by(year, "target", "brand", where={"region": ["R1"]}) == {"A": "310.00", "B": "620.00"}


@pytest.mark.worked("target_attainment")
def test_attainment_holds_each_level_against_its_own_figure(year: Company) -> None:
    # Stores and regions: store_net_sales. S2 sold 31.00 at the till; nobody shares the order.
    assert by(year, "target_attainment", "store") == {
        "S1": pytest.approx(50 / 310), "S2": pytest.approx(31 / 620), "S3": pytest.approx(0.2),
    }  # fmt: skip
    assert by(year, "target_attainment", "region")["R1"] == pytest.approx(50 / 1550)
    # Brands: net_sales. P1 is of brand A, so are 50.00 and 20.00; P2 takes S2's brand B; the
    # order of P2 has neither product brand nor store.
    assert by(year, "target_attainment", "brand") == {
        "A": pytest.approx(70 / 410), "B": pytest.approx(31 / 930),
    }  # fmt: skip
    # Guides: credited_net_sales, also what G1 sold in S2.
    assert by(year, "target_attainment", "guide") == {"G1": pytest.approx(81 / 155)}
    assert figure(year, "target_attainment") == pytest.approx(101 / 1030)


def test_without_a_target_there_is_no_attainment(year: Company) -> None:
    nothing = ("2024-05-01", "2024-05-31")
    assert figure(year, "target", nothing) == "0.00"
    assert figure(year, "target_attainment", nothing) is None
    assert by(year, "target_attainment", "store", nothing) == {}


def test_targets_are_compared_with_those_of_the_days_before(year: Company) -> None:
    # 31 days before March: the 29 of February (290.00), and two of January without a target.
    (row,) = year.ask("target", *MARCH, where={"store": ["S1"]}, compare="prior")
    assert row == {"target": "310.00", "target_compare": "290.00"}


def test_a_target_of_a_store_not_known_yet_counts_and_belongs_to_the_unassigned(
    tmp_path: Path,
) -> None:
    goals = [_goal("store", "S1", "310.00"), _goal("store", "S9", "31.00")]
    shop = opened(tmp_path, targets=[*goals, _goal("region", "R9", "62.00")])
    assert figure(shop, "target") == "341.00"
    assert by(shop, "target", "store") == {"S1": "310.00", "unassigned": "31.00"}
    assert by(shop, "target", "region")["unassigned"] == "62.00"
