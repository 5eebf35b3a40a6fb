"""Hand-worked figures."""

from __future__ import annotations

from conftest import Company

STORE = {"store_id": "S1", "store_name": "One", "brand": "A", "region_id": "E"}


def test_a_return_counts_on_its_own_day_and_never_changes_an_earlier_one(company: Company) -> None:
    company.deliver("stores", STORE)
    line = {"store_id": "S1", "product_id": "P", "line_number": 1}
    company.deliver(
        "pos_sales",
        line | {"receipt_id": "R1", "sold_at": "2026-03-01T10:00", "quantity": 2, "net_amount": "200.00"},
        line | {"receipt_id": "R2", "sold_at": "2026-03-05T10:00", "quantity": -1, "net_amount": "-100.00"},
    )
    company.load()
    days = company.ask("net_sales,returns_amount", "2026-03-01", "2026-03-05", by=["day"])
    assert days == [
        {"day": "2026-03-01", "net_sales": "200.00", "returns_amount": "0.00"},
        {"day": "2026-03-05", "net_sales": "-100.00", "returns_amount": "100.00"},
    ]
