"""The stores page of one store: its figures, and every receipt behind them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from opening import Open, said

from pages.ui import sign_in
from reports import formats
from warehouse import answers, receipts
from warehouse.access import EVERYTHING
from warehouse.engine import reading
from warehouse.filters import Question
from warehouse.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

LAST = date(2025, 11, 20)
STORE = Question(
    ("receipts", "net_sales"), LAST - timedelta(days=29), LAST, where=(("store", ("S0002",)),)
)


def _whole(warehouse: Path) -> dict[str, Any]:
    with reading(warehouse) as snapshot:
        found = answers.answer(snapshot, STORE, EVERYTHING, Settings(warehouse=warehouse))
    return found.row(0, named=True)


def test_every_receipt_of_a_store_is_there_to_be_seen(opened: Open, sample_warehouse: Path) -> None:
    whole = _whole(sample_warehouse)
    app = opened(sample_warehouse, "stores", store="S0002")
    assert not app.exception
    told = f"{whole['receipts']:,} receipts make net sales of"
    assert f"{told} {formats.exact_money(whole['net_sales'])}, every one below" in said(app)
    listed = app.dataframe[1].value
    assert len(listed) == receipts.PAGE
    app.selectbox(key="pick_order").select("largest").run()
    amounts = list(app.dataframe[1].value["net_sales"])
    assert amounts == sorted(amounts, reverse=True)
    assert amounts[0] == max(amounts) > max(listed["net_sales"]) or len(listed) == len(amounts)


def test_the_last_page_ends_with_the_last_receipt(opened: Open, sample_warehouse: Path) -> None:
    with reading(sample_warehouse) as snapshot:
        rows = receipts.behind(snapshot, STORE, EVERYTHING)["all_rows"][0]
    last = -(-rows // receipts.PAGE)
    app = opened(sample_warehouse, "stores", store="S0002", sheet=str(last))
    assert len(app.dataframe[1].value) == rows - receipts.PAGE * (last - 1)
    assert f"{rows} of {rows}." in said(app)
    beyond = opened(sample_warehouse, "stores", store="S0002", sheet=str(last + 1))
    assert f"1 – {receipts.PAGE} of {rows}." in said(beyond)


def test_a_picked_receipt_shows_its_lines(opened: Open, sample_warehouse: Path) -> None:
    app = opened(sample_warehouse, "stores", store="S0002", order="largest")
    first = app.dataframe[1].value.iloc[0]
    app.session_state["picked_receipt"] = first["receipt"]
    app.run()
    lines = app.dataframe[2].value
    assert sum(lines["net_amount"]) == pytest.approx(first["net_sales"])
    assert f"{formats.exact_money(first['net_sales'])}, lines: {int(first['lines'])}" in said(app)


def test_buyers_are_named_to_the_roles_that_may_know_them(
    opened: Open, sample_warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    users = tmp_path / "users.toml"
    users.write_text(
        '[users.boss]\nrole = "regional_manager"\nregions = ["CN"]\n'
        '[users.keeper]\nrole = "store_manager"\nstores = ["S0002"]\n'
    )
    monkeypatch.setenv("GUIDEPOST_USERS", str(users))
    monkeypatch.setattr(sign_in, "provider_configured", lambda: True)
    named = {}
    for user in ("boss", "keeper"):
        monkeypatch.setattr(sign_in, "_signed_in_user", lambda user=user: user)
        app = opened(sample_warehouse, "stores", store="S0002")
        assert not app.exception
        named[user] = "member" in app.dataframe[1].value.columns
    assert named == {"boss": False, "keeper": True}


def test_one_store_has_tiles_of_its_own(opened: Open, sample_warehouse: Path) -> None:
    app = opened(sample_warehouse, "stores", store="S0002")
    tiles = {tile.label: tile.value for tile in app.metric}
    assert tiles["Net sales"] == formats.money(_whole(sample_warehouse)["net_sales"])
    assert not opened(sample_warehouse, "stores").metric
