"""Every receipt behind a store's figures: the list adds up to them, and shows nobody too much."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import polars as pl
import pytest
from conftest import Company
from rows import row, sale

from warehouse import answers, receipts
from warehouse.access import EVERYTHING, NOTHING, Scope
from warehouse.filters import Question, QuestionError
from warehouse.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

MARCH = (date(2026, 3, 1), date(2026, 3, 31))
IN_S1 = Question(("receipts", "net_sales"), *MARCH, where=(("store", ("S1",)),))
MANAGER = Scope(stores=frozenset({"S1"}))


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """S1 sells R1 (two lines), R2 (shared by two guides) and an order; R1 is returned in S2."""
    root: Path = tmp_path_factory.mktemp("shop")
    made = Company(Settings(warehouse=root / "warehouse", inbox=root / "inbox", secret="a key"))
    made.deliver("stores", row("stores"), row("stores", store_id="S2"))
    made.deliver("guides", row("guides"), row("guides", guide_id="G2"))
    made.deliver("members", row("members", merged_into_member_id="", left_at=""))
    made.deliver("products", row("products"))
    made.deliver(
        "pos_sales",
        sale(net_amount="200.00", member_id="M1"),
        sale(line_number="2", quantity="1", net_amount="99.00", member_id="M1"),
        sale(receipt_id="R2", sold_at="2026-03-05T18:00:00", net_amount="40.01",
             guide_shares="G1=0.5;G2=0.5", member_id=""),
        sale(receipt_id="R3", sold_at="2026-03-06T09:00:00", store_id="S2", quantity="-1",
             net_amount="-99.00", list_amount="-120.00", member_id="",
             original_receipt_id="R1", original_store_id="S1", original_line_number="2"),
        sale(receipt_id="R9", sold_at="2026-04-01T12:00:00"),
    )  # fmt: skip
    made.deliver("online_orders", row("online_orders", member_id="", visitor_id="V7"))
    made.load()
    return made


def _listed(
    shop: Company, question: Question = IN_S1, scope: Scope = EVERYTHING, **more: object
) -> pl.DataFrame:
    with shop.reading() as snapshot:
        return receipts.behind(snapshot, question, scope, **more)  # type: ignore[arg-type]


def test_the_list_adds_up_to_receipts_and_net_sales(shop: Company) -> None:
    listed = _listed(shop)
    with shop.stored() as snapshot:
        figures = answers.answer(snapshot, IN_S1, EVERYTHING, shop.settings).row(0, named=True)
    # 200.00 + 99.00 and 40.01 at the till, 100.00 online, less 99.00 brought back
    assert listed["net_sales"].sum() == figures["net_sales"] == Decimal("340.01")
    assert set(listed["all_net_sales"]) == {Decimal("340.01")}
    assert set(listed["all_receipts"]) == {figures["receipts"]} == {3}
    assert set(listed["all_rows"]) == {4}


def test_a_return_taken_elsewhere_stands_with_the_store_that_sold(shop: Company) -> None:
    returned = _listed(shop).row(0, named=True)
    told = {name: returned[name] for name in ("receipt", "rung_at", "net_sales", "is_sale")}
    assert told == {"receipt": "R3", "rung_at": "S2", "net_sales": Decimal("-99.00"), "is_sale": 0}


def test_receipts_come_newest_or_largest_first(shop: Company) -> None:
    assert _listed(shop)["receipt"].to_list() == ["R3", "R2", "O1", "R1"]
    assert _listed(shop, order="largest")["receipt"].to_list() == ["R1", "O1", "R2", "R3"]
    assert _listed(shop, order="smallest")["receipt"].to_list() == ["R3", "R2", "O1", "R1"]
    with pytest.raises(QuestionError, match="unknown order 'newes'; did you mean newest"):
        _listed(shop, order="newes")


def test_pages_share_the_receipts_out(shop: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receipts, "PAGE", 3)
    pages = [_listed(shop, page=page)["receipt"].to_list() for page in (1, 2, 3)]
    assert pages == [["R3", "R2", "O1"], ["R1"], []]


def test_the_lines_of_a_receipt_add_up_to_it(shop: Company) -> None:
    listed = _listed(shop)
    with shop.reading() as snapshot:
        for receipt in listed.iter_rows(named=True):
            lines = receipts.lines(snapshot, IN_S1, receipt["receipt_key"], EVERYTHING)
            assert lines["net_amount"].sum() == receipt["net_sales"]
    shared = listed.filter(receipt="R2").row(0, named=True)
    assert (shared["lines"], shared["guides"], shared["units"]) == (1, 2, 2)


def test_a_buyer_is_named_to_roles_that_see_personal_data_only(shop: Company) -> None:
    assert "member" not in _listed(shop, scope=MANAGER).columns
    named = _listed(shop, scope=replace(MANAGER, personal_data=True))
    assert dict(named.select("receipt", "member").iter_rows())["R1"] == "M1"


def test_nothing_of_another_store_is_listed_or_named(shop: Company) -> None:
    everything = replace(IN_S1, where=())
    assert _listed(shop, everything, NOTHING).height == 0
    own = _listed(shop, everything, MANAGER)
    assert set(own["all_net_sales"]) == {Decimal("340.01")}
    assert dict(own.select("receipt", "rung_at").iter_rows())["R3"] is None  # S2 is not theirs
    elsewhere = Scope(stores=frozenset({"S2"}))
    with shop.stored() as snapshot:
        key = own.filter(receipt="R1")["receipt_key"][0]
        assert receipts.lines(snapshot, everything, key, elsewhere).height == 0
        with pytest.raises(QuestionError, match="unknown store 'S1'"):
            receipts.behind(snapshot, IN_S1, elsewhere)


def test_a_narrowed_list_holds_the_lines_inside_the_filter(shop: Company) -> None:
    by_guide = replace(IN_S1, where=(("store", ("S1",)), ("guide", ("G2",))))
    parts = _listed(shop, by_guide).select("receipt", "net_sales").rows()
    assert parts == [("R2", Decimal("20.01"))]  # half of 40.01, rounded up; the lead has the rest
    with pytest.raises(QuestionError, match="receipts are not narrowed by month"):
        _listed(shop, replace(IN_S1, where=(("month", ("2026-03",)),)))
