"""The oracle's funnels on a shopper or two. The as-of time is that of a last, far-off touch."""

from datetime import date
from pathlib import Path
from typing import Any

from .funnel_query import funnel, ring_closure_rate
from .sample import MARCH, Feeds, company, member, order, sale, touch

LATER = touch("zz", "2024-12-01 10:00", "message_out", visitor_id="V9")


def _row(tmp_path: Path, name: str, feeds: Feeds, **how: Any) -> dict[str, Any]:
    (row,) = funnel(company(tmp_path, feeds), name, *MARCH, **how)
    return row


def _scan(event_id: str, at: str, store_id: str = "S1", **more: Any) -> dict[str, Any]:
    return touch(event_id, at, "tag_scan", store_id=store_id, **more)


def test_scans_of_one_day_in_one_store_are_one_entry(tmp_path: Path) -> None:
    scans = [
        _scan("e1", "2024-03-02 10:00"),
        _scan("e2", "2024-03-02 12:00"),
        _scan("e3", "2024-03-02 12:00", "S2"),
        _scan("e4", "2024-03-03 10:00"),
        touch("e5", "2024-03-03 11:00", "guide_scan"),  # names no store
        LATER,
    ]
    row = _row(tmp_path, "scan_to_order", {"touchpoints": scans})
    assert (row["entries"], row["immature"], row["ordered"]) == (3, 0, 0)


def test_an_order_belongs_to_the_latest_entry_and_takes_its_payment_with_it(tmp_path: Path) -> None:
    # Ordered on the 5th, after the scan in S2 on the 4th; paid and fulfilled within its 14 days.
    scans = [_scan("e1", "2024-03-02 10:00"), _scan("e2", "2024-03-04 10:00", "S2"), LATER]
    web = [
        order("o", "2024-03-05 10:00", "1.00", member_id="M1")
        | {"paid_at": "2024-03-05 11:00", "fulfilled_at": "2024-03-08 10:00"}
    ]
    shop = company(tmp_path, {"touchpoints": scans, "online_orders": web})
    rows = funnel(shop, "scan_to_order", *MARCH, by="store")
    steps = [(r["store"], r["ordered"], r["paid"], r["fulfilled"], r["median_hours"]) for r in rows]
    assert steps == [("S1", 0, 0, 0, None), ("S2", 1, 1, 1, 96.0)]


def test_a_payment_after_the_window_is_not_reached(tmp_path: Path) -> None:
    # The window ends on the 16th at 10:00, included; the order is paid a second later.
    web = [
        order("o", "2024-03-16 10:00:00", "1.00", member_id="M1")
        | {"paid_at": "2024-03-16 10:00:01"}
    ]
    feeds = {"touchpoints": [_scan("e1", "2024-03-02 10:00"), LATER], "online_orders": web}
    row = _row(tmp_path, "scan_to_order", feeds)
    assert (row["ordered"], row["paid"]) == (1, 0)


def test_an_entry_whose_window_is_open_is_immature_whatever_it_reached(tmp_path: Path) -> None:
    scans = [_scan("e1", "2024-03-02 10:00"), touch("e2", "2024-03-03 10:00", "favourite")]
    web = [order("o", "2024-03-05 10:00", "1.00", member_id="M1")]
    feeds = {"touchpoints": scans, "online_orders": web}
    row = _row(tmp_path, "scan_to_order", feeds)
    assert (row["entries"], row["immature"], row["interest"], row["ordered"]) == (0, 1, 0, 0)
    row = _row(tmp_path, "scan_to_order", feeds, with_immature=True)
    assert (row["entries"], row["immature"], row["interest"], row["ordered"]) == (0, 1, 1, 1)
    assert _row(tmp_path, "scan_to_order", feeds, window="1d")["entries"] == 1


def test_a_receipt_with_a_coupon_belongs_to_that_coupons_entry(tmp_path: Path) -> None:
    # M1 got C1 and then C2, and redeems C1; a nameless receipt with C2 is M1's, its only recipient.
    issued = [
        touch("e1", "2024-03-02 10:00", "coupon_issued", coupon_id="C1"),
        touch("e2", "2024-03-03 10:00", "coupon_issued", coupon_id="C2"),
        LATER,
    ]
    till = [
        sale("a", "2024-03-05 10:00", "1.00", member_id="M1", coupon_id="C1"),
        sale("b", "2024-03-06 10:00", "1.00", coupon_id="C2"),
        sale("c", "2024-03-09 10:00", "1.00", member_id="M1"),
    ]
    row = _row(tmp_path, "coupon_to_store", {"touchpoints": issued, "pos_sales": till})
    # The coupon-free third receipt belongs to the latest entry, C2, and is its repeat.
    assert (row["entries"], row["visit"], row["purchase"], row["repeat"]) == (2, 2, 2, 1)


def test_a_nameless_coupon_with_two_recipients_belongs_to_nobody(tmp_path: Path) -> None:
    issued = [
        touch(f"e{who}", "2024-03-02 10:00", "coupon_issued", coupon_id="C1", member_id=who)
        for who in ("M1", "M2")
    ]
    till = [sale("a", "2024-03-05 10:00", "1.00", coupon_id="C1")]
    row = _row(tmp_path, "coupon_to_store", {"touchpoints": [*issued, LATER], "pos_sales": till})
    assert (row["entries"], row["purchase"]) == (2, 0)


def test_joining_leads_to_a_first_and_on_a_later_day_a_second_purchase(tmp_path: Path) -> None:
    # A visitor follows on the 2nd, joins on the 3rd as M1; what was bought before does not count.
    people = [member("M1", "2024-03-03 10:00", visitor_id="V1")]
    follow = touch("e1", "2024-03-02 10:00", "follow", visitor_id="V1")
    till = [
        sale("a", "2024-03-02 12:00", "1.00", member_id="M1"),
        sale("b", "2024-03-04 10:00", "1.00", member_id="M1"),
        sale("c", "2024-03-04 18:00", "1.00", member_id="M1"),
    ]
    web = [order("o", "2024-03-06 10:00", "1.00", visitor_id="V1")]
    feeds = {"members": people, "touchpoints": [follow, LATER], "pos_sales": till}
    row = _row(tmp_path, "join_to_repeat", {**feeds, "online_orders": web})
    assert (row["joined"], row["first_purchase"], row["second_purchase"]) == (1, 1, 1)
    assert row["median_hours"] == 96.0


def test_the_ring_closes_when_an_online_payment_is_followed_by_a_store_purchase(
    tmp_path: Path,
) -> None:
    # M1 scans, pays online, buys in a store; M2 does the last two the other way round.
    scans = [_scan(f"e{who}", "2024-03-02 10:00", member_id=who) for who in ("M1", "M2")]
    web = [order(f"o{who}", "2024-03-05 10:00", "1.00", member_id=who) for who in ("M1", "M2")]
    till = [
        sale("a", "2024-03-09 10:00", "1.00", member_id="M1"),
        sale("b", "2024-03-04 10:00", "1.00", member_id="M2"),
    ]
    feeds = {"touchpoints": [*scans, LATER], "online_orders": web, "pos_sales": till}
    shop = company(tmp_path, feeds)
    assert ring_closure_rate(shop, *MARCH) == [{"ring_closure_rate": 0.5}]
    assert ring_closure_rate(shop, date(2024, 4, 1), date(2024, 4, 30)) == [
        {"ring_closure_rate": None}
    ]
