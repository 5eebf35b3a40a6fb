"""Timelines from a scan to an order: one person, a few events, and what each entry comes to.

Days of March 2024 run to the right; below each event stands what an entry reached with it. What a
store's entries come to: entries, immature, interest, ordered, paid, fulfilled, median hours.
"""

from __future__ import annotations

from pathlib import Path

from oracle.sample import member, refund, touch
from shops import at, deliver
from timelines import Story, alone, everybody, ordered, scan, story, timeline, told

__all__ = ["everybody"]


@timeline
def test_of_two_entries_before_an_order_it_belongs_to_the_later() -> Story:
    """
    2          4          5
    scan S1    scan S2    order, paid
    ✗          → ordered, paid
    """
    return story(
        "scan_to_order",
        {"S1": [1, 0, 0, 0, 0, 0, None], "S2": [1, 0, 0, 1, 1, 0, None]},
        [scan("a", at(2)), scan("b", at(4), "S2")],
        online_orders=[ordered(at(5))],
    )


@timeline
def test_an_order_paid_after_the_next_entry_stays_with_the_one_it_was_placed_under() -> Story:
    """
    2          3          4          5       6
    scan S1    order      scan S2    paid    fulfilled
    →          ordered,              paid,   fulfilled: 4 days, 96 hours
                          ✗
    """
    return story(
        "scan_to_order",
        {"S1": [1, 0, 0, 1, 1, 1, 96.0], "S2": [1, 0, 0, 0, 0, 0, None]},
        [scan("a", at(2)), scan("b", at(4), "S2")],
        online_orders=[ordered(at(3), paid_at=at(5), fulfilled_at=at(6))],
    )


@timeline
def test_scans_in_two_stores_on_one_day_are_an_entry_in_each() -> Story:
    """
    2, 10:00   11:00      12:00                        13:00
    scan S1    scan S2    scan S1: no entry, as the    order
    ✗                     day's first in S1 was one
               →                                       ordered
    """
    return story(
        "scan_to_order",
        {"S1": [1, 0, 0, 0, 0, 0, None], "S2": [1, 0, 0, 1, 0, 0, None]},
        [scan("a", at(2)), scan("b", at(2, "11:00"), "S2"), scan("c", at(2, "12:00"))],
        online_orders=[ordered(at(2, "13:00"), paid_at="")],
    )


@timeline
def test_what_came_before_the_entry_is_not_reached_even_if_it_is_paid_after() -> Story:
    """
    2, 09:00            10:00      11:00
    favourite, order    scan S1    paid: but placed under no entry
                        ✗
    """
    return story(
        "scan_to_order",
        {"S1": [1, 0, 0, 0, 0, 0, None]},
        [touch("a", at(2, "09:00"), "favourite"), scan("b", at(2))],
        online_orders=[ordered(at(2, "09:00"), paid_at=at(2, "11:00"))],
    )


@timeline
def test_events_at_the_entrys_own_time_count() -> Story:
    """
    2, 10:00
    scan S1, view, order, paid, fulfilled
    → interest, ordered, paid, fulfilled, after 0 hours
    """
    return story(
        "scan_to_order",
        {"S1": [1, 0, 1, 1, 1, 1, 0.0]},
        [scan("b", at(2)), touch("a", at(2), "product_view")],
        online_orders=[ordered(at(2), fulfilled_at=at(2))],
    )


@timeline
def test_of_two_entries_at_one_time_that_of_the_greater_event_is_the_later() -> Story:
    """
    2, 10:00                                11:00
    scan S2 (event a), scan S1 (event b)    order
    ✗                  →                    ordered
    """
    return story(
        "scan_to_order",
        {"S1": [1, 0, 0, 1, 0, 0, None], "S2": [1, 0, 0, 0, 0, 0, None]},
        [scan("a", at(2), "S2"), scan("b", at(2))],
        online_orders=[ordered(at(2, "11:00"), paid_at="")],
    )


@timeline
def test_a_visitor_who_becomes_a_member_between_steps_stays_one_person() -> Story:
    """
    2              3               4            5
    V1 scans S1    joins as M1     M1 orders    V1 scans S2
    →                              ordered, paid
                                                ✗
    """
    return story(
        "scan_to_order",
        {"S1": [1, 0, 0, 1, 1, 0, None], "S2": [1, 0, 0, 0, 0, 0, None]},
        [scan("a", at(2), visitor_id="V1"), scan("b", at(5), "S2", visitor_id="V1")],
        members=[member("M1", at(3), visitor_id="V1")],
        online_orders=[ordered(at(4))],
    )


@timeline
def test_the_period_selects_entries_and_not_what_became_of_them() -> Story:
    """
    31, 23:00        23:30          1 April, 00:10             2 April
    M2 scans S1      M1 scans S1    M1 scans S2: April's       M2 orders
    →                                                          ordered
                     ✗
    """
    return story(
        "scan_to_order",
        {"S1": [2, 0, 0, 1, 0, 0, None]},
        [
            scan("a", at(31, "23:00"), member_id="M2"),
            scan("b", at(31, "23:30")),
            scan("c", "2024-04-01 00:10", "S2"),
        ],
        online_orders=[ordered("2024-04-02 10:00", member_id="M2", paid_at="")],
    )


@timeline
def test_the_windows_end_is_inside_and_a_second_later_is_not() -> Story:
    """
    2, 10:00       …    16, 10:00        10:00:01
    M1 scans S1         order, paid      fulfilled
    →                   ordered, paid    ✗
    M2 scans S2                          order
    ✗
    """
    late = at(16, "10:00:01")
    return story(
        "scan_to_order",
        {"S1": [1, 0, 0, 1, 1, 0, None], "S2": [1, 0, 0, 0, 0, 0, None]},
        [scan("a", at(2)), scan("b", at(2), "S2", member_id="M2")],
        online_orders=[ordered(at(16), fulfilled_at=late), ordered(late, member_id="M2")],
    )


@timeline
def test_steps_of_an_entry_may_be_reached_by_different_orders() -> Story:
    """
    2          3                  4          5
    scan S1    order A, unpaid    order B    B paid and fulfilled: 72 hours
    →          ordered                       paid, fulfilled
    """
    return story(
        "scan_to_order",
        {"S1": [1, 0, 0, 1, 1, 1, 72.0]},
        [scan("a", at(2))],
        online_orders=[
            ordered(at(3), paid_at=""),
            ordered(at(4), paid_at=at(5), fulfilled_at=at(5)),
        ],
    )


@timeline
def test_cancelling_and_refunding_take_no_step_back() -> Story:
    """
    2              3                  4            5
    M1 scans S1    order, paid        cancelled    refunded
    →              ordered, paid
    M2 scans S2    order, not paid    cancelled
    →              ordered
    """
    return story(
        "scan_to_order",
        {"S1": [1, 0, 0, 1, 1, 0, None], "S2": [1, 0, 0, 1, 0, 0, None]},
        [scan("a", at(2)), scan("b", at(2), "S2", member_id="M2")],
        online_orders=[
            ordered(at(3), cancelled_at=at(4)),
            ordered(at(3, "11:00"), member_id="M2", paid_at="", cancelled_at=at(4)),
        ],
        refunds=[refund(at(3), at(5), "1.00")],
    )


@timeline
def test_a_scan_without_a_store_is_no_entry() -> Story:
    """
    2                   3
    scan in no store    order
    """
    return story(
        "scan_to_order",
        {},
        [touch("a", at(2), "guide_scan", guide_id="G1")],
        online_orders=[ordered(at(3))],
    )


def test_an_entry_whose_window_ends_after_the_data_is_shown_apart(tmp_path: Path) -> None:
    """
    2          3              4
    scan S1    order, paid    last data
    → immature, whatever it reached; mature within 24 hours
    """
    ends = touch("zz", at(4), "message_out", visitor_id="V9")
    company = alone(tmp_path, [scan("a", at(2))], ends, online_orders=[ordered(at(3))])
    assert told(company, "scan_to_order") == {"S1": [0, 1, 0, 0, 0, 0, None]}
    rows = told(company, "scan_to_order", with_immature=True)
    assert rows == {"S1": [0, 1, 0, 1, 1, 0, None]}
    assert told(company, "scan_to_order", window="24h") == {"S1": [1, 0, 0, 1, 1, 0, None]}


def test_a_window_that_ends_with_the_data_is_still_open(tmp_path: Path) -> None:
    """
    2, 09:59:59    10:00:00       …    16, 10:00:00
    M2 scans S2    M1 scans S1         last data
    → mature       → immature: an order could still be placed at 10:00:00
    """
    events = [scan("a", at(2)), scan("b", at(2, "09:59:59"), "S2", member_id="M2")]
    company = alone(tmp_path, events, touch("zz", at(16), "message_out", visitor_id="V9"))
    rows = told(company, "scan_to_order")
    assert rows == {"S1": [0, 1, 0, 0, 0, 0, None], "S2": [1, 0, 0, 0, 0, 0, None]}


def test_who_a_visitor_is_and_who_was_merged_holds_for_past_entries_too(tmp_path: Path) -> None:
    """
    2              3              4              then: V1 is M1        then: M2 is M1
    V1 scans S1    M2 scans S2    M1 orders
    ✗              ✗              ✗              S1 → ordered          S1 ✗, S2 → ordered
    """
    company = alone(
        tmp_path, [scan("a", at(2), visitor_id="V1"), scan("b", at(3), "S2", member_id="M2")],
        online_orders=[ordered(at(4), paid_at="")], members=[member("M1"), member("M2")],
    )  # fmt: skip
    reached, missed = [1, 0, 0, 1, 0, 0, None], [1, 0, 0, 0, 0, 0, None]
    assert told(company, "scan_to_order") == {"S1": missed, "S2": missed}
    deliver(company, members=[member("M1", visitor_id="V1", updated_at="2024-04-01")])
    assert told(company, "scan_to_order") == {"S1": reached, "S2": missed}
    merged = {"merged_into_member_id": "M1", "updated_at": "2024-04-01"}
    deliver(company, members=[member("M2", **merged)])
    assert told(company, "scan_to_order") == {"S1": missed, "S2": reached}
