"""Funnels, credit what-if, stock and lost sales: the pages show what the warehouse answers."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from opening import Open, said

from reports import credits, formats, rings, shelves
from reports.view import View
from warehouse import answers
from warehouse.access import EVERYTHING
from warehouse.engine import reading
from warehouse.filters import Question
from warehouse.funnels import SHIPPED
from warehouse.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from streamlit.testing.v1 import AppTest

LAST = date(2025, 11, 20)
MONTH = (LAST - timedelta(days=29), LAST)
SCANS = SHIPPED["scan_to_order"]


def _found(warehouse: Path, ask: Callable[..., pl.DataFrame], *given: Any, **more: Any) -> Any:
    with reading(warehouse) as snapshot:
        return ask(snapshot, *given, EVERYTHING, Settings(warehouse=warehouse), **more)


def _drawn(app: AppTest, place: int) -> dict[str, Any]:
    """What a chart of the page draws."""
    assert not app.exception
    assert not app.error
    return json.loads(app.get("plotly_chart")[place].proto.spec)  # type: ignore[no-any-return]


# Funnels ---------------------------------------------------------------------------------------
def test_both_rings_stand_side_by_side_with_the_open_entries_apart(
    opened: Open, sample_warehouse: Path
) -> None:
    app = opened(sample_warehouse, "funnels")
    for place, name in enumerate(rings.BOTH):
        ask = (answers.funnel, name, Question((), *MONTH))
        decided = _found(sample_warehouse, *ask).row(0, named=True)
        every = _found(sample_warehouse, *ask, with_immature=True).row(0, named=True)
        solid, hatched = _drawn(app, place)["data"]
        steps = [step.name for step in SHIPPED[name].steps]
        assert solid["x"] == [decided["entries"], *(decided[step] for step in steps)]
        assert hatched["x"] == [
            decided["immature"], *(every[step] - decided[step] for step in steps)
        ]  # fmt: skip
        assert hatched["marker"]["pattern"]["shape"] == "/"


@pytest.mark.parametrize("by", ["store", "guide", "campaign"])
def test_a_funnel_is_broken_down_as_the_warehouse_does(
    by: str, opened: Open, sample_warehouse: Path
) -> None:
    app = opened(sample_warehouse, "funnels", by=by)
    rows = _found(sample_warehouse, answers.funnel, SCANS.name, Question((), *MONTH, (by,)))
    table = app.dataframe[0].value
    assert sorted(table["entries"]) == sorted(rows["entries"])
    assert sum(table["paid"]) == rows["paid"].sum() > 0
    assert list(table["entries"]) == sorted(table["entries"], reverse=True)


def test_entries_all_still_open_offer_days_that_are_decided(
    opened: Open, sample_warehouse: Path
) -> None:
    app = opened(sample_warehouse, "funnels", funnel="join_to_repeat", period="last_7")
    assert "entries are still open" in said(app)
    app.button(key="decided_scan_to_order").click().run()
    assert app.session_state["to"] == str(LAST - timedelta(days=15))  # 14 days and one more
    assert app.session_state["from"] == str(LAST - timedelta(days=21))
    assert "Scan to order: all" not in said(app)


def test_unidentified_receipts_and_orders_are_told(opened: Open, sample_warehouse: Path) -> None:
    app = opened(sample_warehouse, "funnels")
    rows = _found(sample_warehouse, answers.unidentified, Question((), *MONTH))
    parts = {
        kind: formats.percent(nobody / total)
        for kind, total, nobody in rows.select("kind", "total", "unidentified").iter_rows()
    }
    text = f"{parts['receipts']} of receipts and {parts['orders']} of paid orders belong to nobody"
    assert text in said(app)


def test_windows_are_compared_on_demand(opened: Open, sample_warehouse: Path) -> None:
    app = opened(sample_warehouse, "funnels", funnel="coupon_to_store")
    before = len(app.dataframe)
    app.session_state["rates_windows_table"] = True
    app.toggle(key="compare_windows").set_value(True).run()
    assert not app.error
    table = app.dataframe[before].value
    day = timedelta(days=1)
    ask = (answers.funnel, "coupon_to_store", Question((), *MONTH))
    expected = [
        _found(sample_warehouse, *ask, window=day * n)["entries"].item() for n in rings.DAYS
    ]
    assert list(table["entries"]) == expected
    assert expected[0] > expected[-1]


def test_an_analysts_own_funnel_stands_beside_the_shipped_ones(
    opened: Open, sample_warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "guidepost.toml"
    file.write_text(
        '[funnels.view_to_order]\ndirection = "online"\nentry = ["product_view"]\nplace = "store"\n'
        'window = "7d"\n[[funnels.view_to_order.steps]]\nname = "bought"\nevents = ["paid"]\n'
    )
    monkeypatch.setenv("GUIDEPOST_CONFIG", str(file))
    app = opened(sample_warehouse, "funnels", funnel="view_to_order")
    assert "view_to_order" in app.selectbox(key="pick_funnel").options
    assert "of entries get to “bought”" in said(app)


def test_the_channel_filter_is_left_out_of_funnels_and_said_so(
    opened: Open, sample_warehouse: Path
) -> None:
    narrowed = opened(sample_warehouse, "funnels", channel="mini_program")
    assert "entries of funnels have no channel" in said(narrowed)
    whole = opened(sample_warehouse, "funnels")
    assert _drawn(narrowed, 0)["data"][0]["x"] == _drawn(whole, 0)["data"][0]["x"]


def test_decided_days_are_the_latest_as_many_whose_window_is_over() -> None:
    view = View(date(2025, 11, 1), date(2025, 11, 20))
    # 20 November less 14 days and one more is the 5th; twenty days up to it begin on 17 October.
    days = rings.decided_days(view, SCANS, LAST)
    assert days == (date(2025, 10, 17), date(2025, 11, 5))
    early = View(date(2025, 9, 1), date(2025, 9, 2))
    assert rings.decided_days(early, SCANS, LAST) == (early.start, early.end)


@pytest.mark.parametrize(("hours", "text"), [(1.5, "1.5 h"), (47.9, "47.9 h"), (60.0, "2.5 d")])
def test_times_read_in_hours_up_to_two_days(hours: float, text: str) -> None:
    assert rings.duration(hours) == text


# Credit what-if --------------------------------------------------------------------------------
@pytest.mark.parametrize("by", ["guide", "store"])
def test_another_policy_shows_who_gains_and_who_loses(
    by: str, opened: Open, sample_warehouse: Path
) -> None:
    app = opened(sample_warehouse, "credit", policy="bound_first", window="7", by=by)
    rows = _found(sample_warehouse, answers.whatif, "bound_first@7", *MONTH, by)
    moved = rows.filter((pl.col("difference") != 0) | (pl.col("orders_moved") > 0))
    table = app.dataframe[0].value
    gains = sorted(moved["difference"].cast(pl.Float64), reverse=True)
    assert list(table["difference"]) == pytest.approx(gains)
    assert sum(table["orders_moved"]) == moved["orders_moved"].sum() > 0
    gain, lose = (
        moved.filter(of).height for of in (pl.col("difference") > 0, pl.col("difference") < 0)
    )
    if gain or lose:
        assert f"{gain} would gain and {lose} would lose" in said(app)


def test_a_replay_is_narrowed_as_the_page_is(opened: Open, sample_warehouse: Path) -> None:
    where = (("store", ("S0001",)),)
    rows = _found(sample_warehouse, answers.whatif, "serving_only", *MONTH, "guide", where=where)
    question = Question(("credited_net_sales",), *MONTH, where=where)
    figure = _found(sample_warehouse, answers.answer, question)["credited_net_sales"][0]
    assert rows["credit_now"].sum() == figure
    app = opened(sample_warehouse, "credit", policy="serving_only", store="S0001")
    assert f"instead of {formats.exact_money(figure)}" in said(app)


def test_the_policy_in_force_asks_to_choose_another(opened: Open, sample_warehouse: Path) -> None:
    app = opened(sample_warehouse, "credit")
    assert "Choose another policy" in said(app)
    rules = _found(sample_warehouse, answers.credited_by_rule, Question((), *MONTH))
    assert _drawn(app, 0)["data"][0]["x"] == list(rules.row(0))


def test_bars_show_the_greatest_gains_and_losses_each_once() -> None:
    numbers = [*range(30, 0, -1), 0, *range(-1, -4, -1)]
    rows = pl.DataFrame({"difference": numbers, "label": [str(n) for n in numbers]})
    assert credits.bars(rows)["difference"].to_list() == [
        *range(30, 20, -1),
        *range(7, 0, -1),
        -1,
        -2,
        -3,
    ]
    assert credits.bars(rows.head(4))["difference"].to_list() == [30, 29, 28, 27]


# Stock and lost sales ----------------------------------------------------------------------------
def test_lost_sales_are_the_warehouses_by_style_and_place(
    opened: Open, sample_warehouse: Path
) -> None:
    app = opened(sample_warehouse, "stock", by="guide")
    assert not app.error
    for place, by in enumerate(("style", "guide")):
        question = Question(("lost_sale_value", "lost_sale_scans"), *MONTH, (by,))
        rows = _found(sample_warehouse, answers.answer, question)
        lost = rows.filter(pl.col("lost_sale_value") > 0)
        table = app.dataframe[place].value
        assert sorted(table["lost_sale_value"]) == sorted(lost["lost_sale_value"].cast(pl.Float64))
        assert sum(table["lost_sale_scans"]) == lost["lost_sale_scans"].sum() > 0


def test_lost_sales_are_compared_over_days_that_can_be_told() -> None:
    """Data up to 20 November tell what was lost up to the 6th, fourteen days before."""
    view, bounds = View(*MONTH), (date(2025, 1, 1), LAST)
    assert shelves.decided(view, bounds).end == date(2025, 11, 6)
    earlier = View(date(2025, 9, 1), date(2025, 9, 30))
    assert shelves.decided(earlier, bounds) == earlier
    undecided = View(date(2025, 11, 7), LAST)
    assert shelves.decided(undecided, bounds) == undecided


def test_tenders_and_fulfilment_add_up_to_their_whole(opened: Open, sample_warehouse: Path) -> None:
    app = opened(sample_warehouse, "stock")
    fulfilment, tenders = (_drawn(app, place)["data"][0] for place in (3, 4))
    question = Question(("online_net_sales",), *MONTH)
    whole = _found(sample_warehouse, answers.answer, question)["online_net_sales"][0]
    assert sum(fulfilment["x"]) == pytest.approx(float(whole))
    assert sum(tenders["x"]) == pytest.approx(1.0)
    assert "WeChat Pay" in tenders["y"]


def test_codes_are_called_by_name_and_what_has_none_says_so() -> None:
    rows = pl.DataFrame({"fulfilment": ["store_pickup", "drone", None]})
    labels = shelves.coded(rows, "fulfilment")["label"].to_list()
    assert labels == ["Store pickup", "drone", "At the till"]
