"""The oracle's figures of members and of the online side, on a few people."""

from pathlib import Path

import pytest

from .sample import by, company, figure, member, order, sale, store, touch


def test_a_visitor_whom_a_member_names_buys_as_that_member(tmp_path: Path) -> None:
    # M2 was merged into M1, and M1 names visitor V1: three purchases on two days, one buyer.
    people = [member("M1", visitor_id="V1"), member("M2", merged_into_member_id="M1")]
    till = [
        sale("a", "2024-03-02 10:00", "10.00", member_id="M2"),
        sale("b", "2024-03-02 11:00", "20.00", member_id="M1"),
        sale("c", "2024-03-04 11:00", "5.00"),
    ]
    web = [order("o", "2024-03-03 10:00", "30.00", visitor_id="V1")]
    shop = company(tmp_path, {"members": people, "pos_sales": till, "online_orders": web})
    assert (figure(shop, "buyers"), figure(shop, "spend_per_buyer")) == (1, 60.0)
    assert figure(shop, "repeat_rate") == 1.0
    assert figure(shop, "repeat_rate", where={"channel": ["pos"]}) == 0.0  # one day inside it
    assert figure(shop, "omnichannel_share") == 1.0
    assert figure(shop, "member_receipt_share") == 0.75
    assert figure(shop, "member_sales_share") == pytest.approx(60 / 65)
    assert figure(shop, "members") == 1


def test_members_are_counted_where_they_joined_and_at_the_periods_end(tmp_path: Path) -> None:
    stores = [store("S1", "A", "R1"), store("S1", "A", "R2", valid_from="2024-03-20")]
    people = [
        member("M1", "2024-03-05 10:00", join_store_id="S1", join_guide_id="G1"),
        member("M2", "2024-03-06 10:00", left_at="2024-03-31 23:00", referrer_member_id="M1"),
        member("M3", "2024-02-06 10:00", join_store_id="S1"),
    ]
    shop = company(tmp_path, {"stores": stores, "members": people})
    assert by(shop, "new_members", "region") == {"R1": 1, None: 1}
    assert by(shop, "members", "region") == {"R2": 2}
    assert by(shop, "members_recruited", "guide") == {"G1": 1, None: 0}
    assert figure(shop, "referral_ratio") == 1.0  # one referred, one not


def test_second_purchases_wait_until_their_90_days_have_passed(tmp_path: Path) -> None:
    # First buys on 1 March: M1 again after exactly 90 days, M2 on the same day only, M3 after 91.
    # 90 days after 1 March is 30 May; M4, first on 2 March, is unripe while data end on 31 May.
    till = [
        *(sale(f"a{m}", "2024-03-01 10:00", "1.00", member_id=m) for m in ("M1", "M2", "M3")),
        sale("b", "2024-05-30 10:00", "1.00", member_id="M1"),
        sale("c", "2024-03-01 18:00", "1.00", member_id="M2"),
        sale("d", "2024-05-31 10:00", "1.00", member_id="M3"),
        sale("e", "2024-03-02 10:00", "1.00", member_id="M4"),
    ]
    shop = company(tmp_path, {"pos_sales": till})
    assert figure(shop, "second_purchase_rate") == pytest.approx(1 / 3)


def test_online_figures_follow_origin_fulfilment_and_device(tmp_path: Path) -> None:
    at = "2024-03-02 10:00"
    web = [
        order("a", at, "40.00", origin_store_id="S1", fulfilment="ship_from_store")
        | {"fulfil_store_id": "S2", "device": "mobile"},
        order("b", at, "20.00", origin_store_id="S1", fulfilment="take_away", device="pc"),
        order("c", at, "10.00", guide_id="G1", fulfilment="ship_from_warehouse"),
        order("d", at, "5.00"),
    ]
    till = [sale("p", at, "25.00")]
    shop = company(tmp_path, {"online_orders": web, "pos_sales": till})
    assert figure(shop, "online_net_sales") == "75.00"
    assert figure(shop, "in_store_online_net_sales") == "60.00"
    assert figure(shop, "store_net_sales") == "95.00"  # all but the last
    assert figure(shop, "endless_aisle_share") == pytest.approx(40 / 95)
    assert figure(shop, "pickup_share") == 0.25
    assert figure(shop, "mobile_share") == 0.5
    assert figure(shop, "home_order_net_sales") == "10.00"


def test_a_lost_sale_is_one_a_style_and_day_and_not_bought_within_14_days(tmp_path: Path) -> None:
    # M1 scans twice and buys the style never; M2 buys it online on the 14th day; M3's days run.
    def scan(event_id: str, at: str, who: str) -> dict[str, str]:
        return touch(event_id, at, "tag_scan", member_id=who, store_id="S1", product_id="P1")

    scans = [
        scan("e1", "2024-03-02 10:00", "M1"),
        scan("e2", "2024-03-02 11:00", "M1"),
        scan("e3", "2024-03-02 10:00", "M2"),
        scan("e4", "2024-03-07 10:00", "M3"),
    ]
    stock = [
        {"as_of_date": f"2024-03-0{d}", "store_id": "S1", "product_id": "P1", "on_hand": 0}
        for d in (2, 7)
    ]
    web = [
        order("o", "2024-03-16 10:00", "150.00", member_id="M2"),
        order("p", "2024-03-16 12:00", "9.00", product_id="P2", member_id="M1"),
    ]
    shop = company(tmp_path, {"touchpoints": scans, "stock": stock, "online_orders": web})
    assert (figure(shop, "scans"), figure(shop, "scanning_visits")) == (4, 3)
    assert figure(shop, "lost_sale_scans") == 1
    assert by(shop, "lost_sale_value", "store") == {"S1": "199.90"}
