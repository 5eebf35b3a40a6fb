"""Sale and return lines: what counts, how much of it, and on which day."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Company
from oracle.sample import order, refund, sale, store
from shops import at, by, days, deliver, figure, opened

from warehouse.filters import COMPARISONS, ORGANISATIONS
from warehouse.metrics import METRICS

STORE = {"store_id": "S1", "store_name": "One", "brand": "A", "region_id": "E"}


def test_a_return_counts_on_its_own_day_and_never_changes_an_earlier_one(company: Company) -> None:
    company.deliver("stores", STORE)
    company.deliver(
        "pos_sales", sale("a", at(1), "200.00", quantity=2), sale("b", at(5), "-100.00")
    )
    company.load()
    assert company.ask("net_sales,returns_amount", *days(1, 5), by=["day"]) == [
        {"day": "2024-03-01", "net_sales": "200.00", "returns_amount": "0.00"},
        {"day": "2024-03-05", "net_sales": "-100.00", "returns_amount": "100.00"},
    ]


# Cancelled orders --------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def cancelled(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """Five orders on days of their own; four are cancelled after or before they were paid."""
    late = at(10, "12:00")
    return opened(
        tmp_path_factory.mktemp("cancelled"),
        online_orders=[
            order("part", at(2), "90.00", quantity=3, cancelled_at=at(6)),
            order("early", at(9), "40.00", paid_at=late, cancelled_at=at(9, "20:00")),
            order("over", at(12), "50.00", cancelled_at=at(15)),
            order("money", at(17), "80.00", quantity=2, cancelled_at=at(20)),
            order("never", at(22), "70.00", paid_at="", cancelled_at=at(23)),
        ],
        refunds=[
            refund("part", at(4), "25.00"),
            refund("over", at(13), "30.00"),
            refund("over", at(14), "30.01", quantity=0),
            refund("money", at(18), "80.00", quantity=0),
        ],
    )  # fmt: skip


def _returned(shop: Company, period: tuple[str, str]) -> dict[str, tuple[str, int]]:
    """Day → what came back: money, pieces."""
    rows = shop.ask("returns_amount,units_returned", *period, by=["day"])
    return {row["day"]: (row["returns_amount"], row["units_returned"]) for row in rows}


def test_a_cancelled_paid_order_returns_what_its_refunds_left(cancelled: Company) -> None:
    # 3 pieces for 90.00; 1 piece and 25.00 were refunded on the 4th, so 2 pieces and 65.00 remain.
    assert _returned(cancelled, days(2, 8)) == {
        "2024-03-02": ("0.00", 0),
        "2024-03-04": ("25.00", 1),
        "2024-03-06": ("65.00", 2),
    }
    assert figure(cancelled, "sales_before_returns", days(2, 8)) == "90.00"


def test_an_order_cancelled_before_it_was_paid_is_sold_and_returned_on_the_paid_day(
    cancelled: Company,
) -> None:
    assert _returned(cancelled, days(9, 11)) == {"2024-03-10": ("40.00", 1)}
    assert figure(cancelled, "sales_before_returns", days(10)) == "40.00"


def test_a_cancellation_returns_nothing_below_zero(cancelled: Company) -> None:
    # 30.00 + 30.01 refunded of 50.00, 1 piece of 1: nothing is left on the 15th, no line, no row.
    assert _returned(cancelled, days(12, 16)) == {
        "2024-03-12": ("0.00", 0),
        "2024-03-13": ("30.00", 1),
        "2024-03-14": ("30.01", 0),
    }


def test_money_refunded_without_pieces_leaves_the_pieces_to_the_cancellation(
    cancelled: Company,
) -> None:
    assert _returned(cancelled, days(18, 21)) == {
        "2024-03-18": ("80.00", 0),
        "2024-03-20": ("0.00", 2),
    }


def test_an_order_never_paid_counts_nowhere_cancelled_or_not(cancelled: Company) -> None:
    assert cancelled.ask("net_sales", *days(22, 31), by=["day"]) == []


# Refunds -----------------------------------------------------------------------------------------
def test_a_refund_waits_for_its_order_and_the_payment_and_keeps_its_own_day(tmp_path: Path) -> None:
    # 60.00 refunded on the 3rd; the order comes later, its payment (on the 5th) later still.
    shop = opened(tmp_path, refunds=[refund("o", at(3), "60.00")])
    assert figure(shop, "returns_amount") == "0.00"
    unpaid = order("o", at(2), "100.00", paid_at="", updated_at=at(2))
    deliver(shop, online_orders=[unpaid])
    assert figure(shop, "returns_amount") == "0.00"
    paid = unpaid | {"paid_at": at(5), "updated_at": at(5)}
    deliver(shop, online_orders=[paid])
    assert by(shop, "net_sales", "day") == {"2024-03-03": "-60.00", "2024-03-05": "100.00"}


def test_a_refund_of_a_line_that_the_order_does_not_have_counts_nowhere(tmp_path: Path) -> None:
    shop = opened(
        tmp_path,
        online_orders=[order("o", at(2), "100.00")],
        refunds=[refund("o", at(3), "60.00", line_number=2)],
    )
    assert figure(shop, "net_sales") == "100.00"


# Days, voids, headers ----------------------------------------------------------------------------
@pytest.fixture(scope="module")
def trade(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """A store that closes its day at 04:00, one that does not; receipts, orders, voids."""
    return opened(
        tmp_path_factory.mktemp("trade"),
        stores=[store("S1", "A", "R1", day_cutoff_hour=4), store("S2", "B", "R2")],
        pos_sales=[
            sale("a", at(2, "03:59:59"), "1.00"),
            sale("b", "2024-03-02T04:00:00+08:00", "2.00"),
            sale("c", at(2, "03:00"), "8.00", store_id="S2"),
            sale("d", at(2), "500.00", is_void="true"),
            sale("e", at(20), "30.00"),
            sale("e", at(20), "20.00", line_number=2, product_id="P2", quantity=2),
            sale("e", at(20), "5.00", store_id="S2"),
            sale("f", at(20), "-30.00"),
        ],
        online_orders=[
            order("night", "2024-03-01T19:00Z", "4.00"),
            *(order("pair", at(20), "7.00", line_number=n) for n in (1, 2)),
            order("torn", at(25), "1.00", channel="app", updated_at=at(25, "11:00")),
            order("torn", at(24), "2.00", channel="tmall", line_number=2)
            | {"updated_at": at(25, "12:00")},
            order("torn", at(23), "4.00", channel="jd", line_number=3)
            | {"updated_at": at(25, "12:00")},
            order("torn", at(22), "8.00", channel="jd", line_number=4),
        ],
    )


def test_a_stores_cut_off_moves_its_till_lines_and_no_online_lines(trade: Company) -> None:
    # S1 counts 03:59:59 to the day before and 04:00 to the day; S2 and the order (03:00 on the
    # 2nd in Shanghai) keep their calendar date.
    assert by(trade, "net_sales", "day", days(1, 2)) == {
        "2024-03-01": "1.00",
        "2024-03-02": "14.00",
    }


def test_void_lines_count_nowhere(trade: Company) -> None:
    assert by(trade, "receipts", "store", days(2)) == {
        "S1": 1, "S2": 1, None: 1,
    }  # fmt: skip


def test_a_receipt_counts_once_however_many_lines_and_its_number_is_its_stores_own(
    trade: Company,
) -> None:
    # Receipt e of S1 (two lines), receipt e of S2, one order of two lines; the slip f only returns.
    day = days(20)
    assert figure(trade, "receipts", day) == 3
    # By product e of S1 counts for both: 3 (e, e of S2, pair) + 1 = 4, more than the total.
    assert by(trade, "receipts", "product", day) == {"P1": 3, "P2": 1}


def test_the_line_updated_last_speaks_for_its_order_ties_the_lowest(trade: Company) -> None:
    # Lines 2 and 3 were updated last, so line 2's payment (the 24th) and channel hold for 15.00.
    orders = days(21, 31)
    assert by(trade, "net_sales", "day", orders) == {"2024-03-24": "15.00"}
    assert by(trade, "net_sales", "channel", orders) == {"tmall": "15.00"}


def test_shipping_is_in_no_amount(tmp_path: Path) -> None:
    shop = opened(tmp_path, online_orders=[order("o", at(2), "90.00", shipping_amount="12.00")])
    assert figure(shop, "net_sales") == "90.00"


# Corrections -------------------------------------------------------------------------------------
def test_of_two_versions_of_a_line_the_one_updated_last_counts_whichever_came_last(
    tmp_path: Path,
) -> None:
    newer = sale("a", at(2), "80.00", updated_at=at(3))
    older = sale("a", at(2), "100.00", updated_at=at(2))
    shop = opened(tmp_path, pos_sales=[newer])
    deliver(shop, pos_sales=[older])
    assert figure(shop, "net_sales") == "80.00"
    deliver(shop, pos_sales=[newer | {"is_deleted": "1", "updated_at": at(4)}])
    assert figure(shop, "net_sales") == "0.00"


# Worked examples ---------------------------------------------------------------------------------
def _worked() -> Iterator[tuple[str, str]]:
    """What a test marked `worked` names, and that test's own text."""
    for file in sorted(Path(__file__).parent.glob("test_*.py")):
        text = file.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)):
            for mark in getattr(node, "decorator_list", ()):
                if ast.unparse(mark).startswith("pytest.mark.worked("):
                    body = "\n".join(text.splitlines()[mark.end_lineno : node.end_lineno])
                    yield from ((ast.literal_eval(name), body) for name in mark.args)


def test_every_figure_comparison_and_organisation_has_a_worked_example() -> None:
    known = {*METRICS, *COMPARISONS, *ORGANISATIONS}
    assert known - {name for name, _ in _worked()} == set()


def test_a_worked_example_speaks_of_what_it_is_marked_with() -> None:
    unheard = [name for name, body in _worked() if not re.search(rf"\b{name}\b", body)]
    assert unheard == []
