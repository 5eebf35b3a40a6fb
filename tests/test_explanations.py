"""Why an order is credited as it is, and what a viewer of one store is told of the others."""

from __future__ import annotations

from datetime import date

import pytest
from conftest import Company

from warehouse import explanations
from warehouse.access import EVERYTHING, Scope
from warehouse.filters import Question


@pytest.fixture
def shop(company: Company) -> Company:
    """An order after a scan in S1 by a member bound to a guide of S2; ¥90 of it comes back."""
    store = {"brand": "A", "region_id": "E"}
    company.deliver("regions", {"region_id": "E", "region_name": "East"})
    company.deliver(
        "stores",
        store | {"store_id": "S1", "store_name": "One"},
        store | {"store_id": "S2", "store_name": "Two"},
    )
    guide = {"guide_name": "-", "valid_from": "2026-01-01"}
    company.deliver(
        "guides",
        guide | {"guide_id": "G1", "store_id": "S1"},
        guide | {"guide_id": "G2", "store_id": "S2"},
    )
    company.deliver(
        "members", {"member_id": "M", "joined_at": "2026-01-02", "bound_guide_id": "G2"}
    )
    company.deliver(
        "touchpoints",
        {"event_id": "E1", "occurred_at": "2026-03-01T10:00", "event": "guide_scan",
         "member_id": "M", "store_id": "S1", "guide_id": "G1"},
    )  # fmt: skip
    company.deliver(
        "online_orders",
        {"order_id": "O", "line_number": 1, "ordered_at": "2026-03-02T10:00",
         "paid_at": "2026-03-02T10:01", "channel": "app", "product_id": "P", "quantity": 1,
         "net_amount": "300.00", "member_id": "M"},
    )  # fmt: skip
    company.deliver(
        "refunds",
        {"refund_id": "F", "order_id": "O", "line_number": 1, "refunded_at": "2026-04-01T10:00",
         "quantity": 0, "amount": "90.00"},
    )  # fmt: skip
    assert company.load().exit_code == 0
    return company


def rules(of: Company, scope: Scope) -> dict[str, list[object]]:
    with of.reading() as snapshot:
        told = explanations.explain(snapshot, "O", scope, of.settings)
    return {rule: rest for rule, *rest in told.select("rule", "verdict", "guide", "store").rows()}


def test_each_rule_says_what_it_found_and_which_one_came_first(shop: Company) -> None:
    assert rules(shop, EVERYTHING) == {
        "order_scan": ["does not apply", None, None],
        "recent_touch": ["decides", "G1", "S1"],
        "bound_guide": ["would apply, but recent_touch comes first", "G2", "S2"],
        "store_only": ["would apply, but recent_touch comes first", None, "S1"],
        "uncredited": ["does not apply", None, None],
    }


def test_a_rule_that_lost_names_no_guide_of_a_store_out_of_scope(shop: Company) -> None:
    told = rules(shop, Scope(stores=frozenset({"S1"})))
    assert told["recent_touch"] == ["decides", "G1", "S1"]
    assert told["bound_guide"] == ["would apply, but recent_touch comes first", None, None]


def test_the_steps_of_each_convention_add_up_to_its_figure(shop: Company) -> None:
    """March: 300 as defined; with the refund of April on its sale's day 300 − 90 = 210."""
    with shop.reading() as snapshot:
        march = Question(("net_sales",), date(2026, 3, 1), date(2026, 3, 31))
        rows = explanations.differ(snapshot, march, EVERYTHING, shop.settings).rows()
    assert (rows[0][0], str(rows[0][3])) == ("as defined", "300.00")
    moved = [row for row in rows if row[0] == "returns_on_order_day"]
    assert [str(row[2]) for row in moved] == ["0.00", "-90.00"]
    assert str(moved[-1][3]) == "210.00"
