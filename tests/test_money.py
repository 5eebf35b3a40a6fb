"""Money and baskets: each figure on seven lines, worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from conftest import Company
from oracle.sample import USUAL, member, order, sale
from shops import at, by, days, figure, opened


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """Receipts a (M1, two lines) and b, a slip c that takes one coat back, orders d and e.

    P1 costs 40.00 a piece, P2 states no cost; two sale lines and the visitor state no list amount.
    """
    mine = {"member_id": "M1", "tender": "wechat_pay"}
    return opened(
        tmp_path_factory.mktemp("market"),
        pos_sales=[
            sale("a", at(2), "160.00", quantity=2, list_amount="200.00", **mine),
            sale("a", at(2), "40.00", line_number=2, product_id="P2", **mine),
            sale("b", at(3), "100.00", list_amount="100.00", tender="cash"),
            sale("c", at(9), "-80.00", list_amount="-100.00", **mine),
        ],
        online_orders=[
            order("d", at(4), "60.00", list_amount="80.00", product_id="P2", **mine)
            | {"member_id": "M2"},
            order("e", at(5), "40.00", visitor_id="V1", tender="alipay"),
        ],
        members=[member("M1", tier="gold"), member("M2")],
    )


@pytest.mark.worked("sales_before_returns", "returns_amount", "net_sales")
def test_net_sales_are_sales_less_returns(market: Company) -> None:
    # 160.00 + 40.00 + 100.00 + 60.00 + 40.00 = 400.00, of which 80.00 came back.
    keys = "sales_before_returns,returns_amount,net_sales"
    (row,) = market.ask(keys, *days(1, 31))
    assert row == {
        "sales_before_returns": "400.00", "returns_amount": "80.00", "net_sales": "320.00",
    }  # fmt: skip


@pytest.mark.worked("receipts")
def test_receipts_are_receipts_and_orders_that_sold_something(market: Company) -> None:
    # a, b, d, e; c only takes back.
    assert figure(market, "receipts") == 4
    assert by(market, "receipts", "channel") == {"mini_program": 2, "pos": 2}


@pytest.mark.worked("units_sold", "units_returned")
def test_units_are_counted_apart_sold_and_returned(market: Company) -> None:
    # 2 + 1 + 1 + 1 + 1 pieces sold, 1 returned.
    assert (figure(market, "units_sold"), figure(market, "units_returned")) == (6, 1)


@pytest.mark.worked("average_receipt_value", "units_per_receipt", "average_unit_price")
def test_averages_are_of_sums(market: Company) -> None:
    assert figure(market, "average_receipt_value") == 320 / 4
    assert figure(market, "units_per_receipt") == 6 / 4
    assert figure(market, "average_unit_price") == pytest.approx(400 / 6)


@pytest.mark.worked("discount_rate")
def test_the_discount_rate_reads_sale_lines_with_a_list_amount(market: Company) -> None:
    # (40.00 + 0.00 + 20.00) of (200.00 + 100.00 + 80.00); neither the slip nor lines without one.
    assert figure(market, "discount_rate") == pytest.approx(60 / 380)
    assert by(market, "discount_rate", "product") == {
        "P1": pytest.approx(40 / 300), "P2": pytest.approx(20 / 80),
    }  # fmt: skip


@pytest.mark.worked("return_rate")
def test_the_return_rate_is_of_what_the_same_days_sold(market: Company) -> None:
    assert figure(market, "return_rate") == 80 / 400


@pytest.mark.worked("buyers", "spend_per_buyer")
def test_buyers_are_members_and_spend_is_theirs_alone(market: Company) -> None:
    # M1: 160.00 + 40.00 − 80.00, M2: 60.00; the unnamed b and the visitor e are nobody's.
    assert figure(market, "buyers") == 2
    assert figure(market, "spend_per_buyer") == 180 / 2
    assert by(market, "spend_per_buyer", "tier") == {"gold": 120.0, None: 60.0}


@pytest.mark.worked("gross_profit", "gross_margin")
def test_profit_is_made_on_products_that_state_a_cost(market: Company) -> None:
    # 160 − 2 × 40, 100 − 40, −80 + 40, 40 − 40: 100.00 on 160 + 100 − 80 + 40 = 220.00.
    assert figure(market, "gross_profit") == "100.00"
    assert figure(market, "gross_margin") == pytest.approx(100 / 220)
    assert by(market, "gross_margin", "product")["P2"] is None


def test_the_profit_of_a_small_share_is_rounded_once(tmp_path: Path) -> None:
    # 0.00 less 0.00012499 × 40.00 = 0.0049996 is nothing to the fen, and not 0.005 and so a fen.
    gift = sale("a", at(2), "0.00", guide_shares="G1=0.00012499;G2=0.99987501")
    shop = opened(tmp_path, pos_sales=[gift])
    assert by(shop, "gross_profit", "guide") == {"G1": "0.00", "G2": "-40.00"}


def test_amounts_of_a_hundred_million_are_shared_and_costed_like_small_ones(
    tmp_path: Path,
) -> None:
    # Halves of 250,000,000.01: 125,000,000.01 by rounding for G2, the rest for G1. It cost 2 × 40.
    pile = sale("a", at(2), "250000000.01", quantity=2, guide_shares="G1=0.5;G2=0.5")
    dear = sale("b", at(3), "990000000.00", product_id="P8")
    goods = [*USUAL["products"], {"product_id": "P8", "product_name": "Ring", "cost": "890000000"}]
    shop = opened(tmp_path, pos_sales=[pile, dear], products=goods)
    halves = {"G1": "125000000.00", "G2": "125000000.01", None: "990000000.00"}
    assert by(shop, "net_sales", "guide") == halves
    assert figure(shop, "gross_profit") == "349999920.01"


@pytest.mark.worked("payment_fee")
def test_the_payment_fee_is_of_sale_lines_at_the_tenders_rate(market: Company) -> None:
    # WeChat Pay: (160 + 40 + 60) × 0.5 %; a return gives no fee back.
    assert figure(market, "payment_fee") == "1.30"


def test_fee_rates_can_be_set(market: Company) -> None:
    # 260.00 × 0.6 % + 100.00 in cash × 0.1 %
    rates = {"wechat_pay": Decimal("0.006"), "cash": Decimal("0.001")}
    elsewhere = Company(replace(market.settings, fee_rates=rates))
    assert figure(elsewhere, "payment_fee") == "1.66"
    assert by(elsewhere, "payment_fee", "tender") == {
        "alipay": "0.00", "cash": "0.10", "wechat_pay": "1.56",
    }  # fmt: skip


def test_a_fee_is_rounded_once_it_is_added_up(tmp_path: Path) -> None:
    # Three times 1.00 × 0.5 % are 0.015, so 0.02, and not three times 0.01.
    till = [sale(name, at(2), "1.00", tender="wechat_pay") for name in "abc"]
    assert figure(opened(tmp_path, pos_sales=till), "payment_fee") == "0.02"


def test_a_period_without_data_is_one_row_of_zeros_and_empty_quotients(market: Company) -> None:
    sums = "net_sales,sales_before_returns,returns_amount,gross_profit,payment_fee"
    counts = "receipts,units_sold,units_returned,buyers"
    quotients = (
        "average_receipt_value,units_per_receipt,average_unit_price,discount_rate,return_rate,"
        "spend_per_buyer,gross_margin"
    )
    (row,) = market.ask(f"{sums},{counts},{quotients}", "2023-01-01", "2023-01-31")
    assert [row[key] for key in sums.split(",")] == ["0.00"] * 5
    assert [row[key] for key in counts.split(",")] == [0] * 4
    assert [row[key] for key in quotients.split(",")] == [None] * 7


def test_a_day_that_only_takes_back_has_no_averages(market: Company) -> None:
    (row,) = market.ask("net_sales,average_receipt_value,return_rate,spend_per_buyer", *days(9))
    assert row == {
        "net_sales": "-80.00", "average_receipt_value": None, "return_rate": None,
        "spend_per_buyer": None,
    }  # fmt: skip


def test_groups_without_data_are_left_out_and_those_without_a_member_are_null(
    market: Company,
) -> None:
    assert by(market, "net_sales", "store") == {"S1": "220.00", None: "100.00"}
    assert by(market, "net_sales", "region") == {"R1": "220.00", None: "100.00"}
    assert market.ask("net_sales", *days(20, 31), by=["store"]) == []


def test_a_line_takes_its_products_brand_and_else_its_stores(tmp_path: Path) -> None:
    till = [
        sale("a", at(2), "1.00", store_id="S2"),
        sale("a", at(2), "2.00", store_id="S2", line_number=2, product_id="P2"),
        sale("a", at(2), "4.00", store_id="S9", product_id="P9"),
    ]
    shop = opened(tmp_path, pos_sales=till)
    assert by(shop, "net_sales", "brand") == {"A": "1.00", "B": "2.00", None: "4.00"}
