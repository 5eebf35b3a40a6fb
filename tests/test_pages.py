"""The pages, run without a browser: their figures are the warehouse's, and nobody sees too much."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from opening import ROOT, SCRIPTS, Open, said, shows_data
from rows import row, sale
from streamlit import config
from streamlit.testing.v1 import AppTest

from pages.ui import blocks, filter_bar, session, sign_in, terms
from reports import formats, i18n
from reports.view import View, joined, listed, period_of
from warehouse import access, answers
from warehouse.access import EVERYTHING, Scope
from warehouse.engine import Hub
from warehouse.filters import Question
from warehouse.metrics import METRICS
from warehouse.settings import Settings

if TYPE_CHECKING:
    from conftest import Company

LAST = date(2025, 11, 20)
MONTH = (LAST - timedelta(days=29), LAST)


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    yield
    i18n.speak("en")


def _ask(
    warehouse: Path, *keys: str, by: tuple[str, ...] = (), scope: Scope = EVERYTHING, **more: Any
) -> pl.DataFrame:
    """What the warehouse itself says of the last thirty days."""
    question = Question(keys, *MONTH, by, **more)
    with Hub(warehouse).snapshot() as snapshot:
        return answers.answer(snapshot, question, scope, Settings(warehouse=warehouse))


def _tiles(app: AppTest) -> dict[str, str]:
    return {tile.label: tile.value for tile in app.metric}


# Figures ---------------------------------------------------------------------------------------
def test_tiles_show_the_warehouses_own_figures(opened: Open, sample_warehouse: Path) -> None:
    app = opened(sample_warehouse)
    assert not app.exception
    shown = _tiles(app)
    keys = [key for key in METRICS if METRICS[key].label in shown]
    assert {"net_sales", "receipts", "average_receipt_value", "target_attainment"} <= set(keys)
    figures = _ask(sample_warehouse, *keys, compare="prior").row(0, named=True)
    assert shown == {METRICS[key].label: formats.figure(key, figures[key]) for key in keys}


def test_the_regions_table_agrees_with_the_warehouse(opened: Open, sample_warehouse: Path) -> None:
    table = opened(sample_warehouse).dataframe[-1].value
    figures = _ask(sample_warehouse, "net_sales", by=("top_region",)).drop_nulls("net_sales")
    assert sorted(table["net_sales"]) == sorted(figures["net_sales"].cast(pl.Float64))


def test_a_narrowed_page_shows_the_narrowed_figure(opened: Open, sample_warehouse: Path) -> None:
    store = _ask(sample_warehouse, "net_sales", by=("store",))["store"][0]
    where = (("store", (store,)),)
    figure = _ask(sample_warehouse, "net_sales", where=where)["net_sales"][0]
    assert _tiles(opened(sample_warehouse, store=store))["Net sales"] == formats.money(figure)


def test_stores_are_ranked_by_the_warehouses_figures(opened: Open, sample_warehouse: Path) -> None:
    app = opened(sample_warehouse, "stores")
    table = app.dataframe[0].value
    figures = _ask(sample_warehouse, "net_sales", "conversion_rate", by=("store",)).drop_nulls(
        "store"
    )
    assert list(table["rank"]) == sorted(table["rank"])
    expected = sorted(figures["net_sales"].cast(pl.Float64), reverse=True)
    assert list(table["net_sales"]) == expected
    assert sorted(table["conversion_rate"].dropna()) == sorted(
        figures["conversion_rate"].drop_nulls()
    )


def test_stores_say_how_sure_their_ranks_are(opened: Open, sample_warehouse: Path) -> None:
    app = opened(sample_warehouse, "stores", rank="conversion_rate")
    table = app.dataframe[0].value
    question = Question(("conversion_rate",), *MONTH, ("store",))
    with Hub(sample_warehouse).snapshot() as snapshot:
        known = answers.ranking(
            snapshot, question, EVERYTHING, Settings(warehouse=sample_warehouse)
        ).drop_nulls("conversion_rate")
    columns = ("conversion_rate_low", "conversion_rate_high", "rank_low", "rank_high")
    low, high, first, last = (known[name].to_list() for name in columns)
    ends = map(formats.percent, low), map(formats.percent, high)
    assert list(table["interval"]) == [f"{one} – {other}" for one, other in zip(*ends, strict=True)]
    assert list(table["places"]) == list(map(formats.places, first, last))
    assert "leads with Conversion" in said(app)


def test_small_samples_are_marked_in_words(opened: Open, sample_warehouse: Path) -> None:
    marks = opened(sample_warehouse, "stores", period="yesterday").dataframe[0].value["sample"]
    assert [list(mark) for mark in marks] == [["small"]] * len(marks)
    assert not opened(sample_warehouse, "stores").dataframe[0].value["sample"].dropna().size
    i18n.speak("zh")  # what the test itself reads of the page's widgets
    app = opened(sample_warehouse, "stores", period="yesterday", lang="zh")
    assert list(app.dataframe[0].value["sample"][0]) == ["偏小"]


def test_one_store_is_held_against_its_peers(opened: Open, sample_warehouse: Path) -> None:
    store = _ask(sample_warehouse, "net_sales", by=("store",))["store"][0]
    app = opened(sample_warehouse, "stores", store=store)
    assert "ahead of its peers" in said(app)
    assert list(app.dataframe[0].value["rank"]) != []


def test_cohorts_and_segments_are_those_of_the_command_line(
    opened: Open, sample_warehouse: Path
) -> None:
    app = opened(sample_warehouse, "cohorts")
    assert not app.exception
    with Hub(sample_warehouse).snapshot() as snapshot:
        year = Question((), date(2024, 12, 1), LAST)
        cohorts = answers.cohorts(snapshot, year, EVERYTHING)
        segments = answers.rfm(snapshot, year, "segment", EVERYTHING)
    by_month, by_segment = (table.value for table in app.dataframe)
    sizes = cohorts.filter(pl.col("months_since") == 0)["members"].to_list()
    assert list(by_month["members"]) == sizes
    second = cohorts.filter(pl.col("months_since") == 1)["share_active"].drop_nulls().to_list()
    assert list(by_month["1"].dropna()) == second
    assert list(by_segment["members"]) == segments["members"].to_list()
    assert "of first buyers bought again in the month after" in said(app)


def test_health_shows_the_proof_and_what_was_rejected(opened: Open, sample_warehouse: Path) -> None:
    app = opened(sample_warehouse, "health")
    proof, feeds, files, rejects, runs, tried = (table.value for table in app.dataframe)
    assert set(proof["difference"]) == {0}
    assert "to the fen" in said(app)
    assert feeds["rows_rejected"].sum() == len(rejects) == runs["rows_rejected"].sum() > 0
    assert len(files) == feeds["files"].sum()
    assert set(files["rows_missing"]) == {0} == set(files["amount_missing"].dropna())
    assert f"{len(files)} files account for every row and every fen" in said(app)
    assert "The last loads restated no closed month" in said(app)
    assert len(tried) == len(runs)
    assert app.get("download_button")


def test_the_glossary_names_every_figure(opened: Open, sample_warehouse: Path) -> None:
    app = opened(sample_warehouse, "glossary")
    words = said(app)
    assert not [key for key in METRICS if f"`{key}`" not in words]
    app.text_input(key="glossary_search").input("conversion visitors").run()
    assert "`conversion_rate`" in said(app)
    assert "`returns_amount`" not in said(app)


def test_the_glossary_shows_how_a_figure_is_computed_to_whoever_opens_it(
    opened: Open, sample_warehouse: Path
) -> None:
    app = opened(sample_warehouse, "glossary")
    shown = len(app.code)
    assert "entry = first(tag_scan, guide_scan)" in app.code[0].value
    app.session_state["how_net_sales"] = True
    app.session_state["how_scan_to_order"] = True
    app.run()
    formula, sql, *_ = (code.value for code in app.code)
    assert formula == "net_sales = Σ(net_amount) of lines"
    assert sql.startswith("SELECT") and "fct_credited_lines" in sql
    assert len(app.code) == shown + 3
    assert any("Handling store" in caption.value for caption in app.caption)


def test_the_glossary_finds_by_name_in_the_language_spoken() -> None:
    i18n.speak("zh")
    assert terms.found("客单价")[0] == "average_receipt_value"


def test_every_chart_says_in_words_what_it_shows(opened: Open, sample_warehouse: Path) -> None:
    for page in ("overview", "stores"):
        charts = opened(sample_warehouse, page).get("plotly_chart")
        assert charts
        assert all(chart.proto.alt for chart in charts)


def test_cells_that_a_spreadsheet_would_run_are_neutralised() -> None:
    written = blocks.csv(pl.DataFrame({"row": ["=1+1", "+1", "-1", "@x", "plain"]}))
    assert written.decode("utf-8-sig").splitlines() == [
        "row",
        "'=1+1",
        "'+1",
        "'-1",
        "'@x",
        "plain",
    ]


# Who sees what ---------------------------------------------------------------------------------
@pytest.mark.parametrize("page", SCRIPTS)
def test_a_page_alone_shows_no_data(
    page: str, sample_warehouse: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GUIDEPOST_WAREHOUSE", str(sample_warehouse))
    app = AppTest.from_file(ROOT / SCRIPTS[page], default_timeout=60).run()
    assert not app.exception
    assert not shows_data(app)
    assert "sign in" in said(app)


@pytest.fixture
def users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str | None], None]:
    """A users file with a viewer of every role; call it to sign one of them in."""
    file = tmp_path / "users.toml"
    roles = "".join(f'[users.{role}]\nrole = "{role}"\n' for role in access.PAGES)
    file.write_text(roles.replace('"store_manager"', '"store_manager"\nstores = ["S0002"]'))

    def sign_in_as(user: str | None) -> None:
        monkeypatch.setenv("GUIDEPOST_USERS", str(file))
        monkeypatch.setattr(sign_in, "provider_configured", lambda: True)
        monkeypatch.setattr(sign_in, "_signed_in_user", lambda: user)

    return sign_in_as


def test_nobody_signed_in_sees_no_data(
    opened: Open, sample_warehouse: Path, users: Callable[[str | None], None]
) -> None:
    users(None)
    app = opened(sample_warehouse)
    assert not shows_data(app)
    assert "sign in" in said(app)


def test_somebody_unlisted_sees_no_data(
    opened: Open, sample_warehouse: Path, users: Callable[[str | None], None]
) -> None:
    users("stranger@example.com")
    app = opened(sample_warehouse)
    assert not shows_data(app)
    assert "`stranger@example.com` may not see anything yet" in said(app)


@pytest.mark.parametrize("role", access.PAGES)
def test_a_role_sees_its_pages_only(
    role: str, opened: Open, sample_warehouse: Path, users: Callable[[str | None], None]
) -> None:
    users(role)
    app = opened(sample_warehouse)
    scope = access.read_users(Path(session.settings.load().users or ""))[role]
    for page, script in SCRIPTS.items():
        app.switch_page(script).run()
        assert not app.exception, page
        allowed = page in scope.pages and not scope.is_empty
        assert shows_data(app) == allowed, page
        if page == "health" and allowed:
            offered = {button.label for button in app.get("download_button")}
            assert ("Download as CSV" in offered) == ("rejects" in scope.pages)


def test_a_store_manager_sees_their_own_store_only(
    opened: Open, sample_warehouse: Path, users: Callable[[str | None], None]
) -> None:
    everyone = opened(sample_warehouse, "stores").dataframe[0].value
    users("store_manager")
    app = opened(sample_warehouse, "stores")
    own = Scope(stores=frozenset({"S0002"}))
    figure = _ask(sample_warehouse, "net_sales", by=("store",), scope=own).drop_nulls("store")
    table = app.dataframe[0].value
    assert list(table["net_sales"]) == [float(figure["net_sales"][0])]
    assert len(everyone) > 1


def test_a_link_cannot_widen_a_scope(
    opened: Open, sample_warehouse: Path, users: Callable[[str | None], None]
) -> None:
    users("store_manager")
    app = opened(sample_warehouse, "stores", store="S0001")
    assert "Not known, and left out: S0001" in said(app)
    assert len(app.dataframe[0].value) == 1


def test_without_sign_in_only_this_machine_is_let_in(opened: Open, sample_warehouse: Path) -> None:
    config.set_option("server.address", "0.0.0.0")
    app = opened(sample_warehouse)
    assert not shows_data(app)
    assert "only to the machine it runs on" in said(app)


def test_without_sign_in_a_banner_says_so(opened: Open, sample_warehouse: Path) -> None:
    banner = opened(sample_warehouse).info[0].value
    assert "No sign-in is configured" in banner
    assert "Sample data" in banner


# Links and filters -----------------------------------------------------------------------------
def test_a_wrong_link_falls_back_and_says_so(opened: Open, sample_warehouse: Path) -> None:
    app = opened(
        sample_warehouse, period="for ever", grain="blink", compare="mars", store="S9999,nonsense",
        org="x", lang="klingon", rise="mauve", **{"from": "yesterday", "to": "31.02."},
    )  # fmt: skip
    assert not app.exception
    assert "Not known, and left out: S9999, nonsense" in said(app)
    assert _tiles(app) == _tiles(opened(sample_warehouse))


def test_a_link_speaks_chinese(opened: Open, sample_warehouse: Path) -> None:
    app = opened(sample_warehouse, lang="zh")
    assert app.title[0].value == "总览"
    assert "净销售额" in _tiles(app)
    assert "万" in _tiles(app)["净销售额"]


def test_the_lunar_calendar_gives_way_where_it_does_not_reach(
    opened: Open, sample_warehouse: Path
) -> None:
    app = opened(sample_warehouse, compare="lunar")
    assert not app.exception
    assert "last year’s dates stand in" in said(app)


def test_figures_without_meaning_under_a_filter_are_named(
    opened: Open, sample_warehouse: Path
) -> None:
    app = opened(sample_warehouse, channel="pos")
    assert "Target attainment" not in _tiles(app)
    assert "Not defined under these filters: Target attainment" in said(app)


@pytest.mark.parametrize("page", SCRIPTS)
@pytest.mark.parametrize(
    "link",
    [
        {"channel": "tmall"},
        {"channel": "pos", "compare": "weekday", "grain": "month"},
        {"brand": "Aurora,Moyu", "org": "as_is", "rise": "red"},
        {"region": "CN", "period": "yesterday"},
        {"store": "S0001", "city": "Nowhere", "period": "quarter_to_date", "grain": "week"},
        {"period": "custom", "from": "2025-07-01", "to": "2025-07-31", "compare": "year"},
    ],
)
def test_no_combination_of_filters_breaks_a_page(
    link: dict[str, str], page: str, opened: Open, sample_warehouse: Path
) -> None:
    app = opened(sample_warehouse, page, **link)
    assert not app.exception
    assert not app.error
    assert app.title


def test_a_chip_takes_its_filter_away(opened: Open, sample_warehouse: Path) -> None:
    app = opened(sample_warehouse, store="S0001,S0002")
    app.button(key="chip_store_S0001").click().run()
    assert app.session_state["store"] == "S0002"
    app.button(key="reset").click().run()
    assert not [button for button in app.button if (button.key or "").startswith("chip_")]


def test_picking_a_brand_narrows_the_stores_offered(opened: Open, sample_warehouse: Path) -> None:
    app = opened(sample_warehouse)
    before = app.multiselect(key="pick_store").options
    brand = app.multiselect(key="pick_brand").options[0]
    app.multiselect(key="pick_brand").select(brand).run()
    assert set(app.multiselect(key="pick_store").options) < set(before)


def test_where_values_are_many_one_searches_for_them(
    opened: Open, sample_warehouse: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filter_bar, "OFFERED", 3)
    app = opened(sample_warehouse)
    names = app.multiselect(key="pick_store").options
    assert len(names) == 3
    everything = _ask(sample_warehouse, "net_sales", by=("store",))["store"].drop_nulls()
    app.text_input(key="search_store").input(everything[-1]).run()
    assert len(app.multiselect(key="pick_store").options) == 1


def test_values_of_one_name_can_be_told_apart() -> None:
    values = {"S1": "Mall", "S2": "Mall", "S3": "Pier"}
    assert list(filter_bar._labels(values).values()) == ["Mall · S1", "Mall · S2", "Pier"]


def test_an_empty_period_says_what_to_do(opened: Open, sample_warehouse: Path) -> None:
    link = {"period": "custom", "from": "2031-01-01", "to": "2031-01-31"}
    app = opened(sample_warehouse, **link)
    assert not shows_data(app)
    assert "The last data is of 20 Nov 2025" in said(app)
    next(button for button in app.button if button.label == "Show Nov 2025").click().run()
    assert shows_data(app)


@pytest.mark.parametrize(
    ("period", "start", "end"),
    [
        ("yesterday", date(2025, 11, 20), date(2025, 11, 20)),
        ("last_7", date(2025, 11, 14), date(2025, 11, 20)),
        ("month_to_date", date(2025, 11, 1), date(2025, 11, 20)),
        ("last_month", date(2025, 10, 1), date(2025, 10, 31)),
        ("last_30", date(2025, 10, 22), date(2025, 11, 20)),
        ("quarter_to_date", date(2025, 10, 1), date(2025, 11, 20)),
        ("year_to_date", date(2025, 1, 1), date(2025, 11, 20)),
    ],
)
def test_periods_count_back_from_the_last_day_with_data(
    period: str, start: date, end: date
) -> None:
    assert period_of({"period": period}, LAST) == (period, start, end)


def test_a_range_may_be_half_or_the_wrong_way_round() -> None:
    half = {"period": "custom", "from": "2025-11-03", "to": ""}
    turned = {"period": "custom", "from": "2025-11-09", "to": "2025-11-03"}
    assert period_of(half, LAST) == ("custom", date(2025, 11, 3), date(2025, 11, 3))
    assert period_of(turned, LAST) == ("custom", date(2025, 11, 3), date(2025, 11, 9))


def test_any_value_survives_a_link() -> None:
    values = ("S1", "a,b", "50%2C", "王府井")
    assert listed(joined(values)) == values


# Versions and failures -------------------------------------------------------------------------
def _day(day: str, receipt: str) -> dict[str, str]:
    return sale(sold_at=f"2026-03-{day}T10:00:00", receipt_id=receipt)


def test_new_figures_come_with_the_next_click(company: Company, opened: Open) -> None:
    company.deliver("stores", row("stores"))
    company.deliver("pos_sales", _day("01", "R1"))
    company.load()
    app = opened(company.settings.warehouse)
    assert _tiles(app)["Receipts"] == "1"
    company.deliver("pos_sales", _day("01", "R2"), name="second.csv")
    company.load()
    app.run()
    assert not app.exception
    assert _tiles(app)["Receipts"] == "2"


def test_one_run_sees_one_version(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    company.deliver("stores", row("stores"))
    company.deliver("pos_sales", _day("01", "R1"))
    company.load()
    monkeypatch.chdir(ROOT)
    monkeypatch.delenv("GUIDEPOST_USERS", raising=False)
    monkeypatch.setenv("GUIDEPOST_WAREHOUSE", str(company.settings.warehouse))
    config.set_option("server.address", "127.0.0.1")
    view = View(date(2026, 3, 1), date(2026, 3, 1))
    with session.opened() as desk:
        assert desk
        company.deliver("pos_sales", _day("01", "R2"), name="second.csv")
        company.load()
        assert desk.total(view.question(("receipts",)))["receipts"] == 1
    with session.opened() as desk:
        assert desk
        assert desk.total(view.question(("receipts",)))["receipts"] == 2


def test_two_scopes_never_share_an_answer(
    sample_warehouse: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.delenv("GUIDEPOST_USERS", raising=False)
    monkeypatch.setenv("GUIDEPOST_WAREHOUSE", str(sample_warehouse))
    config.set_option("server.address", "127.0.0.1")
    question = View(*MONTH).question(("net_sales",))
    with session.opened() as desk:
        assert desk
        whole = desk.total(question)["net_sales"]
        own = replace(desk, scope=Scope(stores=frozenset({"S0002"}))).total(question)["net_sales"]
        none = replace(desk, scope=access.NOTHING).total(question)["net_sales"]
    assert whole > own > 0
    assert none == 0


def test_before_the_first_load_the_page_says_how_to_load(tmp_path: Path, opened: Open) -> None:
    app = opened(tmp_path / "nowhere")
    assert not app.exception
    assert "python -m etl run" in said(app)


def test_a_failure_is_one_sentence_with_an_id_and_the_log_has_the_rest(
    opened: Open,
    sample_warehouse: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("disk on fire at /secret/path")

    monkeypatch.setattr(answers, "bounds", broken)
    with caplog.at_level(logging.ERROR, logger="guidepost.pages"):
        app = opened(sample_warehouse)
    assert not app.exception
    (error,) = app.error
    assert "/secret/path" not in error.value
    assert any(record.getMessage().split()[-1] in error.value for record in caplog.records)
    assert "disk on fire" in caplog.text
