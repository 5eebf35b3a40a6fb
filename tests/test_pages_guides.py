"""Guides: the statement adds up to the figure, the page shows the warehouse's own, nobody sees
what is not theirs."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from opening import Open, said
from oracle.sample import guide, member, order, refund, sale, store
from shops import at, opened

from pages.ui import tables
from reports import guides
from warehouse import access, answers
from warehouse.access import EVERYTHING, Scope
from warehouse.engine import reading
from warehouse.filters import Question
from warehouse.settings import Settings
from warehouse.statements import statement

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Company

LAST = date(2025, 11, 20)
MONTH = (LAST - timedelta(days=29), LAST)
MARCH = (date(2024, 3, 1), date(2024, 3, 31))
CREDITED = ("credited_net_sales",)


@pytest.fixture(scope="module")
def field(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """G1 and G3 work in S1, G2 in S2; M1 bought and is bound to G1."""
    return opened(
        tmp_path_factory.mktemp("statements"),
        stores=[store("S1", "A", "R1"), store("S2", "B", "R2")],
        guides=[guide("G1", "S1"), guide("G2", "S2"), guide("G3", "S1")],
        members=[member("M1", at(1), bound_guide_id="G1", bound_at=at(1), name="Wang")],
        pos_sales=[
            sale("a", at(2), "300.00", guide_id="G1", member_id="M1"),
            sale("b", at(2), "100.00", guide_shares="G1=0.4;G3=0.6"),
            sale("c", at(3), "50.00", store_id="S2", guide_id="G2"),
            sale("d", at(4), "-30.00", guide_id="G3", original_receipt_id="a"),
        ],
        online_orders=[
            order("bound", at(3), "80.00", member_id="M1"),
            order("stated", at(3), "60.00", guide_id="G1"),
        ],
        refunds=[refund("stated", at(6), "60.00")],
    )


def _statement(of: Path, guide_id: str, scope: Scope = EVERYTHING, **more: Any) -> pl.DataFrame:
    where = (("guide", (guide_id,)), *more.pop("where", ()))
    question = Question(CREDITED, *more.pop("days", MARCH), where=where, **more)
    with reading(of) as snapshot:
        return statement(snapshot, question, scope, Settings(warehouse=of))


# Statements ------------------------------------------------------------------------------------
def test_a_statement_names_each_receipt_and_order_and_what_decided(field: Company) -> None:
    # G1: a 300, 40 % of b; d goes back to a, whoever took it; both orders, the refund of one.
    rows = _statement(field.settings.warehouse, "G1").sort("day", "number")
    told = rows.select("number", "source", "rule", "share", "amount").rows()
    assert told == [
        ("a", "pos", "till", Decimal(1), Decimal("300.00")),
        ("b", "pos", "till", Decimal("0.4"), Decimal("40.00")),
        ("bound", "order", "bound_guide", Decimal(1), Decimal("80.00")),
        ("stated", "order", "order_scan", Decimal(1), Decimal("60.00")),
        ("d", "pos", "original", Decimal(1), Decimal("-30.00")),
        ("stated", "refund", "order_scan", Decimal(1), Decimal("-60.00")),
    ]
    assert rows["amount"].sum() == Decimal("390.00")
    assert _statement(field.settings.warehouse, "G3")["amount"].to_list() == [Decimal("60.00")]


def test_evidence_is_told_in_local_time(field: Company) -> None:
    rows = _statement(field.settings.warehouse, "G1")
    bound = rows.row(by_predicate=pl.col("number") == "bound", named=True)
    assert bound["at"].isoformat(" ", "minutes") == at(1)
    assert bound["event"] is None


def test_the_buyer_is_named_to_roles_that_may_know_them_only(field: Company) -> None:
    assert "Wang" in _statement(field.settings.warehouse, "G1")["buyer"].to_list()
    unnamed = replace(EVERYTHING, personal_data=False)
    assert "buyer" not in _statement(field.settings.warehouse, "G1", unnamed).columns


def test_a_statement_stays_within_the_viewers_stores(field: Company) -> None:
    other = Scope(stores=frozenset({"S2"}))
    assert not _statement(field.settings.warehouse, "G1", other).height
    assert _statement(field.settings.warehouse, "G2", other).height == 1
    assert not _statement(field.settings.warehouse, "G2", access.NOTHING).height


@pytest.mark.parametrize("where", [(), (("channel", ("mini_program",)),)])
def test_every_statement_adds_up_to_the_figure_to_the_fen(
    where: tuple[tuple[str, tuple[str, ...]], ...], sample_warehouse: Path
) -> None:
    question = Question(CREDITED, *MONTH, ("guide",), where)
    settings = Settings(warehouse=sample_warehouse)
    with reading(sample_warehouse) as snapshot:
        figures = answers.answer(snapshot, question, EVERYTHING, settings).drop_nulls()
        for name, figure in figures.iter_rows():
            own = replace(question, by=(), where=(*where, ("guide", (name,))))
            rows = statement(snapshot, own, EVERYTHING, settings)
            assert rows["amount"].sum() == figure, name
    assert figures.height > 5


# The page --------------------------------------------------------------------------------------
def _figures(warehouse: Path, *by: str) -> pl.DataFrame:
    question = Question(CREDITED, *MONTH, by)
    with reading(warehouse) as snapshot:
        return answers.answer(snapshot, question, EVERYTHING, Settings(warehouse=warehouse))


def test_guides_are_ranked_by_the_warehouses_figures(opened: Open, sample_warehouse: Path) -> None:
    app = opened(sample_warehouse, "guides")
    assert not app.exception
    table = app.dataframe[0].value
    expected = _figures(sample_warehouse, "guide").drop_nulls().sort(CREDITED, descending=True)
    assert list(table["credited_net_sales"]) == expected[CREDITED[0]].cast(pl.Float64).to_list()
    assert list(table["rank"]) == sorted(table["rank"])
    assert table["store_label"].notna().all()
    assert "times the median guide of" in said(app)


def test_one_guides_page_proves_its_statement(opened: Open, sample_warehouse: Path) -> None:
    best = _figures(sample_warehouse, "guide").drop_nulls().sort(CREDITED, descending=True).row(0)
    app = opened(sample_warehouse, "guides", guide=best[0])
    assert not app.error
    rows = _statement(sample_warehouse, best[0], days=MONTH)
    assert f"The {rows.height} rows below add up to ¥{best[1]:,}: credited net" in said(app)
    shown = app.dataframe[-1].value
    assert round(sum(shown["amount"]), 2) == float(best[1])
    assert "ahead of its peers" in said(app)


def test_guides_are_found_by_name_or_number_on_the_server(
    opened: Open, sample_warehouse: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "MOST_ROWS", 3)
    app = opened(sample_warehouse, "guides")
    everyone = _figures(sample_warehouse, "guide").drop_nulls()
    assert len(app.dataframe[0].value) == 3
    assert f"The first 3 of {everyone.height} rows" in said(app)
    app.text_input(key="find_guide").input(everyone["guide"][-1].lower()).run()
    assert len(app.dataframe[0].value) == 1
    assert f"1 of {everyone.height} guides" in said(app)


# Within the store ------------------------------------------------------------------------------
def _ranked(*rows: tuple[str, str, str | None, float, bool]) -> pl.DataFrame:
    schema = ["guide", "label", "store", "credited_net_sales", "is_small_sample"]
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    return frame.with_columns(store_label="store", rank=pl.lit(1))


RANKED = _ranked(
    ("G1", "Li", "S1", 90.0, False),
    ("G2", "Wu", "S1", 30.0, True),
    ("G3", "He", "S1", 20.0, False),
    ("G4", "Ma", "S2", 60.0, False),
    ("G5", "Xu", "S2", 50.0, False),
    ("G6", "Gu", None, 9.0, False),
)


def test_guides_stand_by_store_the_larger_first_and_small_samples_apart() -> None:
    drawn = guides.spread(RANKED, ())
    assert drawn["id"].to_list() == ["G1", "G2", "G3", "G4", "G5"]  # S1 140, S2 110; G6 has none
    assert drawn.filter("is_small")["id"].to_list() == ["G2"]
    # 90 ÷ 30 in S1; 60 ÷ 55 in S2.
    assert guides.leaning(drawn) == "Li is credited with 3.0 times the median guide of S1"


def test_a_chosen_guide_is_shown_among_those_of_their_store() -> None:
    drawn = guides.spread(RANKED, ("G4",))
    assert drawn["id"].to_list() == ["G4", "G5"]
    assert drawn["is_chosen"].to_list() == [True, False]
