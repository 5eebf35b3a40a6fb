"""Timelines from a coupon, and from joining, to purchases: what each entry comes to.

Days of March 2024 run to the right; below each event stands what an entry reached with it. What a
store's entries come to: entries, immature, the three steps, median hours.
"""

from __future__ import annotations

from pathlib import Path

from oracle.sample import member, store, touch
from shops import at, deliver
from timelines import (
    Story,
    alone,
    bought,
    everybody,
    followed,
    issued,
    ordered,
    story,
    timeline,
    told,
)

__all__ = ["everybody"]


# From a coupon to a store: entries, immature, visit, purchase, repeat, hours --------------------
@timeline
def test_a_receipt_belongs_to_the_entry_of_the_coupon_it_states() -> Story:
    """
    2        3        5                     6                     8
    C1, S1   C2, S2   receipt stating C1    receipt, no coupon    receipt, no coupon
    →                 visit, purchase       no repeat of C1: what states no coupon is the latest's
             →                              visit, purchase       repeat: 5 days, 120 hours
    """
    return story(
        "coupon_to_store",
        {"S1": [1, 0, 1, 1, 0, None], "S2": [1, 0, 1, 1, 1, 120.0]},
        [issued("a", at(2)), issued("b", at(3), "S2", coupon_id="C2")],
        pos_sales=[bought(at(5), coupon_id="C1"), bought(at(6)), bought(at(8))],
    )


@timeline
def test_a_coupon_issued_again_is_used_in_its_latest_entry() -> Story:
    """
    2, 10:00    11:00                4            5
    C1, S1      C1, S1: no entry,    C1 in S2     receipt stating C1
                same day
    ✗                                →            visit, purchase
    """
    return story(
        "coupon_to_store",
        {"S1": [1, 0, 0, 0, 0, None], "S2": [1, 0, 1, 1, 0, None]},
        [issued("a", at(2)), issued("b", at(2, "11:00")), issued("c", at(4), "S2")],
        pos_sales=[bought(at(5), coupon_id="C1")],
    )


@timeline
def test_a_receipt_without_a_member_is_its_coupons_only_recipients() -> Story:
    """
    2                   5                                     6
    C1 to M1 in S1      receipt stating C1, no member         receipt stating C2, no member:
    →                   visit, purchase                       whose it is cannot be told
    C2 to M1, M2 in S2
    ✗, ✗
    """
    return story(
        "coupon_to_store",
        {"S1": [1, 0, 1, 1, 0, None], "S2": [2, 0, 0, 0, 0, None]},
        [
            issued("a", at(2)),
            issued("b", at(2), "S2", coupon_id="C2"),
            issued("c", at(2), "S2", coupon_id="C2", member_id="M2"),
        ],
        pos_sales=[
            bought(at(5), member_id="", coupon_id="C1"),
            bought(at(6), member_id="", coupon_id="C2"),
        ],
    )


@timeline
def test_two_recipients_who_are_one_person_are_one() -> Story:
    """
    2                 3                 5
    C1 to V1 in S1    C1 to M1 in S2    receipt stating C1, no member; V1 is M1
    ✗                 →                 visit, purchase
    """
    return story(
        "coupon_to_store",
        {"S1": [1, 0, 0, 0, 0, None], "S2": [1, 0, 1, 1, 0, None]},
        [issued("a", at(2), visitor_id="V1"), issued("b", at(3), "S2")],
        members=[member("M1", visitor_id="V1")],
        pos_sales=[bought(at(5), member_id="", coupon_id="C1")],
    )


@timeline
def test_somebody_elses_coupon_counts_for_nobody() -> Story:
    """
    2                 5
    C1 to M1 in S1    receipt of M2, stating C1
    ✗
    C2 to M2 in S2
    ✗
    """
    return story(
        "coupon_to_store",
        {"S1": [1, 0, 0, 0, 0, None], "S2": [1, 0, 0, 0, 0, None]},
        [issued("a", at(2)), issued("b", at(2), "S2", coupon_id="C2", member_id="M2")],
        pos_sales=[bought(at(5), member_id="M2", coupon_id="C1")],
    )


@timeline
def test_a_repeat_states_no_coupon_and_lies_on_a_later_day() -> Story:
    """
    2         5, 10:00          18:00      6            7              9
    C1, S1    receipt with C1   receipt    receipt      order with C1  order
                                           with C1
    →         visit, purchase                                          repeat: 7 days, 168 hours
    """
    return story(
        "coupon_to_store",
        {"S1": [1, 0, 1, 1, 1, 168.0]},
        [issued("a", at(2))],
        pos_sales=[
            bought(at(5), coupon_id="C1"),
            bought(at(5, "18:00")),
            bought(at(6), coupon_id="C1"),
        ],
        online_orders=[ordered(at(7), coupon_id="C1"), ordered(at(9))],
    )


@timeline
def test_a_visit_needs_no_purchase_and_an_online_order_is_none() -> Story:
    """
    2         4              5
    C1, S1    check-in S2    order, paid
    →         visit
    """
    return story(
        "coupon_to_store",
        {"S1": [1, 0, 1, 0, 0, None]},
        [issued("a", at(2)), touch("b", at(4), "check_in", store_id="S2")],
        online_orders=[ordered(at(5))],
    )


def test_a_second_recipient_takes_the_receipt_from_the_first(tmp_path: Path) -> None:
    """
    2            5                                then: C1 to M2 on the 3rd as well
    C1 to M1     receipt stating C1, no member
    →            visit, purchase                  ✗, ✗
    """
    till = [bought(at(5), member_id="", coupon_id="C1")]
    company = alone(tmp_path, [issued("a", at(2))], pos_sales=till)
    assert told(company, "coupon_to_store") == {"S1": [1, 0, 1, 1, 0, None]}
    deliver(company, touchpoints=[issued("b", at(3), member_id="M2")])
    assert told(company, "coupon_to_store") == {"S1": [2, 0, 0, 0, 0, None]}


# From joining to the second purchase: entries, immature, joined, first, second, hours -----------
@timeline
def test_the_first_purchase_is_the_first_from_joining_on() -> Story:
    """
    2         3          4         5          5, 18:00               7
    follow    receipt    joins     receipt    receipt, same day      order: 5 days, 120 hours
    →                    joined    first                             second
    """
    return story(
        "join_to_repeat",
        {"S1": [1, 0, 1, 1, 1, 120.0]},
        [followed("a", at(2))],
        members=[member("M1", at(4))],
        pos_sales=[bought(at(3)), bought(at(5)), bought(at(5, "18:00"))],
        online_orders=[ordered(at(7))],
    )


@timeline
def test_a_first_purchase_under_an_entry_that_did_not_join_is_nobodys() -> Story:
    """
    2            3         4            5                            8
    follow S1    joins     follow S2    receipt: the latest entry's  receipt
    →            joined
                           ✗
    """
    return story(
        "join_to_repeat",
        {"S1": [1, 0, 1, 0, 0, None], "S2": [1, 0, 0, 0, 0, None]},
        [followed("a", at(2)), followed("b", at(4), store_id="S2")],
        members=[member("M1", at(3))],
        pos_sales=[bought(at(5)), bought(at(8))],
    )


@timeline
def test_an_order_placed_before_joining_and_paid_after_is_a_first_purchase() -> Story:
    """
    2         3        4         5        6
    follow    order    joins     paid     receipt: 4 days, 96 hours
    →                  joined    first    second
    """
    return story(
        "join_to_repeat",
        {"S1": [1, 0, 1, 1, 1, 96.0]},
        [followed("a", at(2))],
        members=[member("M1", at(4))],
        pos_sales=[bought(at(6))],
        online_orders=[ordered(at(3), paid_at=at(5))],
    )


@timeline
def test_a_later_day_is_a_later_business_day_of_the_store() -> Story:
    """
    2                5, 20:00    6, 01:00                     05:00
    follow, joins    receipt     receipt: the 5th in a        receipt: the 6th; 91 hours
                                 store that cuts off at 4
    → joined         first                                    second
    """
    return story(
        "join_to_repeat",
        {"S1": [1, 0, 1, 1, 1, 91.0]},
        [followed("a", at(2))],
        members=[member("M1", at(2))],
        pos_sales=[bought(at(5, "20:00")), bought(at(6, "01:00")), bought(at(6, "05:00"))],
        stores=[store("S1", "A", "R1", day_cutoff_hour="4")],
    )


@timeline
def test_what_only_a_coupon_ties_to_a_member_is_no_first_purchase() -> Story:
    """
    2                         5
    follow, joins, gets C1    receipt stating C1, no member: M1's in the funnel of coupons only
    → joined
    """
    return story(
        "join_to_repeat",
        {"S1": [1, 0, 1, 0, 0, None]},
        [followed("a", at(2)), issued("b", at(2))],
        members=[member("M1", at(2))],
        pos_sales=[bought(at(5), member_id="", coupon_id="C1")],
    )
