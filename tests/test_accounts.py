"""Every row and every fen of a delivery is accounted for, and restated months are told."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from rows import row, sale

from warehouse import accounts
from warehouse.access import EVERYTHING, Scope

if TYPE_CHECKING:
    from conftest import Company


def _line(receipt: str, net: str, day: str = "2026-03-01", **more: str) -> dict[str, str]:
    return sale(receipt_id=receipt, net_amount=net, sold_at=f"{day}T10:00:00", **more)


def _files(company: Company, **only: str) -> list[dict[str, Any]]:
    with company.reading() as snapshot:
        found = accounts.files(snapshot, EVERYTHING)
    return list(found.filter(**only).iter_rows(named=True))


def _restated(company: Company) -> list[tuple[Any, ...]]:
    with company.stored() as snapshot:
        found = accounts.restatements(snapshot, EVERYTHING)
    names = ("run_key", "month", "net_sales_before", "net_sales_after", "difference")
    return list(found.select(names).iter_rows())


def test_money_that_comes_in_is_money_loaded_or_told_where_it_went(company: Company) -> None:
    company.deliver("stores", row("stores"))
    first = [_line(f"R{number}", "100.00") for number in range(20)]
    old = _line("R1", "100.00", updated_at="2026-03-01T12:00:00")
    company.deliver("pos_sales", old, name="a.csv")
    company.load()
    bad = _line("R2", "7.25", product_id="")
    void = _line("R3", "40.00", is_void="true")
    older = _line("R1", "90.00", updated_at="2026-03-01T11:00:00")
    rows = [_line("R9", "60.50"), old, older, bad, void, *first[10:]]
    company.deliver("pos_sales", *rows, name="b.csv")
    company.load()
    (told,) = _files(company, file="pos_sales/b.csv")
    assert [told[f"rows_{end}"] for end in accounts.ENDS] == [11, 1, 1, 1, 1]
    assert (told["rows_read"], told["rows_missing"]) == (15, 0)
    amounts = {name: told[f"{name}_amount"] for name in ("read", *accounts.ENDS)}
    assert amounts == {
        "read": Decimal("1297.75"),  # 60.50 + 100 + 90 + 7.25 + 40 + ten of 100
        "loaded": Decimal("1060.50"),
        "unchanged": Decimal("100.00"),
        "superseded": Decimal("90.00"),
        "rejected": Decimal("7.25"),
        "voided": Decimal("40.00"),
    }
    assert told["amount_missing"] == 0


def test_a_feed_without_money_has_no_amounts_and_a_refused_file_neither(company: Company) -> None:
    company.deliver("stores", row("stores"))
    company.deliver("pos_sales", {"store_id": "S1", "receipt_id": "R1"})
    company.load()
    stores, refused = _files(company, feed="stores"), _files(company, outcome="refused")
    assert [told["read_amount"] for told in (*stores, *refused)] == [None, None]
    assert refused[0]["rows_read"] == refused[0]["rows_missing"] == 0


def test_every_file_of_the_sample_company_is_accounted_for(sample_company: Company) -> None:
    with sample_company.stored() as snapshot:
        found = accounts.files(snapshot, EVERYTHING)
    assert set(found["rows_missing"]) == {0}
    assert set(found["amount_missing"].drop_nulls()) == {Decimal("0.00")}
    assert found["rejected_amount"].sum() > 0


def test_a_late_receipt_restates_its_closed_month_by_its_amount(company: Company) -> None:
    company.deliver("stores", row("stores"))
    company.deliver("pos_sales", _line("R1", "100.00", "2026-01-10"),
                    _line("R2", "50.00", "2026-03-02"), name="a.csv")  # fmt: skip
    company.load()
    assert _restated(company) == []  # what was never published cannot be restated
    late = [_line("R3", "20.00", "2026-01-31"), _line("R4", "5.00", "2026-02-01")]
    company.deliver("pos_sales", *late, _line("R5", "9.00", "2026-03-03"), name="b.csv")
    company.load()
    told = [
        (2, "2026-02", Decimal("0.00"), Decimal("5.00"), Decimal("5.00")),
        (2, "2026-01", Decimal("100.00"), Decimal("120.00"), Decimal("20.00")),
    ]
    assert _restated(company) == told  # March was still open
    company.deliver("pos_sales", _line("R6", "1.00", "2026-03-04"), name="c.csv")
    company.load()
    assert _restated(company) == told
    company.deliver("pos_sales", _line("R1", "70.00", "2026-01-10"), name="d.csv")
    company.load()
    newest = (4, "2026-01", Decimal("120.00"), Decimal("90.00"), Decimal("-30.00"))
    assert _restated(company) == [newest, *told]


@pytest.mark.parametrize("ask", [accounts.files, accounts.restatements])
def test_the_ledger_is_not_told_to_who_sees_a_part_only(company: Company, ask: Any) -> None:
    company.deliver("stores", row("stores"))
    company.deliver("pos_sales", _line("R1", "100.00"))
    company.load()
    with company.stored() as snapshot:
        found: pl.DataFrame = ask(snapshot, Scope(stores=frozenset({"S1"})))
    assert not found.height
