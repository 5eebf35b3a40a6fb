"""The oracle's figures on companies small enough to do in the head.

Its contract, credit, people and funnels have theirs in `oracle/test_*_examples.py`.
"""

from datetime import date
from itertools import pairwise
from pathlib import Path

import oracle
import pytest
from oracle.calendars import aligned
from oracle.sample import (
    MARCH,
    USUAL,
    by,
    company,
    figure,
    order,
    refund,
    sale,
    store,
)


def test_net_sales_are_sales_less_the_returns_of_the_period_whenever_they_were_bought(
    tmp_path: Path,
) -> None:
    # 100.00 sold in February; 30.00 + 20.50 sold in March, the February coat comes back in March.
    till = [
        sale("a", "2024-02-10 10:00", "100.00"),
        sale("b", "2024-03-02 10:00", "30.00"),
        sale("b", "2024-03-02 10:00", "20.50", line_number=2, quantity=2),
        sale("c", "2024-03-03 10:00", "-100.00", original_receipt_id="a"),
    ]
    shop = company(tmp_path, {"pos_sales": till})
    assert figure(shop, "sales_before_returns") == "50.50"
    assert figure(shop, "returns_amount") == "100.00"
    assert figure(shop, "net_sales") == "-49.50"
    assert figure(shop, "net_sales", (date(2024, 2, 1), date(2024, 2, 29))) == "100.00"
    # One receipt (the return slip has no sale line) of three pieces; one piece came back.
    assert figure(shop, "receipts") == 1
    assert (figure(shop, "units_sold"), figure(shop, "units_returned")) == (3, 1)
    assert figure(shop, "average_receipt_value") == -49.5
    assert figure(shop, "average_unit_price") == pytest.approx(50.5 / 3)


def test_an_empty_period_has_one_row_of_zeros_and_empty_quotients(tmp_path: Path) -> None:
    shop = company(tmp_path, {})
    keys = ["net_sales", "receipts", "average_receipt_value", "visitors", "target"]
    (row,) = oracle.query(shop, keys, *MARCH)
    assert [row[key] for key in keys] == ["0.00", 0, None, 0, "0.00"]
    assert oracle.query(shop, keys, *MARCH, by=["store"]) == []


def test_a_cancelled_order_returns_what_its_refunds_left(tmp_path: Path) -> None:
    # 3 pieces for 90.00 paid on the 2nd; 1 piece, 25.00 refunded on the 4th; cancelled on the 6th:
    # the rest, 65.00 and 2 pieces, returns then.
    web = [order("o", "2024-03-02 10:00", "90.00", quantity=3, cancelled_at="2024-03-06 10:00")]
    back = [refund("o", "2024-03-04 10:00", "25.00")]
    shop = company(tmp_path, {"online_orders": web, "refunds": back})
    assert by(shop, "returns_amount", "day") == {
        "2024-03-02": "0.00",
        "2024-03-04": "25.00",
        "2024-03-06": "65.00",
    }
    assert figure(shop, "units_returned") == 3


def test_unpaid_orders_and_their_refunds_count_nowhere(tmp_path: Path) -> None:
    web = [order("o", "2024-03-02 10:00", "90.00", paid_at="")]
    back = [refund("o", "2024-03-04 10:00", "25.00")]
    shop = company(tmp_path, {"online_orders": web, "refunds": back})
    assert (figure(shop, "receipts"), figure(shop, "returns_amount")) == (0, "0.00")


def test_the_day_cutoff_moves_till_lines_and_no_online_lines(tmp_path: Path) -> None:
    late = {"stores": [store("S1", "A", "R1", day_cutoff_hour=4)]}
    till = [sale("a", "2024-03-02 03:59", "1.00"), sale("b", "2024-03-02T04:00+08:00", "2.00")]
    web = [order("o", "2024-03-01T19:00Z", "4.00")]  # 03:00 on the 2nd in Shanghai
    shop = company(tmp_path, late | {"pos_sales": till, "online_orders": web})
    assert by(shop, "net_sales", "day") == {"2024-03-01": "1.00", "2024-03-02": "6.00"}


def test_shared_money_goes_to_the_fen_and_the_greatest_share_takes_the_rest(
    tmp_path: Path,
) -> None:
    # 0.05 in halves: 0.025 rounds to 0.03 for G2; G1, smallest of the equals, takes 0.02.
    # 10.00 with 0.3, 0.3, 0.4 and 3 pieces: 3.00 + 3.00 + 4.00, 0.9 + 0.9 + 1.2 pieces.
    till = [
        sale("a", "2024-03-02 10:00", "0.05", guide_shares="G1=0.5;G2=0.5"),
        sale("b", "2024-03-02 10:00", "10.00", quantity=3, guide_shares="G1=0.3;G2=0.3;G3=0.4"),
    ]
    shop = company(tmp_path, {"pos_sales": till})
    assert by(shop, "net_sales", "guide") == {"G1": "3.02", "G2": "3.03", "G3": "4.00"}
    assert by(shop, "units_sold", "guide") == {"G1": 1.4, "G2": 1.4, "G3": 1.2}
    assert by(shop, "receipts", "guide") == {"G1": 2, "G2": 2, "G3": 1}
    assert figure(shop, "credited_net_sales", where={"guide": ["G1"]}) == "3.02"


def test_profit_reads_only_products_that_state_a_cost(tmp_path: Path) -> None:
    # Coats: 100 − 40, and one back: −100 + 40; a coat at 70 stays: 30 on 70. The sock has no cost.
    till = [
        sale("a", "2024-03-02 10:00", "100.00"),
        sale("a", "2024-03-02 10:00", "9.00", line_number=2, product_id="P2"),
        sale("b", "2024-03-02 10:00", "70.00"),
        sale("c", "2024-03-02 10:00", "-100.00"),
    ]
    shop = company(tmp_path, {"pos_sales": till})
    assert figure(shop, "gross_profit") == "30.00"
    assert figure(shop, "gross_margin") == pytest.approx(30 / 70)


def test_discount_fee_and_tender_share_are_of_sale_lines(tmp_path: Path) -> None:
    till = [
        sale("a", "2024-03-02 10:00", "80.00", list_amount="100", tender="wechat_pay"),
        sale("b", "2024-03-02 10:00", "20.00", tender="cash"),
        sale("c", "2024-03-02 10:00", "-80.00", list_amount="-100", tender="wechat_pay"),
    ]
    shop = company(tmp_path, {"pos_sales": till})
    assert figure(shop, "discount_rate") == 0.2  # (100 − 80) ÷ 100
    assert figure(shop, "payment_fee") == "0.40"  # 80 × 0.5 %
    assert by(shop, "tender_share", "tender") == {"wechat_pay": 0.8, "cash": 0.2}
    assert figure(shop, "tender_share", where={"tender": ["cash"]}) == 0.2


def test_a_line_takes_its_products_brand_and_else_its_stores(tmp_path: Path) -> None:
    till = [
        sale("a", "2024-03-02 10:00", "1.00", store_id="S2"),
        sale("b", "2024-03-02 10:00", "2.00", store_id="S2", product_id="P2"),
        sale("c", "2024-03-02 10:00", "4.00", store_id="S9", product_id="P9", guide_id="G9"),
    ]
    shop = company(tmp_path, {"pos_sales": till})
    assert by(shop, "net_sales", "brand") == {"A": "1.00", "B": "2.00", None: "4.00"}
    assert by(shop, "net_sales", "store") == {"S2": "3.00", "unassigned": "4.00"}
    assert by(shop, "net_sales", "product")["unassigned"] == "4.00"
    assert by(shop, "net_sales", "guide") == {None: "3.00", "unassigned": "4.00"}
    assert by(shop, "net_sales", "region") == {"R2": "3.00", None: "4.00"}


def test_figures_sit_in_the_region_of_their_day_unless_asked_as_is(tmp_path: Path) -> None:
    stores = [store("S1", "A", "R1"), store("S1", "A", "R8", valid_from="2024-03-10")]
    till = [sale("a", "2024-03-09 10:00", "1.00"), sale("b", "2024-03-10 10:00", "2.00")]
    shop = company(tmp_path, {"stores": stores, "pos_sales": till})
    assert by(shop, "net_sales", "region") == {"R1": "1.00", "unassigned": "2.00"}
    assert by(shop, "net_sales", "region", org="as_is") == {"unassigned": "3.00"}
    assert figure(shop, "net_sales", where={"region": ["TOP"]}) == "1.00"


def test_a_region_filter_takes_in_sub_regions_and_circles_do_not_hang(tmp_path: Path) -> None:
    # R2 lies under R1 under TOP; X and Y are each other's parents.
    circle = [
        {"region_id": "X", "region_name": "x", "parent_region_id": "Y"},
        {"region_id": "Y", "region_name": "y", "parent_region_id": "X"},
    ]
    stores = [*USUAL["stores"], store("S3", "A", "X")]
    till = [
        sale("a", "2024-03-09 10:00", "1.00"),
        sale("b", "2024-03-09 10:00", "2.00", store_id="S2"),
        sale("c", "2024-03-09 10:00", "4.00", store_id="S3"),
    ]
    feeds = {"stores": stores, "regions": [*USUAL["regions"], *circle], "pos_sales": till}
    shop = company(tmp_path, feeds)
    assert figure(shop, "net_sales", where={"region": ["TOP"]}) == "3.00"
    assert figure(shop, "net_sales", where={"region": ["Y"]}) == "4.00"
    assert by(shop, "net_sales", "top_region") == {"R1": "3.00", "X": "4.00"}


def test_comparison_figures_sit_in_the_bucket_they_are_aligned_to(tmp_path: Path) -> None:
    # 364 days before Friday 1 March 2024 is Friday 3 March 2023; lunar New Year fell on
    # 10 February 2024 and 22 January 2023, so 1 March (+20) is held against 11 February 2023.
    till = [
        sale("a", "2024-03-01 10:00", "8.00"),
        sale("b", "2023-03-01 10:00", "1.00"),
        sale("c", "2023-03-03 10:00", "2.00"),
        sale("d", "2023-02-11 10:00", "4.00"),
        sale("e", "2024-02-29 10:00", "5.00"),
    ]
    shop = company(tmp_path, {"pos_sales": till})
    day = (date(2024, 3, 1), date(2024, 3, 1))
    expected = {"year": "1.00", "weekday": "2.00", "lunar": "4.00", "prior": "5.00"}
    for compare, amount in expected.items():
        rows = oracle.query(shop, ["net_sales"], *day, by=["day"], compare=compare)
        assert rows == [{"day": "2024-03-01", "net_sales": "8.00", "net_sales_compare": amount}], (
            compare
        )
    with pytest.raises(ValueError, match="45 days"):
        oracle.query(shop, ["net_sales"], date(2024, 3, 20), date(2024, 3, 27), compare="lunar")


def test_the_table_of_lunar_new_years_has_no_slip() -> None:
    # A lunar year has 12 months or 13, so 353 to 355 or 383 to 385 days.
    days = oracle.calendars._LUNAR_NEW_YEARS
    assert {(later - earlier).days for earlier, later in pairwise(days)} <= {
        354,
        355,
        383,
        384,
        385,
    }
    assert aligned(date(2024, 2, 29), "year") == date(2023, 2, 28)


def test_like_for_like_leaves_out_new_and_closed_stores_in_both_years(tmp_path: Path) -> None:
    # S1: 120 against 100. S2 opened 20 days before last year's day. S3 is closed this year.
    # S4 had no sales last year though open: it counts as 0, so 150 against 100 is + 50 %.
    stores = [
        store("S1", "A", "R1", opened_on="2020-01-01"),
        store("S2", "A", "R1", opened_on="2023-02-12"),
        store("S3", "A", "R1", opened_on="2020-01-01"),
        store("S4", "A", "R1", opened_on="2020-01-01"),
    ]
    shut = [{"store_id": "S3", "closed_from": "2024-03-04", "closed_to": "2024-03-05"}]
    till = [
        sale("a", "2023-03-04 10:00", "100.00"),
        sale("b", "2024-03-04 10:00", "120.00"),
        sale("c", "2023-03-04 10:00", "500.00", store_id="S2"),
        sale("d", "2023-03-04 10:00", "700.00", store_id="S3"),
        sale("e", "2024-03-04 10:00", "30.00", store_id="S4"),
    ]
    shop = company(tmp_path, {"stores": stores, "store_closures": shut, "pos_sales": till})
    day = (date(2024, 3, 4), date(2024, 3, 4))
    assert figure(shop, "like_for_like_growth", day) == pytest.approx(0.5)
    assert by(shop, "like_for_like_growth", "store", day) == {"S1": pytest.approx(0.2), "S4": None}


def test_targets_are_their_own_levels_or_else_the_stores_and_pro_rata(tmp_path: Path) -> None:
    # 10 of March's 31 days. Region R1 has its own 620, R2 only its store's 310.
    def goal(level: str, id_: str, target: str) -> dict[str, str]:
        row = {"level": level, "id": id_, "month": "2024-03", "metric": "net_sales"}
        return row | {"target": target}

    goals = [goal("store", "S1", "310"), goal("store", "S2", "310"), goal("region", "R1", "620")]
    till = [sale("a", "2024-03-02 10:00", "50.00")]
    shop = company(tmp_path, {"targets": goals, "pos_sales": till})
    ten_days = (date(2024, 3, 1), date(2024, 3, 10))
    assert figure(shop, "target", ten_days) == "200.00"
    assert by(shop, "target", "region", ten_days) == {"R1": "200.00", "R2": "100.00"}
    assert by(shop, "target_attainment", "region", ten_days) == {"R1": 0.25, "R2": 0.0}


def test_conversion_reads_only_store_days_with_a_counter(tmp_path: Path) -> None:
    counter = [
        {"store_id": "S1", "hour_start": "2024-03-02 10:00", "visitors": 6},
        {"store_id": "S1", "hour_start": "2024-03-02 11:00", "visitors": 4},
    ]
    till = [
        sale("a", "2024-03-02 10:00", "1.00"),
        sale("b", "2024-03-03 10:00", "1.00"),
        sale("c", "2024-03-02 10:00", "1.00", store_id="S2"),
    ]
    shop = company(tmp_path, {"footfall": counter, "pos_sales": till})
    assert (figure(shop, "visitors"), figure(shop, "conversion_rate")) == (10, 0.1)
    assert by(shop, "conversion_rate", "store") == {"S1": 0.1}
