"""From the wide to the narrow and back, and why a figure differs from what others count."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from conftest import Company
from opening import Open, said
from rows import row, sale

from reports import i18n, told
from warehouse import places
from warehouse.access import EVERYTHING, NOTHING, Scope
from warehouse.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from streamlit.testing.v1 import AppTest


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """CN › East › Jiangsu (S1 in Nanjing, S2 in Jiangsu's own city) and CN › West (S3); G1 works in
    S1. On 1 March S1 sold 200 and took 50 back at the till, S3 sold 80."""
    root = tmp_path_factory.mktemp("chain")
    made = Company(Settings(warehouse=root / "warehouse", inbox=root / "inbox"))
    above = {"CN": "", "E": "CN", "JS": "E", "W": "CN"}
    names = {"CN": "China", "E": "East", "JS": "Jiangsu", "W": "West"}
    made.deliver("regions", *(
        row("regions", region_id=region, region_name=names[region], parent_region_id=parent)
        for region, parent in above.items()
    ))  # fmt: skip
    homes = {"S1": ("JS", "Nanjing"), "S2": ("JS", "Jiangsu"), "S3": ("W", "Chengdu")}
    made.deliver("stores", *(
        row("stores", store_id=store, store_name=f"Shop {store}", region_id=region, city=city)
        for store, (region, city) in homes.items()
    ))  # fmt: skip
    made.deliver("guides", row("guides"))
    made.deliver(
        "pos_sales",
        sale(store_id="S1", receipt_id="R1", net_amount="200.00", list_amount=""),
        sale(store_id="S1", receipt_id="R2", quantity="-1", net_amount="-50.00", list_amount=""),
        sale(store_id="S3", receipt_id="R1", net_amount="80.00", list_amount="", guide_id=""),
    )
    made.load()
    return made


def _trail(of: Company, dimension: str, value: str, scope: Scope = EVERYTHING) -> list[str]:
    with of.stored() as snapshot:
        return places.trail(snapshot, dimension, value, scope)["value"].to_list()


# Where things are ------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("dimension", "value", "way"),
    [
        ("guide", "G1", ["E", "JS", "Nanjing", "S1", "G1"]),
        ("store", "S1", ["E", "JS", "Nanjing", "S1"]),
        ("store", "S2", ["E", "JS", "S2"]),
        ("region", "JS", ["E", "JS"]),
        ("region", "CN", ["CN"]),
        ("city", "Nanjing", ["Nanjing"]),
        ("store", "S9", []),
        ("guide", "' or 1=1 --", []),
    ],
)
def test_a_trail_leads_down_from_below_the_root(
    chain: Company, dimension: str, value: str, way: list[str]
) -> None:
    assert _trail(chain, dimension, value) == way


def test_a_trail_names_nothing_out_of_sight(chain: Company) -> None:
    own = Scope(stores=frozenset({"S1"}))
    assert _trail(chain, "guide", "G1", own) == ["JS", "Nanjing", "S1", "G1"]
    assert _trail(chain, "store", "S3", own) == []
    assert _trail(chain, "guide", "G1", Scope(regions=frozenset({"W"}))) == []
    assert _trail(chain, "region", "E", NOTHING) == []


def test_only_stores_in_scope_are_on_the_map(chain: Company) -> None:
    with chain.stored() as snapshot:
        seen = {
            name: places.located(snapshot, scope)["store"].to_list()
            for name, scope in {
                "all": EVERYTHING, "west": Scope(regions=frozenset({"W"})), "none": NOTHING,
            }.items()
        }  # fmt: skip
    assert seen == {"all": ["S1", "S2", "S3"], "west": ["S3"], "none": []}


# The way there and back ------------------------------------------------------------------------
def _crumbs(app: AppTest) -> list[str]:
    return [button.label for button in app.button if (button.key or "").startswith("crumb_")]


def _chips(app: AppTest) -> set[str]:
    return {str(button.key) for button in app.button if (button.key or "").startswith("chip_")}


def test_a_guide_lies_under_their_store_and_every_place_above_it(
    chain: Company, opened: Open
) -> None:
    app = opened(chain.settings.warehouse, "regions", guide="G1")
    assert _crumbs(app) == ["Whole company ›", "East ›", "Jiangsu ›", "Nanjing ›", "Shop S1 ›"]
    assert _chips(app) == {"chip_guide_G1"}
    app.button(key="crumb_2").click().run()
    assert not app.error
    assert app.title[0].value == "Regions"
    assert _chips(app) == {"chip_region_JS"}


def test_one_opens_what_is_chosen_and_then_what_lies_below_it(chain: Company, opened: Open) -> None:
    app = opened(chain.settings.warehouse)
    app.session_state["region"] = "E"  # as a click does: a link would hold for the whole trial
    app.run()
    assert app.button(key="drill_down").label == "Open East →"
    app.button(key="drill_down").click().run()
    assert app.title[0].value == "Regions"
    assert app.button(key="drill_down").label == "Its stores →"
    app.button(key="drill_down").click().run()
    assert app.title[0].value == "Stores"
    assert _chips(app) == {"chip_region_E"}


def test_a_receipt_is_explained_line_by_line(chain: Company, opened: Open) -> None:
    app = opened(chain.settings.warehouse, "regions", store="S1")
    app.session_state["drill_receipt"] = "R1"
    app.run()
    assert not app.error
    told = [table.value for table in app.dataframe if "net_amount" in table.value]
    assert [list(lines["net_amount"]) for lines in told] == [["¥200.00"]]
    assert list(told[0]["guide"]) == ["Lin"]
    assert list(told[0]["rung_at"]) == ["Shop S1"]
    assert not [table for table in app.run().dataframe if "net_amount" in table.value]


def test_of_receipts_of_one_number_the_chosen_guides_is_explained(
    chain: Company, opened: Open
) -> None:
    """S1 and S3 both rang up an R1; G1 served in S1 only."""
    app = opened(chain.settings.warehouse, "regions", guide="G1")
    app.session_state["drill_receipt"] = "R1"
    app.run()
    told = next(table.value for table in app.dataframe if "net_amount" in table.value)
    assert list(told["rung_at"]) == ["Shop S1"]


def test_a_receipt_nobody_knows_is_answered_in_a_sentence(chain: Company, opened: Open) -> None:
    app = opened(chain.settings.warehouse, "regions")
    app.session_state["drill_receipt"] = "<b>*R9*"
    app.run()
    assert r"There is no receipt or order \<b\>\*R9\* among your stores." in said(app)


# Why does this differ? -------------------------------------------------------------------------
def test_other_conventions_are_itemised_when_asked(chain: Company, opened: Open) -> None:
    """In the west 80, with nothing returned; in the east 200 − 50 = 150, without returns 200."""
    app = opened(chain.settings.warehouse, "regions", region="E")
    assert "Returns do not count" not in said(app)
    app.button(key="why_net_sales").click().run()
    assert "As defined here: **¥150.00**" in said(app)
    assert "**Returns do not count**: ¥200.00, +¥50.00" in said(app)
    assert "returns at the till: +¥50.00" in said(app)
    assert "paid or not**: no difference" in said(app)


def test_a_figure_no_convention_changes_does_not_ask(sample_warehouse: Path, opened: Open) -> None:
    keys = {str(button.key) for button in opened(sample_warehouse).button}
    assert "why_net_sales" in keys
    assert "why_target_attainment" not in keys


def _steps(*figures: Any) -> pl.DataFrame:
    rows = [("as defined", figures[0]), *(("before_returns", one) for one in figures[1:])]
    return pl.DataFrame(rows, schema=("convention", "figure"), orient="row")


@pytest.mark.parametrize(
    ("key", "figures"),
    [
        ("average_receipt_value", (100.004, 103.336, 106.668, 109.995)),
        ("return_rate", (0.10004, 0.07336, 0.03334, 0.0)),
        ("net_sales", (Decimal("10.00"), Decimal("11.10"), Decimal("11.10"), Decimal("9.90"))),
    ],
)
@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_items_add_up_as_they_are_written(key: str, figures: Any, language: str) -> None:
    i18n.speak(language)
    first, other = told.differences(key, _steps(*figures))
    lines = other.replace("¥", "").replace("\n\n", "\n").splitlines()
    head, *items = (
        [Decimal(text) for text in re.findall(r"[-+]?\d+\.\d+", line.split("**")[-1])]
        for line in lines
    )
    defined = Decimal(re.findall(r"\*\*¥?([\d.]+)%?\*\*", first)[0])
    assert head[0] - defined == head[1] == sum(item[-1] for item in items)
    i18n.speak("en")


def test_a_convention_without_a_figure_is_left_out() -> None:
    assert len(list(told.differences("second_purchase_rate", _steps(None, None, None)))) == 1
