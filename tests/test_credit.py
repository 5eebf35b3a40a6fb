"""Who is credited with an online order: the five rules, one by one, with their evidence."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from conftest import Company
from oracle.sample import guide, member, order, touch
from shops import at, by, credit, deliver, opened

NOON = at(15, "12:00")
NOON_UTC = datetime(2024, 3, 15, 4)


def _bought(order_id: str, who: str = "", **more: str) -> dict[str, object]:
    """An order of 1.00 on 15 March at noon, by the member of the same name unless told."""
    return order(order_id, NOON, "1.00", member_id=who or order_id) | more


def _decided(shop: Company, order_id: str) -> tuple[str, str | None, str | None, str | None]:
    """Rule, guide, store and the event that decided."""
    kept = credit(shop, order_id)
    return kept["rule"], kept["guide"], kept["store"], kept["event"]


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """Orders of the same hour, each by a person of its own; G4 left on the 14th."""
    scan = "guide_scan"
    touches = [
        touch("t1", at(15, "11:00"), "tag_scan", member_id="stated", guide_id="G1"),
        touch("w1", NOON, "share", member_id="last", guide_id="G2"),
        touch("w2", at(1, "12:00"), "tag_scan", member_id="first", guide_id="G2"),
        touch("w3", at(1, "11:59:59"), scan, member_id="before", guide_id="G2"),
        touch("w4", at(15, "12:00:01"), scan, member_id="after", guide_id="G2"),
        touch("l1", at(3), "tag_scan", member_id="latest", guide_id="G1"),
        touch("l2", at(4), "tag_scan", member_id="latest", guide_id="G2"),
        touch("l3", at(5), "product_view", member_id="latest", guide_id="G1"),
        touch("e10", at(4), "tag_scan", member_id="tie", guide_id="G1"),
        touch("e9", at(4), "tag_scan", member_id="tie", guide_id="G2"),
        touch("s1", at(3), "tag_scan", member_id="skip", guide_id="G1"),
        touch("s2", at(14), "tag_scan", member_id="skip", guide_id="G4"),
        touch("s3", at(14), "tag_scan", member_id="skip", store_id="S2"),
        touch("b1", "2024-01-05 10:00", scan, member_id="scan", guide_id="G2", bind_result="bound"),
        touch("b2", "2024-01-06 10:00", scan, member_id="scan", guide_id="G1")
        | {"bind_result": "bound_to_other"},
        touch("b3", "2024-01-07 10:00", "tag_scan", member_id="scan", guide_id="G1")
        | {"bind_result": "bound"},
        touch("b4", "2024-01-05 10:00", scan, member_id="even", guide_id="G2", bind_result="bound"),
        touch("b5", "2024-01-05 10:00", scan, member_id="gone", guide_id="G4", bind_result="bound"),
        touch("b6", at(15, "12:00:01"), scan, member_id="late", guide_id="G2", bind_result="bound"),
        touch("b7", "2024-01-05 10:00", scan, visitor_id="V1", guide_id="G3", bind_result="bound"),
        touch("p1", at(13), "tag_scan", member_id="place", store_id="S2"),
        touch("p2", at(13, "11:00"), "tag_scan", member_id="place", guide_id="G4"),
        touch("p3", at(14), "check_in", member_id="place", store_id="S1"),
    ]  # fmt: skip
    people = [
        member("joined", bound_guide_id="G1"),
        member("even", bound_guide_id="G1", bound_at="2024-01-05 10:00"),
        member("gone", bound_guide_id="G1"),
        member("late", bound_guide_id="G1", bound_at=NOON),
        member("future", bound_guide_id="G1", bound_at=at(15, "12:00:01")),
    ]
    plain = ("last", "first", "before", "after", "latest", "tie", "skip", "scan", "place", "none")
    orders = [
        *(_bought(name) for name in (*plain, "joined", "even", "late", "future")),
        _bought("stated", guide_id="G2", origin_store_id="S1"),
        _bought("unknown guide", guide_id="G9", origin_store_id="S1"),
        _bought("gone", origin_store_id="S1"),
        _bought("in store", who="place", origin_store_id="S1"),
        order("visitor", NOON, "1.00", visitor_id="V1"),
        order("nobody", NOON, "1.00"),
    ]
    staff = [*(guide(f"G{n}", "S2" if n == 2 else "S1") for n in (1, 2, 3))]
    return opened(
        tmp_path_factory.mktemp("rules"),
        guides=[*staff, guide("G4", "S1", left_on="2024-03-14")],
        members=people,
        touchpoints=touches,
        online_orders=orders,
    )


def test_a_stated_guide_comes_before_any_scan(rules: Company) -> None:
    assert _decided(rules, "stated") == ("order_scan", "G2", "S2", None)
    assert credit(rules, "stated")["at"] == NOON_UTC


def test_a_stated_guide_who_works_nowhere_leaves_the_order_to_its_own_store(rules: Company) -> None:
    assert _decided(rules, "unknown guide") == ("order_scan", "G9", "S1", None)


@pytest.mark.parametrize(
    ("person", "decided"),
    [
        ("last", ("recent_touch", "G2", "S2", "w1")),  # at ordered_at itself
        ("first", ("recent_touch", "G2", "S2", "w2")),  # 336 hours before, to the second
        ("before", ("uncredited", None, None, None)),
        ("after", ("uncredited", None, None, None)),
    ],
)
def test_the_window_is_336_hours_with_both_its_ends(
    rules: Company, person: str, decided: tuple[str, str | None, str | None, str | None]
) -> None:
    assert _decided(rules, person) == decided


def test_the_latest_scan_or_share_decides_and_is_kept_as_evidence(rules: Company) -> None:
    assert _decided(rules, "latest") == ("recent_touch", "G2", "S2", "l2")
    assert credit(rules, "latest")["at"] == datetime(2024, 3, 4, 2)


def test_of_touches_at_one_time_the_greater_event_id_decides(rules: Company) -> None:
    # Identifiers are text, so e9 is greater than e10.
    assert _decided(rules, "tie") == ("recent_touch", "G2", "S2", "e9")


def test_touches_of_nobody_and_of_guides_who_left_are_skipped(rules: Company) -> None:
    assert _decided(rules, "skip") == ("recent_touch", "G1", "S1", "s1")


def test_only_guide_scans_that_bound_bind_and_they_do_for_ever(rules: Company) -> None:
    assert _decided(rules, "scan") == ("bound_guide", "G2", "S2", "b1")


def test_a_member_row_binds_from_joining_where_it_names_no_time(rules: Company) -> None:
    assert _decided(rules, "joined") == ("bound_guide", "G1", "S1", None)
    assert credit(rules, "joined")["at"] == datetime(2023, 1, 1, 4)


def test_of_bindings_at_one_time_the_scan_holds(rules: Company) -> None:
    assert _decided(rules, "even") == ("bound_guide", "G2", "S2", "b4")


def test_a_binding_at_the_time_of_the_order_holds_and_one_second_later_does_not(
    rules: Company,
) -> None:
    assert _decided(rules, "late") == ("bound_guide", "G1", "S1", None)
    assert _decided(rules, "future") == ("uncredited", None, None, None)


def test_the_binding_that_holds_gives_nothing_when_its_guide_left_nor_does_an_earlier_one(
    rules: Company,
) -> None:
    assert _decided(rules, "gone") == ("store_only", None, "S1", None)


def test_a_visitors_scan_binds_the_visitor(rules: Company) -> None:
    assert _decided(rules, "visitor") == ("bound_guide", "G3", "S1", "b7")


def test_without_a_guide_the_orders_store_counts_before_the_latest_scans(rules: Company) -> None:
    # p2 names no store and p3 is a check-in, so p1's store speaks for the order without origin.
    assert _decided(rules, "place") == ("store_only", None, "S2", "p1")
    assert _decided(rules, "in store") == ("store_only", None, "S1", None)


def test_an_order_without_any_trace_is_uncredited(rules: Company) -> None:
    assert _decided(rules, "none") == _decided(rules, "nobody") == ("uncredited", None, None, None)


# Where the guide worked --------------------------------------------------------------------------
def test_a_guides_store_is_that_of_the_orders_local_date_both_ends_included(tmp_path: Path) -> None:
    # G1 is in S1 to the 14th, in S2 from the 16th to the 20th, on leave on the 15th; gone after
    # the 18th. 16:30 UTC on the 14th is half past midnight on the 15th in Shanghai.
    moves = [
        guide("G1", "S1", valid_to="2024-03-14"),
        guide("G1", "S2", valid_from="2024-03-16", valid_to="2024-03-20", left_on="2024-03-18"),
    ]
    moments = {
        "a": at(14, "23:59"), "b": "2024-03-14T16:30Z", "c": at(16, "00:00"), "d": at(18, "23:59"),
        "e": at(19, "00:00"),
    }  # fmt: skip
    orders = [order(name, moment, "1.00", guide_id="G1") for name, moment in moments.items()]
    shop = opened(tmp_path, guides=moves, online_orders=orders)
    stores = {name: credit(shop, name)["store"] for name in moments}
    assert stores == {"a": "S1", "b": None, "c": "S2", "d": "S2", "e": None}


def test_a_late_touch_recredits_the_orders_it_concerns_and_only_those(tmp_path: Path) -> None:
    # M1 and M2 order at noon on the 15th; M1 once more on the 31st, 16 days after the touch.
    orders = [
        order("near", NOON, "1.00", member_id="M1"),
        order("far", at(31), "2.00", member_id="M1"),
        order("other", NOON, "4.00", member_id="M2"),
    ]
    shop = opened(tmp_path, online_orders=orders)
    assert by(shop, "net_sales", "guide") == {None: "7.00"}
    deliver(shop, touchpoints=[touch("e", at(15, "11:00"), "tag_scan", guide_id="G2")])
    assert by(shop, "net_sales", "guide") == {"G2": "1.00", None: "6.00"}
    assert _decided(shop, "near") == ("recent_touch", "G2", "S2", "e")


# Persons -----------------------------------------------------------------------------------------
def test_a_visitor_who_becomes_a_member_was_that_member_all_along(tmp_path: Path) -> None:
    # V1 scans on the 2nd and joins as M1 on the 10th; M1's order of the 12th finds the scan.
    scan = touch("e", at(2), "tag_scan", visitor_id="V1", guide_id="G2")
    bought = order("o", at(12), "1.00", member_id="M1")
    shop = opened(tmp_path, touchpoints=[scan], online_orders=[bought])
    assert credit(shop, "o")["rule"] == "uncredited"
    deliver(shop, members=[member("M1", at(10), visitor_id="V1")])
    assert _decided(shop, "o") == ("recent_touch", "G2", "S2", "e")


def test_a_visitor_named_by_several_is_the_one_who_joined_first_ties_the_smallest_id(
    tmp_path: Path,
) -> None:
    people = [
        member("M3", at(1), visitor_id="V1"),
        member("M2", at(2), visitor_id="V1"),
        member("M6", at(1), visitor_id="V2"),
        member("M5", at(1), visitor_id="V2"),
    ]
    orders = [order(f"o{n}", at(5), "1.00", visitor_id=f"V{n}") for n in (1, 2)]
    scans = [touch(f"e{n}", at(4), "share", member_id=f"M{n}", guide_id="G1") for n in (2, 6)]
    right = [touch(f"e{n}", at(3), "share", member_id=f"M{n}", guide_id="G2") for n in (3, 5)]
    shop = opened(tmp_path, members=people, online_orders=orders, touchpoints=[*scans, *right])
    assert [credit(shop, name)["event"] for name in ("o1", "o2")] == ["e3", "e5"]


def test_a_merged_member_is_the_survivor_through_any_number_of_merges(tmp_path: Path) -> None:
    people = [
        member("M1", merged_into_member_id="M2"),
        member("M2", merged_into_member_id="M3", bound_guide_id="G2"),
        member("M3"),
    ]
    shop = opened(tmp_path, members=people, online_orders=[_bought("o", who="M1")])
    assert _decided(shop, "o") == ("bound_guide", "G2", "S2", None)
    assert by(shop, "buyers", "guide") == {"G2": 1}
