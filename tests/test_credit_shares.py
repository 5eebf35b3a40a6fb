"""Credit of receipts and returns: shared lines, lent guides, and whose sale a return undoes."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Company
from oracle.sample import Row, guide, order, refund, sale
from shops import at, by, credit, days, deliver, figure, opened

from warehouse.access import Scope


# Shares ------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """A day for each way to share."""
    halves, thirds = "G1=0.5;G2=0.5", "G1=0.333;G2=0.333;G3=0.334"
    return opened(
        tmp_path_factory.mktemp("shared"),
        pos_sales=[
            sale("a", at(1), "0.05", guide_shares=halves),
            sale("b", at(2), "-0.05", guide_shares=halves),
            sale("c", at(3), "100.00", guide_shares=thirds, quantity=3, list_amount="200.00"),
            sale("d", at(4), "10.00", guide_shares="G3=0.4;G1=0.4;G2=0.2"),
            sale("d", at(4), "10.05", line_number=2, guide_shares="G2=0.5;G3=0.5"),
            sale("e", at(5), "9.99", guide_shares="G2=1", guide_id="G1"),
            sale("f", at(6), "10.00", guide_shares="G9=0.7;G1=0.3"),
        ],
        online_orders=[
            order("more", at(10), "1.00", guide_shares="G1=0.4;G2=0.6"),
            order("even", at(11), "1.01", guide_shares="G2=0.5;G1=0.5"),
        ],
        refunds=[refund("even", at(12), "0.01", quantity=0)],
    )


def test_halves_of_an_odd_fen_round_up_and_the_smallest_of_equals_takes_the_rest(
    shared: Company,
) -> None:
    # 0.025 rounds to 0.03 for G2; G1, the smallest of the greatest shares, takes 0.05 − 0.03.
    assert by(shared, "net_sales", "guide", days(1)) == {"G1": "0.02", "G2": "0.03"}


def test_a_negative_amount_is_shared_like_its_positive(shared: Company) -> None:
    assert by(shared, "net_sales", "guide", days(2)) == {"G1": "-0.02", "G2": "-0.03"}


def test_three_guides_get_the_whole_amount_and_fractions_of_pieces(shared: Company) -> None:
    # 33.30 + 33.30 + 33.40; 0.999 + 0.999 + 1.002 pieces; each keeps the discount of one half.
    day = days(3)
    money = by(shared, "net_sales", "guide", day)
    assert money == {"G1": "33.30", "G2": "33.30", "G3": "33.40"}
    assert by(shared, "units_sold", "guide", day) == {"G1": 0.999, "G2": 0.999, "G3": 1.002}
    assert by(shared, "discount_rate", "guide", day) == {"G1": 0.5, "G2": 0.5, "G3": 0.5}
    assert figure(shared, "units_sold", day) == 3


def test_receipts_count_whole_for_each_guide_on_any_of_their_lines(shared: Company) -> None:
    # 10.00: 4.00 + 2.00 + 4.00. 10.05 in halves: 5.025 rounds to 5.03 for G3, G2 takes 5.02.
    day = days(4)
    money = by(shared, "net_sales", "guide", day)
    assert money == {"G1": "4.00", "G2": "7.02", "G3": "9.03"}
    assert by(shared, "guide_receipts", "guide", day) == {"G1": 1, "G2": 1, "G3": 1}
    assert figure(shared, "guide_receipts", day) == 1


def test_shares_override_the_guide_even_a_single_one(shared: Company) -> None:
    assert by(shared, "net_sales", "guide", days(5)) == {"G2": "9.99"}


def test_a_share_of_a_guide_nobody_described_is_credited_to_the_unassigned(shared: Company) -> None:
    assert by(shared, "net_sales", "guide", days(6)) == {"G1": "3.00", "unassigned": "7.00"}
    assert figure(shared, "credited_net_sales", days(6)) == "10.00"


def test_a_shared_orders_store_is_that_of_the_greatest_share_ties_the_smallest_guide(
    shared: Company,
) -> None:
    assert by(shared, "net_sales", "store", days(10)) == {"S2": "1.00"}
    assert by(shared, "net_sales", "store", days(11)) == {"S1": "1.01"}
    assert credit(shared, "even")["guide"] == "G1"


def test_a_refund_is_shared_as_the_order_was(shared: Company) -> None:
    # −0.01 in halves: −0.005 rounds to −0.01 for G2 and leaves 0.00 for G1.
    assert by(shared, "returns_amount", "guide", days(12)) == {"G1": "0.00", "G2": "0.01"}


def test_guides_and_nobody_add_up_to_net_sales(shared: Company) -> None:
    parts = [float(value) for value in by(shared, "net_sales", "guide").values()]
    # 0.05 − 0.05 + 100.00 + 20.05 + 9.99 + 10.00 + 1.00 + 1.01 − 0.01
    assert figure(shared, "net_sales") == "142.04"
    assert sum(parts) == pytest.approx(142.04)


def test_a_lent_guide_sells_for_the_store_with_the_till(tmp_path: Path) -> None:
    # G2 works in S2 and helps out in S1; the guide's credit and the store's part ways.
    shop = opened(tmp_path, pos_sales=[sale("a", at(2), "5.00", guide_id="G2")])
    assert by(shop, "credited_net_sales", "store") == {"S1": "5.00"}
    assert by(shop, "credited_net_sales", "guide") == {"G2": "5.00"}


# Returns -----------------------------------------------------------------------------------------
ORIGINAL = [
    sale("a", at(1), "10.00", guide_id="G1", product_id="P3"),
    sale("a", at(1), "20.00", line_number=2, guide_id="G2", product_id="P1"),
    sale("a", at(1), "30.00", line_number=3, guide_id="G3", product_id="P1"),
    sale("a", at(1), "-1.00", line_number=4, guide_id="G4", product_id="P2"),
]
"""A receipt of S1 with three sale lines, and something of an earlier day taken back."""

FOUND = {"original_receipt_id": "a", "original_store_id": "S1"}


@pytest.fixture(scope="module")
def returned(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """Returns at S2, handled by G2, each on a day of its own from the 2nd on."""
    asked: list[Row] = [
        FOUND | {"original_line_number": 3, "product_id": "P3"},
        FOUND | {"product_id": "P1"},
        FOUND | {"product_id": "P2"},
        FOUND | {"original_line_number": 9, "product_id": "P1"},
        FOUND | {"original_line_number": 4, "product_id": "P9"},
        {"original_receipt_id": "a"},
        FOUND | {"original_receipt_id": "zzz"},
        {},
        {"original_order_id": "paid"},
        {"original_order_id": "unpaid"},
        FOUND | {"original_order_id": "paid", "product_id": "P3"},
    ]
    backs = [
        sale(f"b{day}", at(day), "-5.00", store_id="S2", guide_id="G2") | one
        for day, one in enumerate(asked, start=2)
    ]
    return opened(
        tmp_path_factory.mktemp("returned"),
        guides=[*(guide(f"G{n}", "S2" if n == 2 else "S1") for n in range(1, 5))],
        pos_sales=[*ORIGINAL, *backs],
        online_orders=[
            order("paid", at(1), "50.00", guide_id="G3", channel="app"),
            order("unpaid", at(1), "50.00", guide_id="G3", paid_at=""),
        ],
    )


@pytest.mark.parametrize(
    ("day", "guide_id", "store_id"),
    [
        (2, "G3", "S1"),  # the line it names, whatever the product
        (3, "G2", "S1"),  # the lowest line of its product
        (4, "G1", "S1"),  # P2 was only taken back there: the lowest of all sale lines
        (5, "G2", "S1"),  # there is no line 9: as if none were named
        (6, "G1", "S1"),  # line 4 is no sale line, P9 was not bought
        (7, "G2", "S2"),  # without a store, receipt a is looked for in S2, in vain
        (8, "G2", "S2"),  # no such receipt
        (9, "G2", "S2"),  # goes back to nothing
        (10, "G3", "S1"),  # an online order, returned at the till
        (11, "G2", "S2"),  # an order never paid is no sale
        (12, "G1", "S1"),  # the receipt comes before the order
    ],
)
def test_a_return_lowers_the_credit_of_the_sale_it_goes_back_to(
    returned: Company, day: int, guide_id: str, store_id: str
) -> None:
    period = days(day)
    assert by(returned, "returns_amount", "guide", period) == {guide_id: "5.00"}
    assert by(returned, "returns_amount", "store", period) == {store_id: "5.00"}
    assert by(returned, "returns_amount", "handling_store", period) == {"S2": "5.00"}


def test_an_order_returned_at_the_till_is_a_pos_line(returned: Company) -> None:
    assert by(returned, "net_sales", "channel", days(10)) == {"pos": "-5.00"}


def test_an_original_that_arrives_later_recredits_the_return(tmp_path: Path) -> None:
    back = sale("b", at(5), "-20.00", store_id="S2", guide_id="G2", product_id="P1") | FOUND
    shop = opened(tmp_path, pos_sales=[back])
    assert by(shop, "net_sales", "guide") == {"G2": "-20.00"}
    deliver(shop, pos_sales=ORIGINAL[:2])
    # G1 sold 10.00, G2 20.00 at S1, whose line the return now lowers.
    assert by(shop, "net_sales", "guide") == {"G1": "10.00", "G2": "0.00"}
    assert by(shop, "net_sales", "store") == {"S1": "10.00"}
    assert by(shop, "returns_amount", "handling_store") == {"S2": "20.00"}


def test_a_handling_store_outside_a_scope_is_not_named(tmp_path: Path) -> None:
    back = sale("b", at(5), "-20.00", store_id="S2", guide_id="G2", product_id="P1") | FOUND
    shop = opened(tmp_path, pos_sales=[*ORIGINAL[:2], back])
    home = Scope(stores=frozenset({"S1"}))
    assert by(shop, "returns_amount", "handling_store", scope=home) == {None: "20.00"}


def test_a_shared_sale_is_returned_by_its_sharers(tmp_path: Path) -> None:
    shop = opened(
        tmp_path,
        pos_sales=[
            sale("a", at(1), "10.00", guide_shares="G1=0.7;G3=0.3"),
            sale("b", at(5), "-10.00", guide_id="G2", original_receipt_id="a"),
        ],
    )
    assert by(shop, "returns_amount", "guide", days(5)) == {"G1": "7.00", "G3": "3.00"}


def test_a_refund_keeps_the_store_that_handled_it_beside_the_credited_one(tmp_path: Path) -> None:
    shop = opened(
        tmp_path,
        online_orders=[order("o", at(1), "10.00", guide_id="G1")],
        refunds=[refund("o", at(3), "4.00", handled_store_id="S2"), refund("o", at(3), "1.00")],
    )
    assert by(shop, "returns_amount", "store") == {"S1": "5.00"}
    assert by(shop, "returns_amount", "handling_store") == {"S2": "4.00", None: "1.00"}
