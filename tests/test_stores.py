"""Stores, guides and regions: each figure on a few rows, worked out by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Company
from oracle.sample import guide, member, order, refund, sale, store
from shops import at, by, days, figure, opened


@pytest.fixture(scope="module")
def field(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """S1 (100 m²), S2 (states no area), S3 (40 m², sells nothing); G1 and G3 in S1, G2 in S2."""
    return opened(
        tmp_path_factory.mktemp("field"),
        stores=[
            store("S1", "A", "R1", selling_area_sqm="100"),
            store("S2", "B", "R2"),
            store("S3", "B", "R2", selling_area_sqm="40"),
        ],
        pos_sales=[
            sale("a", at(2), "300.00", guide_id="G1"),
            sale("b", at(2), "100.00", guide_shares="G1=0.4;G3=0.6"),
            sale("c", at(3), "50.00", store_id="S2", guide_id="G2"),
            sale("d", at(4), "-20.00", store_id="S2", guide_id="G2", original_order_id="nobody's"),
            sale("e", at(5), "30.00"),
        ],
        online_orders=[
            order("home", at(2), "80.00", guide_id="G1"),
            order("there", at(2), "60.00", guide_id="G2", origin_store_id="S1"),
            order("door", at(3), "40.00", origin_store_id="S1"),
            order("nobody's", at(3), "90.00"),
        ],
        refunds=[refund("home", at(6), "30.00")],
        footfall=[
            {"store_id": "S1", "hour_start": at(2, "10:00"), "visitors": 6},
            {"store_id": "S1", "hour_start": at(2, "11:00"), "visitors": 4},
            {"store_id": "S2", "hour_start": at(4, "11:00"), "visitors": 5},
        ],
    )


@pytest.mark.worked("pos_net_sales", "guided_online_net_sales", "store_net_sales")
def test_store_net_sales_are_the_tills_and_the_guided_online_ones(field: Company) -> None:
    # Tills: 300 + 100 + 50 − 20 + 30 = 460.00. Online credited to a store: 80 − 30 + 60 + 40.
    assert figure(field, "pos_net_sales") == "460.00"
    assert figure(field, "guided_online_net_sales") == "150.00"
    # The till's return of an order that no store is credited with is in no store: 460 + 150 + 20.
    assert figure(field, "store_net_sales") == "630.00"


def test_an_online_order_is_credited_to_where_its_guide_works(field: Company) -> None:
    # S1: 80 − 30 of G1 and 40 placed there; S2: 60 of its G2, though placed in S1.
    online = by(field, "guided_online_net_sales", "store")
    assert online == {"S1": "90.00", "S2": "60.00", None: "0.00"}
    stores = by(field, "store_net_sales", "store")
    assert stores == {"S1": "520.00", "S2": "110.00", None: "0.00"}


@pytest.mark.worked("visitors", "conversion_rate")
def test_conversion_reads_only_store_days_with_a_counter(field: Company) -> None:
    # S1 on the 2nd: receipts a and b of 10 visitors; S2 on the 4th: only a slip, of 5 visitors.
    assert by(field, "visitors", "store") == {"S1": 10, "S2": 5}
    assert by(field, "conversion_rate", "store") == {"S1": 0.2, "S2": 0.0}
    assert figure(field, "conversion_rate") == pytest.approx(2 / 15)


def test_conversion_without_visitors_is_empty(tmp_path: Path) -> None:
    shop = opened(
        tmp_path,
        pos_sales=[sale("a", at(2), "1.00")],
        footfall=[{"store_id": "S1", "hour_start": at(2), "visitors": 0}],
    )
    assert by(shop, "conversion_rate", "store") == {"S1": None}
    assert figure(shop, "visitors") == 0


@pytest.mark.worked("sales_per_sqm")
def test_sales_per_square_metre_leave_out_stores_that_state_no_area(field: Company) -> None:
    # S1: 520.00 on 100 m². S2 sold 110.00 on nobody knows how much; S3 has no line.
    areas = by(field, "sales_per_sqm", "store")
    assert areas == {"S1": 5.2, "S2": None, None: None}
    assert figure(field, "sales_per_sqm") == 5.2


@pytest.mark.worked("credited_net_sales", "guide_coverage")
def test_credited_sales_and_the_uncredited_rest_are_net_sales(field: Company) -> None:
    # G1: 300 + 40 + 80 − 30; G2: 50 + 60; G3: 60; nobody: e 30 + door 40 + nobody's 90 − 20.
    assert by(field, "credited_net_sales", "guide") == {
        "G1": "390.00", "G2": "110.00", "G3": "60.00", None: "0.00",
    }  # fmt: skip
    assert by(field, "net_sales", "guide")[None] == "140.00"
    assert figure(field, "credited_net_sales") == "560.00"
    assert figure(field, "net_sales") == "700.00"
    assert figure(field, "guide_coverage") == 560 / 700


@pytest.mark.worked("home_order_net_sales")
def test_home_orders_are_those_of_a_guide_placed_outside_any_store(field: Company) -> None:
    assert figure(field, "home_order_net_sales") == "50.00"  # 80 − 30
    assert by(field, "home_order_net_sales", "guide")["G2"] == "0.00"


@pytest.mark.worked("guide_receipts")
def test_a_receipt_is_each_guides_with_any_share_and_one_in_all(field: Company) -> None:
    # a, b, c, home, there; b is G1's and G3's.
    assert by(field, "guide_receipts", "guide") == {"G1": 3, "G2": 2, "G3": 1, None: 0}
    assert figure(field, "guide_receipts") == 5


@pytest.mark.worked("active_guides", "net_sales_per_guide")
def test_active_guides_have_a_credited_sale_line(field: Company) -> None:
    # On the 4th and 6th things only came back.
    assert figure(field, "active_guides") == 3
    assert by(field, "active_guides", "day")["2024-03-06"] == 0
    assert figure(field, "net_sales_per_guide") == pytest.approx(560 / 3)
    assert by(field, "net_sales_per_guide", "day")["2024-03-06"] is None


@pytest.mark.worked("members_recruited")
def test_members_recruited_are_their_guides_on_the_day_they_joined(tmp_path: Path) -> None:
    # M3 joined in February, M4 with nobody; M5 was merged into M1.
    joined = {"join_store_id": "S1", "join_guide_id": "G1"}
    people = [
        member("M1", at(2), **joined),
        member("M2", at(31, "23:59"), join_store_id="S2", join_guide_id="G2"),
        member("M3", "2024-02-29 23:59", **joined),
        member("M4", at(2), join_store_id="S1"),
        member("M5", at(2), merged_into_member_id="M1", **joined),
    ]
    shop = opened(tmp_path, members=people)
    assert figure(shop, "members_recruited") == 2
    assert by(shop, "members_recruited", "guide") == {"G1": 1, "G2": 1, None: 0}
    assert by(shop, "members_recruited", "store") == {"S1": 1, "S2": 1}


def test_a_guide_who_moves_takes_new_sales_to_the_new_store_and_leaves_the_old(
    tmp_path: Path,
) -> None:
    moves = [
        guide("G1", "S1", valid_to="2024-03-10"),
        guide("G1", "S2", valid_from="2024-03-11", left_on="2024-03-20"),
    ]
    orders = [order(f"o{day}", at(day), "10.00", guide_id="G1") for day in (10, 11, 21)]
    shop = opened(tmp_path, guides=moves, online_orders=orders)
    # On the 21st the guide has left: the credit stays, no store shares it.
    assert by(shop, "net_sales", "store") == {"S1": "10.00", "S2": "10.00", None: "10.00"}
    assert by(shop, "credited_net_sales", "guide") == {"G1": "30.00"}
    assert by(shop, "net_sales", "store", days(11)) == {"S2": "10.00"}
