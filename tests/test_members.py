"""Members: who joined and stayed, who buys, who comes back."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Company
from oracle.sample import member, order, sale, store
from shops import MARCH, at, by, days, deliver, figure, opened

APRIL_2023 = ("2023-04-01", "2023-04-30")
DECEMBER = ("2023-12-01", "2023-12-31")


@pytest.fixture(scope="module")
def club(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """S2 moves from R2 to R1 on 20 March; M3 leaves on the 10th; M7 was merged into M4."""
    people = [
        member("M1", at(1), join_store_id="S1", join_guide_id="G1"),
        member("M2", at(5), join_store_id="S1", referrer_member_id="M1"),
        member("M3", "2023-05-01 10:00", join_store_id="S2", left_at=at(10)),
        member("M4", "2023-06-01 10:00", join_store_id="S2"),
        member("M5", at(19, "23:59"), join_store_id="S2"),
        member("M6", "2024-04-01 00:00", join_store_id="S2"),
        member("M7", at(3), join_store_id="S2", merged_into_member_id="M4"),
    ]
    return opened(
        tmp_path_factory.mktemp("club"),
        stores=[
            store("S1", "A", "R1"),
            store("S2", "B", "R2"),
            store("S2", "B", "R1", valid_from="2024-03-20"),
        ],
        members=people,
    )


@pytest.mark.worked("new_members")
def test_new_members_joined_in_the_period_merged_ones_count_as_their_survivor(
    club: Company,
) -> None:
    # M1, M2, M5; M6 joined a minute into April, M7 is M4, who joined last year.
    assert figure(club, "new_members") == 3
    assert by(club, "new_members", "store") == {"S1": 2, "S2": 1}
    assert by(club, "new_members", "guide") == {"G1": 1, None: 2}


@pytest.mark.worked("members")
def test_members_of_no_store_are_a_group_and_deleted_ones_are_no_members(tmp_path: Path) -> None:
    # M2 joined nowhere, M3 in a store nobody has described; M4 is taken out, but his receipt stays.
    people = [
        member("M1", at(1), join_store_id="S1"),
        member("M2", at(1)),
        member("M3", at(1), join_store_id="S9"),
        member("M4", at(1), join_store_id="S1"),
    ]
    shop = opened(tmp_path, members=people, pos_sales=[sale("a", at(1), "5.00", member_id="M4")])
    assert figure(shop, "members") == 4
    deliver(shop, members=[member("M4", is_deleted="1")])
    for key in ("members", "new_members"):
        assert by(shop, key, "store") == {"S1": 1, "unassigned": 1, None: 1}
        assert by(shop, key, "region") == {"R1": 1, None: 2}
    assert figure(shop, "active_members") == 1


def test_of_members_merged_in_a_circle_the_smallest_identifier_stands_whoever_was_named_first(
    tmp_path: Path,
) -> None:
    # M9 is named by a receipt before anybody hears of M10; "M10" sorts before "M9".
    shop = opened(tmp_path, pos_sales=[sale("a", at(1), "5.00", member_id="M9")])
    circle = [
        member("M9", at(1), join_store_id="S1", merged_into_member_id="M10"),
        member("M10", at(2), join_store_id="S2", merged_into_member_id="M9"),
    ]
    deliver(shop, members=circle)
    assert by(shop, "members", "store") == {"S2": 1}
    assert figure(shop, "buyers") == 1


def test_members_joined_and_have_not_left_by_the_end_of_the_period(club: Company) -> None:
    # On the 9th M1, M2, M3, M4; M3 leaves on the 10th; M5 comes on the 19th.
    ends = {last: figure(club, "members", days(1, last)) for last in (9, 10, 31)}
    assert ends == {9: 4, 10: 3, 31: 4}
    assert by(club, "members", "month", ("2024-02-01", "2024-04-30")) == {
        "2024-02": 2, "2024-03": 4, "2024-04": 5,
    }  # fmt: skip


def test_members_of_several_months_are_those_at_the_end_of_the_last(club: Company) -> None:
    spring = {"where": {"month": ["2024-02", "2024-03"]}}
    assert figure(club, "members", ("2024-02-01", "2024-04-30"), **spring) == 4


def test_29_february_is_compared_with_the_members_of_the_28th_counted_once(tmp_path: Path) -> None:
    shop = opened(tmp_path, members=[member("M1", "2023-02-28 10:00"), member("M2", at(1))])
    rows = shop.ask("members", "2024-02-28", "2024-03-01", by=["day"], compare="year")
    told = [(row["day"], row["members"], row["members_compare"]) for row in rows]
    assert told == [("2024-02-28", 1, 1), ("2024-02-29", 1, 1), ("2024-03-01", 2, 1)]


def test_by_region_joins_sit_in_that_of_their_day_and_members_in_that_of_the_end(
    club: Company,
) -> None:
    # M5 joined S2 while it was in R2; at the end of March S2, with M4 and M5, is in R1.
    assert by(club, "new_members", "region") == {"R1": 2, "R2": 1}
    assert by(club, "members", "region", days(1, 19)) == {"R1": 2, "R2": 2}
    assert by(club, "members", "region") == {"R1": 4}
    assert by(club, "new_members", "region", org="as_is") == {"R1": 3}


@pytest.mark.worked("referral_ratio")
def test_the_referral_ratio_is_members_with_a_referrer_over_those_without(club: Company) -> None:
    assert figure(club, "referral_ratio") == 1 / 2  # M2 over M1 and M5
    assert figure(club, "referral_ratio", days(5)) is None  # one with, none without


# Purchases ---------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def regulars(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """M1 buys on two days and both sides, M2 twice on one day, B1 to B4 first in April 2023.

    The data end on 6 March 2024, the 91st day after 6 December and the 90th after the 7th.
    """
    first = "2023-04-10 10:00"
    till = [
        sale("a", at(2), "100.00", member_id="M1"),
        sale("b", at(3), "10.00", member_id="M2"),
        sale("c", at(3, "18:00"), "10.00", member_id="M2"),
        sale("d", at(6), "40.00", member_id="B4"),
        sale("e", at(6), "60.00"),
        *(
            sale(f"first {name}", first, "1.00", member_id=name)
            for name in ("B1", "B2", "B3", "B4")
        ),
        sale("90 days", "2023-07-09 23:00", "1.00", member_id="B1"),
        sale("91 days", "2023-07-10 01:00", "1.00", member_id="B2"),
        sale("same day", "2023-04-10 20:00", "1.00", member_id="B3"),
        sale("ripe", "2023-12-06 10:00", "1.00", member_id="D1"),
        sale("ripe again", "2023-12-09 10:00", "1.00", member_id="D1"),
        sale("unripe", "2023-12-07 10:00", "1.00", member_id="D2"),
    ]
    web = [order("o", at(4), "50.00", member_id="M1"), order("v", at(4), "30.00", visitor_id="V1")]
    return opened(
        tmp_path_factory.mktemp("regulars"),
        members=[member(name) for name in ("M1", "M2", "B1", "B2", "B3", "B4", "D1", "D2")],
        pos_sales=till,
        online_orders=web,
    )


@pytest.mark.worked(
    "active_members", "member_receipt_share", "member_sales_share", "purchase_frequency"
)
def test_active_members_have_a_receipt_and_their_shares_are_of_all(regulars: Company) -> None:
    # March: M1, M2 and B4 on a, b, c, d and o of seven receipts, 210.00 of 300.00.
    assert figure(regulars, "active_members") == 3
    assert figure(regulars, "member_receipt_share") == pytest.approx(5 / 7)
    assert figure(regulars, "member_sales_share") == pytest.approx(210 / 300)
    assert figure(regulars, "purchase_frequency") == pytest.approx(5 / 3)


@pytest.mark.worked("repeat_rate")
def test_repeat_is_receipts_on_two_days_inside_the_group(regulars: Company) -> None:
    # M1 on the 2nd and the 4th; M2 twice on one day. On each channel M1 bought on one day only.
    assert figure(regulars, "repeat_rate") == pytest.approx(1 / 3)
    assert by(regulars, "repeat_rate", "channel") == {"mini_program": 0.0, "pos": 0.0}
    assert by(regulars, "repeat_rate", "day")["2024-03-02"] == 0.0


@pytest.mark.worked("second_purchase_rate")
def test_a_second_purchase_is_another_day_at_most_90_days_later(regulars: Company) -> None:
    # B1 after 90 days; B2 after 91, B3 on the same day, B4 next year.
    assert figure(regulars, "second_purchase_rate", APRIL_2023) == 1 / 4


def test_only_members_whose_90_days_have_passed_are_asked_for_a_second_purchase(
    regulars: Company,
) -> None:
    # D1's 90 days end on 5 March, before the data do; D2's on the 6th, the as-of date itself.
    assert figure(regulars, "second_purchase_rate", DECEMBER) == 1.0
    assert figure(regulars, "second_purchase_rate") is None
    # The second may come after the bucket of the first.
    assert by(regulars, "second_purchase_rate", "day", DECEMBER) == {
        "2023-12-06": 1.0, "2023-12-07": None, "2023-12-09": None,
    }  # fmt: skip


@pytest.mark.worked("omnichannel_share")
def test_omnichannel_looks_back_twelve_months_from_the_periods_end(regulars: Company) -> None:
    # Up to 31 March: M1 bought on both sides of M1, M2, four B and two D.
    assert figure(regulars, "omnichannel_share") == 1 / 8
    # The 12 months up to 10 April begin on 11 April: B3's only day is out. B1 and B2 came back
    # in July, B4 in March.
    assert figure(regulars, "omnichannel_share", ("2024-03-01", "2024-04-10")) == pytest.approx(
        1 / 7
    )
    # Up to the 3rd nobody had bought online.
    assert figure(regulars, "omnichannel_share", days(1, 3)) == 0.0


def test_a_figure_is_the_same_whatever_is_asked_beside_it(tmp_path: Path) -> None:
    # In March S1 sells and S2, where M1 bought in January, does not: S2 has no omnichannel share
    # of March, though it has a member.
    shop = opened(
        tmp_path,
        members=[member("M1", join_store_id="S2")],
        pos_sales=[
            sale("before", "2024-01-05 10:00", "5.00", member_id="M1", store_id="S2"),
            sale("now", at(2), "5.00", member_id="M1"),
        ],
    )
    key = "omnichannel_share"
    assert by(shop, key, "store") == {"S1": 0.0}
    rows = shop.ask(f"members,{key}", *MARCH, by=["store"])
    assert [(row["store"], row["members"], row[key]) for row in rows] == [
        ("S1", None, 0.0), ("S2", 1, None),
    ]  # fmt: skip
    before = shop.ask(f"members,{key}", *days(1, 2), by=["store"], compare="prior")
    assert [row[f"{key}_compare"] for row in before] == [None, None]


def test_members_without_purchases_leave_every_quotient_empty(tmp_path: Path) -> None:
    shop = opened(tmp_path, members=[member("M1")])
    keys = "member_receipt_share,member_sales_share,purchase_frequency,repeat_rate"
    (row,) = shop.ask(f"{keys},second_purchase_rate,referral_ratio,omnichannel_share", *MARCH)
    assert set(row.values()) == {None}
