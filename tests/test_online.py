"""Online and O2O: sides, fulfilment, tenders, scans and lost sales."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Company
from oracle.sample import USUAL, Row, member, order, refund, sale, touch
from shops import at, by, days, figure, opened


@pytest.fixture(scope="module")
def sides(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """190.00 at the till; five paid orders, four placed in a store; one never paid."""
    here = {"origin_store_id": "S1"}
    return opened(
        tmp_path_factory.mktemp("sides"),
        pos_sales=[sale("a", at(2), "190.00", tender="cash")],
        online_orders=[
            order("far", at(2), "100.00", fulfilment="ship_from_warehouse", device="mobile")
            | {"tender": "wechat_pay", **here},
            order("own", at(2), "50.00", fulfilment="ship_from_store", device="pc")
            | {"fulfil_store_id": "S1", **here},
            order("next", at(3), "30.00", fulfilment="ship_from_store")
            | {"fulfil_store_id": "S2", **here},
            order("shelf", at(3), "20.00", fulfilment="store_pickup", device="mobile"),
            order("bag", at(3), "10.00", fulfilment="take_away", device="mobile")
            | {"origin_store_id": "S2"},
            order("unpaid", at(3), "99.00", paid_at="", fulfilment="take_away", device="pc"),
        ],
        refunds=[refund("far", at(5), "40.00")],
    )


@pytest.mark.worked("online_net_sales", "online_share")
def test_online_net_sales_are_those_of_orders_less_their_refunds(sides: Company) -> None:
    # 100 + 50 + 30 + 20 + 10 − 40 = 170.00 beside 190.00 at the till.
    assert figure(sides, "online_net_sales") == "170.00"
    assert figure(sides, "online_share") == pytest.approx(170 / 360)
    assert by(sides, "online_share", "channel") == {"mini_program": 1.0, "pos": 0.0}


@pytest.mark.worked("in_store_online_net_sales")
def test_orders_placed_in_a_store_are_shown_apart(sides: Company) -> None:
    assert figure(sides, "in_store_online_net_sales") == "150.00"  # all but shelf


@pytest.mark.worked("endless_aisle_share")
def test_an_endless_aisle_sells_in_a_store_what_another_place_sends(sides: Company) -> None:
    # far (100 − 40) and next (30); own goes out from where it was placed, bag is carried away.
    # Store net sales: 190 at the till, 60 + 50 + 30 in S1, 10 in S2.
    assert figure(sides, "endless_aisle_share") == pytest.approx(90 / 340)


@pytest.mark.worked("pickup_share", "mobile_share")
def test_pickup_and_mobile_are_shares_of_paid_orders(sides: Company) -> None:
    # shelf and bag of five orders; far, shelf and bag of the four that state a device.
    assert figure(sides, "pickup_share") == 0.4
    assert figure(sides, "mobile_share") == 0.75
    assert by(sides, "pickup_share", "channel") == {"mini_program": 0.4, "pos": None}


@pytest.mark.worked("tender_share")
def test_a_tenders_share_is_of_the_sales_of_all_tenders(sides: Company) -> None:
    # 190 in cash, 100 by WeChat Pay, 110 unstated, of 400.00 sold; the refund changes nothing.
    shares = {"cash": 0.475, "wechat_pay": 0.25, None: 0.275}
    assert by(sides, "tender_share", "tender") == pytest.approx(shares)
    assert figure(sides, "tender_share", where={"tender": ["cash"]}) == pytest.approx(0.475)
    assert figure(sides, "tender_share") == 1.0


# Scans -------------------------------------------------------------------------------------------
def _scan(event_id: str, when: str, who: str, **more: str) -> Row:
    return touch(event_id, when, "tag_scan", member_id=who, store_id="S1", product_id="P1") | more


@pytest.fixture(scope="module")
def aisle(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """P1 and P3, two sizes of one style, and P2 of another; what was out of stock in S1.

    The latest event is M9's view of 24 March 10:00, so scans up to the 10th, before 10:00, have
    had their 14 days.
    """
    scans = [
        _scan("a1", at(2), "M1"),
        _scan("a2", at(2, "12:00"), "M1", product_id="P3"),
        _scan("a3", at(2, "13:00"), "M1", store_id="S2"),
        _scan("a4", at(3), "M1", event="guide_scan", guide_id="G1"),
        _scan("a5", at(3, "12:00"), "M1", product_id="P2"),
        _scan("a6", at(3, "13:00"), "M1", store_id=""),
        _scan("b1", at(4), "M2"),
        _scan("c1", at(4), "M3"),
        _scan("d1", at(4), "M4"),
        _scan("e1", at(10), "M5"),
        _scan("f1", at(10, "09:59"), "M6"),
        touch("v1", at(4), "product_view", member_id="M7", store_id="S1", product_id="P1"),
        touch("v2", at(24), "product_view", member_id="M9"),
    ]
    empty = [(2, "P1"), (2, "P3"), (3, "P1"), (4, "P1"), (10, "P1")]
    stock = [
        {"as_of_date": f"2024-03-{day:02}", "store_id": "S1", "product_id": name, "on_hand": hand}
        for day, name, hand in [*((day, name, 0) for day, name in empty), (3, "P2", 1)]
    ]
    other = {
        "product_id": "P3",
        "product_name": "coat L",
        "style_id": "ST1",
        "list_price": "209.90",
    }
    return opened(
        tmp_path_factory.mktemp("aisle"),
        products=[*USUAL["products"], other],
        members=[member(f"M{number}") for number in range(1, 8)],
        touchpoints=scans,
        stock=stock,
        pos_sales=[
            sale("b", at(18), "150.00", member_id="M2", store_id="S2", product_id="P3"),
            sale("d", at(4, "09:00"), "150.00", member_id="M4"),
            sale("f", at(4), "9.00", member_id="M6", product_id="P2"),
        ],
        online_orders=[
            order("c", at(4), "150.00", member_id="M3", paid_at=at(18, "10:00:01")),
        ],
    )


@pytest.mark.worked("scans")
def test_scans_are_those_of_tags_and_guides(aisle: Company) -> None:
    assert figure(aisle, "scans") == 11
    assert by(aisle, "scans", "store", days(1, 3)) == {"S1": 4, "S2": 1, None: 1}
    assert by(aisle, "scans", "guide", days(1, 3)) == {"G1": 1, None: 5}


@pytest.mark.worked("scanning_visits")
def test_a_visit_is_a_persons_first_scan_in_a_store_on_a_day(aisle: Company) -> None:
    # M1 on the 2nd in S1 and S2, on the 3rd in S1; the scan outside any store is no visit.
    assert figure(aisle, "scanning_visits", days(1, 3)) == 3
    assert by(aisle, "scanning_visits", "product", days(1, 3)) == {"P1": 3}


@pytest.mark.worked("lost_sale_scans", "lost_sale_value")
def test_a_sale_is_lost_once_a_person_store_style_and_day(aisle: Company) -> None:
    # M1 on the 2nd: P1 and P3 are one style, S2 states no stock; on the 3rd P1 again, P2 was there.
    assert by(aisle, "lost_sale_scans", "day", days(1, 3)) == {"2024-03-02": 1, "2024-03-03": 1}
    assert by(aisle, "lost_sale_value", "product", days(2)) == {"P1": "199.90"}


def test_a_sale_is_not_lost_when_the_style_is_bought_within_14_days_anywhere(
    aisle: Company,
) -> None:
    # M2 buys the other size elsewhere, 14 days later to the second; M3 pays a second too late;
    # M4 had bought it before the scan.
    assert figure(aisle, "lost_sale_scans", days(4)) == 2
    assert figure(aisle, "lost_sale_value", days(4)) == "399.80"


def test_a_sale_is_lost_only_when_its_14_days_have_passed(aisle: Company) -> None:
    # M6's end a minute before the data do; M5's end with them, so they have not passed.
    assert figure(aisle, "lost_sale_scans", days(10)) == 1


# Rings -------------------------------------------------------------------------------------------
@pytest.mark.worked("ring_closure_rate")
def test_a_ring_closes_by_an_order_and_then_a_store_within_60_days_of_the_first_scan(
    tmp_path: Path,
) -> None:
    # 60 days from 10 January are 10 March. M1 closes to the second, M2 a second later; M3 goes to
    # the store first, M4 nowhere; M5's days end with the data, so have not passed; M6, scanned in
    # S2 on the 11th and the 25th, closes within the first entry's days; M7's scan was in no store.
    scans = [
        *(_scan(f"s{n}", "2024-01-10 10:00", f"M{n}") for n in (1, 2, 3, 4)),
        _scan("s5", "2024-01-20 10:00", "M5"),
        *(_scan(f"s6-{n}", f"2024-01-{n} 10:00", "M6", store_id="S2") for n in (11, 25)),
        _scan("s7", "2024-01-10 10:00", "M7", store_id=""),
        touch("end", at(20), "product_view", member_id="M9"),
    ]
    orders = [
        order(f"o{n}", f"2024-01-{day} 10:00", "1.00", member_id=f"M{n}")
        for n, day in ((1, 20), (2, 20), (3, 20), (5, 21), (6, 12), (7, 12))
    ]
    bought = {1: at(10), 2: at(10, "10:00:01"), 3: "2024-01-15 10:00", 5: at(1), 6: at(2), 7: at(2)}
    till = [sale(f"r{n}", when, "1.00", member_id=f"M{n}") for n, when in bought.items()]
    shop = opened(tmp_path, touchpoints=scans, online_orders=orders, pos_sales=till)
    january = ("2024-01-01", "2024-01-31")
    assert figure(shop, "ring_closure_rate", january) == 2 / 5
    assert by(shop, "ring_closure_rate", "store", january) == {"S1": 0.25, "S2": 1.0}
