"""Regions and the overview: their tables, maps and rings are the warehouse's, within the scope."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from conftest import Company
from opening import Open, said
from rows import row, sale

from pages.ui import sign_in
from reports import charts, formats, i18n, outlines, regions, rings
from reports.view import View
from warehouse import answers
from warehouse.access import EVERYTHING, Scope
from warehouse.engine import reading
from warehouse.filters import Question
from warehouse.funnels import SHIPPED
from warehouse.settings import Settings

if TYPE_CHECKING:
    from streamlit.testing.v1 import AppTest

LAST = date(2025, 11, 20)
MONTH = (LAST - timedelta(days=29), LAST)


def _ask(
    warehouse: Path, *keys: str, by: tuple[str, ...] = (), days: tuple[date, date] = MONTH,
    scope: Scope = EVERYTHING, **more: Any,
) -> pl.DataFrame:  # fmt: skip
    with reading(warehouse) as snapshot:
        question = Question(keys, *days, by, **more)
        return answers.answer(snapshot, question, scope, Settings(warehouse=warehouse))


def _specs(app: AppTest) -> list[Any]:
    assert not app.exception
    assert not app.error
    return [json.loads(chart.proto.spec) for chart in app.get("plotly_chart")]


def _map(app: AppTest) -> Any:
    return next(spec for spec in _specs(app) if "scaleanchor" in spec["layout"]["yaxis"])


def _calls(app: AppTest) -> set[str]:
    keys = (str(button.key) for button in app.button)
    return {key.removeprefix("call_") for key in keys if key.startswith("call_")}


# Regions ---------------------------------------------------------------------------------------
def test_one_goes_down_from_parts_of_the_country_to_stores(
    opened: Open, sample_warehouse: Path
) -> None:
    store = _ask(sample_warehouse, "net_sales", by=("top_region", "region", "city", "store"))
    home = store.drop_nulls().row(0, named=True)
    levels = [({}, "top_region"), ({"region": home["top_region"]}, "region"),
              ({"region": home["region"], "city": home["city"]}, "store")]  # fmt: skip
    for link, level in levels:
        table = opened(sample_warehouse, "regions", **link).dataframe[0].value
        where = tuple((name, (value,)) for name, value in link.items())
        known = _ask(sample_warehouse, "net_sales", by=(level,), where=where)
        if known.drop_nulls().height > 1 or level == "store":
            sales = known.drop_nulls("net_sales")["net_sales"].cast(pl.Float64)
            assert list(table["net_sales"]) == sorted(sales, reverse=True)


def test_a_row_shows_its_thirty_days(opened: Open, sample_warehouse: Path) -> None:
    table = opened(sample_warehouse, "regions").dataframe[0].value
    assert [len(days) for days in table["history"]] == [30] * len(table)
    assert [sum(days) for days in table["history"]] == pytest.approx(list(table["net_sales"]))


def test_days_without_sales_are_nothing_in_the_history_of_a_place() -> None:
    days = pl.DataFrame({
        "city": ["A", "A", "B", None], "day": ["1", "3", "2", "2"], "net_sales": [5, 7, 9, 1],
    })  # fmt: skip
    rows = pl.DataFrame({"city": ["B", "A", None]})
    shown = regions.with_history(rows, days, "city", "net_sales")
    assert shown.rows() == [("B", [0, 9, 0]), ("A", [5, 0, 7]), (None, [0, 1, 0])]


def test_the_map_draws_the_stores_and_fetches_nothing(opened: Open, sample_warehouse: Path) -> None:
    """Plotly would fetch outlines for its own maps: these are lines and points on plain axes."""
    app = opened(sample_warehouse, "regions")
    spec = _map(app)
    lines, points = spec["data"]
    assert {trace["type"] for trace in spec["data"]} == {"scatter"}
    assert not set(spec["layout"]) & {"geo", "map", "mapbox"}
    assert lines["mode"] == "lines"
    sales = _ask(sample_warehouse, "net_sales", by=("store",)).drop_nulls()
    assert {point[0] for point in points["customdata"]} == set(sales["store"])
    assert "A sketch of province outlines, not a map for publication" in said(app)


def test_the_outline_has_every_province_and_lines_that_do_not_run_on() -> None:
    points = outlines.provinces()
    ends = points["x"].is_null()
    assert points["y"].is_null().equals(ends)
    assert ends.sum() >= 34
    inside = points.drop_nulls()
    assert inside["x"].is_between(73, 136).all()
    assert inside["y"].is_between(18, 54).all()


def test_the_area_of_a_point_is_its_part_of_the_greatest() -> None:
    stores = pl.DataFrame({
        "store": ["A", "B", "C", "D"], "label": ["A", "B", "C", "D"],
        "net_sales": [400.0, 100.0, -5.0, None],
    })  # fmt: skip
    located = pl.DataFrame({"store": ["A", "B", "C", "D"], "longitude": [110.0] * 4,
                            "latitude": [30.0] * 4})  # fmt: skip
    shown = regions.on_map(stores, located, "net_sales")
    marker = charts.sketch(outlines.provinces(), shown, ["B"]).data[1].marker
    assert list(shown["id"]) == ["A", "B", "C"]
    assert [size - 7 for size in marker.size] == [23, 11.5, 0]
    assert list(marker.symbol) == ["circle", "diamond", "circle"]


@pytest.fixture(scope="module")
def fallen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sundays in region E of CN, eight before the last: S1, where G1 serves, sold 90 and 110 in
    turn in one receipt, and now 10; S2 sold 100 each time, now too. Sales of 30 days to 1 March:
    410 + 500 of E, which had a target of 2,800 in February (E's own)."""
    root = tmp_path_factory.mktemp("fallen")
    warehouse = root / "warehouse"
    made = Company(Settings(warehouse=root / "warehouse", inbox=root / "inbox"))
    made.deliver(
        "regions",
        row("regions", region_id="CN", parent_region_id=""),
        row("regions", region_id="E", parent_region_id="CN"),
        row("regions", region_id="W", region_name="West", parent_region_id="CN"),
    )
    made.deliver("stores", *(
        row("stores", store_id=store, store_name=f"Shop {store}", region_id=region)
        for store, region in (("S1", "E"), ("S2", "E"), ("S3", "W"))
    ))  # fmt: skip
    made.deliver("guides", row("guides"))
    made.deliver("targets", row("targets", level="region", id="E", month="2026-02",
                                target="2800.00"))  # fmt: skip
    amounts = {"S1": (10, *(90, 110) * 4), "S2": (100,) * 9, "S3": (100,) * 9}
    made.deliver("pos_sales", *(
        sale(store_id=store, receipt_id=f"{week}", net_amount=f"{amount}.00", list_amount="",
             guide_id="G1" if store == "S1" else "",
             sold_at=f"{date(2026, 3, 1) - timedelta(weeks=week)}T10:00:00")
        for store, sold in amounts.items() for week, amount in enumerate(sold)
    ))  # fmt: skip
    made.load()
    return warehouse


def test_those_to_call_left_their_band_and_open_their_page(opened: Open, fallen: Path) -> None:
    app = opened(fallen, "regions")
    assert _calls(app) == {"store_S1", "guide_G1"}
    reason = "Smaller receipts: ¥10 each, usually ¥100."
    assert said(app).count(reason) == 2
    assert "**Shop S1** · Store net sales ¥10, below its usual" in said(app)
    assert "Worth a call: 1 store, 1 guide" in said(app)
    app.button(key="call_guide_G1").click().run()
    assert not app.error
    assert app.title[0].value == "Guides"
    assert [one.key for one in app.button if str(one.key).startswith("chip_")] == ["chip_guide_G1"]


def test_a_manager_sees_and_calls_their_own_only(
    opened: Open, sample_warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    users = tmp_path / "users.toml"
    users.write_text('[users.one]\nrole = "regional_manager"\nstores = ["S0002"]\n')
    monkeypatch.setenv("GUIDEPOST_USERS", str(users))
    monkeypatch.setattr(sign_in, "provider_configured", lambda: True)
    monkeypatch.setattr(sign_in, "_signed_in_user", lambda: "one")
    app = opened(sample_warehouse, "regions")
    own = _ask(sample_warehouse, "net_sales", scope=Scope(stores=frozenset({"S0002"})))
    assert list(app.dataframe[0].value["net_sales"]) == [float(own["net_sales"][0])]
    assert [point[0] for point in _map(app)["data"][1]["customdata"]] == ["S0002"]
    here = (("store", ("S0002",)),)
    guides = _ask(sample_warehouse, "credited_net_sales", by=("guide",), where=here)
    called = _calls(app)
    assert called <= {"store_S0002", *(f"guide_{one}" for one in guides["guide"])}


# Overview --------------------------------------------------------------------------------------
def test_the_rings_are_the_funnels_of_days_that_are_decided(
    opened: Open, sample_warehouse: Path
) -> None:
    """Thirty days end 14 and a day, or 60 and a day, before the last: no entry is open any more."""
    app = opened(sample_warehouse)
    ladders = [spec["data"][0]["x"] for spec in _specs(app)[-2:]]
    view = View(*MONTH)
    for name, shown in zip(rings.BOTH, ladders, strict=True):
        funnel = SHIPPED[name]
        start, end = rings.decided_days(view, funnel, LAST)
        assert end + funnel.window < LAST
        with reading(sample_warehouse) as snapshot:
            row = answers.funnel(
                snapshot, name, Question((), start, end), EVERYTHING,
                Settings(warehouse=sample_warehouse),
            ).row(0, named=True)  # fmt: skip
        assert row["immature"] == 0
        assert shown == [row["entries"], *(row[step.name] for step in funnel.steps)]
    days = rings.decided_days(view, SHIPPED["coupon_to_store"], LAST)
    rate = _ask(sample_warehouse, "ring_closure_rate", days=days)["ring_closure_rate"][0]
    assert f"{formats.percent(rate)} of those who scanned came full circle" in said(app)


def test_bars_give_back_the_region_they_stand_for(opened: Open, sample_warehouse: Path) -> None:
    known = _ask(sample_warehouse, "net_sales", by=("top_region",)).drop_nulls()["top_region"]
    specs = _specs(opened(sample_warehouse))
    waterfall = next(spec["data"][0] for spec in specs if spec["data"][0]["type"] == "waterfall")
    targets = next(spec["data"][0] for spec in specs if spec["data"][0].get("width") == 0.55)
    for bars in (waterfall, targets):
        assert {point[0] for point in bars["customdata"]} - {""} == set(known)


def test_exceptions_open_what_they_are_about(opened: Open, fallen: Path) -> None:
    """Of the thirty days up to 1 March, the 28 of February have a target: 2,800 for E, which sold
    10 + 90 + 110 + 90 + 110 in S1 and 500 in S2."""
    app = opened(fallen)
    shown = {one for one in _calls(app) if not one.startswith("feed_")}
    assert shown == {"region_E", "store_S1"}
    assert "**East** · 32.5% of the target of ¥2.8K for these days." in said(app)
    app.button(key="call_region_E").click().run()
    assert app.title[0].value == "Regions"
    assert [one.key for one in app.button if str(one.key).startswith("chip_")] == ["chip_region_E"]


@pytest.mark.parametrize(
    ("page", "link"),
    [
        ("overview", {"guide": "G0001"}),
        ("overview", {"store": "S0001", "lang": "zh"}),
        ("regions", {"channel": "tmall"}),
        ("regions", {"region": "CN", "period": "yesterday", "org": "as_is", "compare": "weekday"}),
    ],
)
def test_any_view_is_answered(
    page: str, link: dict[str, str], opened: Open, sample_warehouse: Path
) -> None:
    i18n.speak(link.get("lang", "en"))  # what the trial itself reads of the page's widgets
    app = opened(sample_warehouse, page, **link)
    assert not app.exception
    assert not app.error
    assert app.title
    assert len(app.get("plotly_chart")) <= 8
