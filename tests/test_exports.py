"""Pages as files: the figures the warehouse answers, in their own types, and no text that a
spreadsheet would run."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import fastexcel
import polars as pl
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from opening import Open, opening
from pypdf import PdfReader

from pages.ui import export, tables
from reports import charts, drawn, excel, i18n, paper, pictures, texts
from reports.paper import Chart, Column, Heading, Paper, Table
from warehouse.__main__ import main as warehouse

opened = pytest.fixture(opening)
CALENDAR = ("2025-10-22", "2025-11-20")
"""The last thirty days of the sample company."""


@pytest.fixture
def papers(monkeypatch: pytest.MonkeyPatch) -> list[Paper]:
    """What the pages of this test offer as files."""
    kept: list[Paper] = []
    monkeypatch.setattr(export, "_offer", kept.append)
    return kept


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    i18n.speak("en")
    yield
    i18n.speak("en")


def _page(*parts: paper.Part, **more: Any) -> Paper:
    return Paper("page", "A page", "who · when", {"Period": "one day"}, None, list(parts), **more)


def _table(**columns: tuple[str, list[Any]]) -> Table:
    """A table of columns, each a kind and its values."""
    frame = pl.DataFrame({name: values for name, (_, values) in columns.items()}, strict=False)
    kinds = {name: Column(name, kind) for name, (kind, _) in columns.items()}
    return Table("A table", frame, kinds)


def _sheet(book: bytes, place: int = 0) -> pl.DataFrame:
    """A sheet of a workbook below its title, note and empty line."""
    return fastexcel.read_excel(book).load_sheet(place, header_row=3).to_polars()


def _files(archive: bytes) -> dict[str, list[list[str]]]:
    """Rows of every CSV file of an archive."""
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        return {
            name: list(csv.reader(io.StringIO(opened.read(name).decode("utf-8-sig"), newline="")))
            for name in opened.namelist()
        }


# Figures -----------------------------------------------------------------------------------------
def test_a_file_holds_what_the_warehouse_answers(
    opened: Open, sample_warehouse: Path, papers: list[Paper]
) -> None:
    opened(sample_warehouse, "stores")
    result = CliRunner().invoke(
        warehouse,
        ["query", "net_sales,conversion_rate", "--from", CALENDAR[0], "--to", CALENDAR[1],
         "--by", "store", "--format", "json"],
        env={"GUIDEPOST_WAREHOUSE": str(sample_warehouse)},
    )  # fmt: skip
    known = [row for row in json.loads(result.stdout) if row["store"]]
    page = papers[-1]
    sheet = _sheet(excel.made(page))
    assert sorted(sheet["Net sales"]) == sorted(float(row["net_sales"]) for row in known)
    rates = sorted(row["conversion_rate"] for row in known if row["conversion_rate"] is not None)
    assert sorted(sheet["Conversion"].drop_nulls()) == pytest.approx(rates, rel=1e-14)
    rows = next(iter(_files(texts.made(page)).values()))
    place = rows[0].index("Net sales")
    assert sorted(Decimal(row[place]) for row in rows[1:]) == sorted(
        Decimal(row["net_sales"]) for row in known
    )


def test_a_workbook_says_what_was_looked_at_how_fresh_it_is_and_what_columns_mean(
    opened: Open, sample_warehouse: Path, papers: list[Paper]
) -> None:
    opened(sample_warehouse)
    book = fastexcel.read_excel(excel.made(papers[-1]))
    assert book.sheet_names[-1] == "About"
    about = book.load_sheet("About", header_row=None).to_polars().fill_null("").rows()
    told = {row[0]: row[1] for row in about}
    assert told["Seen"] == "Whole company"
    assert told["Compare with"] == "Previous period"
    assert "POS sales" in told
    assert told["Average receipt value"].startswith("net_sales ÷ receipts")


def test_the_table_of_a_closed_chart_is_in_the_file_with_all_its_rows() -> None:
    rows = pl.DataFrame({"label": [f"S{n}" for n in range(tables.MOST_ROWS + 100)]})
    drawn: list[int] = []

    def made(frame: pl.DataFrame) -> pl.DataFrame:
        drawn.append(frame.height)
        return frame.with_columns(net_sales=pl.lit(Decimal("1.50")))

    chart = Chart("Answer", "How to read", None, lambda: tables.show(
        rows, ("net_sales",), "Store", "stores", made=made
    ))  # fmt: skip
    page = _page(chart)
    assert not drawn
    assert _sheet(excel.made(page)).height == rows.height
    (file,) = _files(texts.made(page)).values()
    assert file[0] == ["Store", "Net sales"]
    assert file[-1] == ["S599", "1.50"]


def test_sheets_stand_in_the_order_of_the_page_under_names_of_their_own() -> None:
    one = _table(a=("text", ["x"]))
    names = ["Sales: [net] / gross?*", "Sales   net    gross", "x" * 40, "x" * 41, "'"]
    page = _page(Heading("An answer", "A note"), *(
        Table(name, one.rows, one.columns) for name in names
    ))  # fmt: skip
    book = fastexcel.read_excel(excel.made(page))
    assert len({name.casefold() for name in book.sheet_names}) == len(names) + 1
    assert all(0 < len(name) <= 31 for name in book.sheet_names)
    top = book.load_sheet(0, header_row=None).to_polars().get_column("__UNNAMED__0")
    assert top.to_list()[:2] == ["An answer", "A note"]


# Types -------------------------------------------------------------------------------------------
def test_numbers_dates_and_identifiers_keep_their_types() -> None:
    page = _page(
        _table(
            id=("text", ["007", "1e5"]), sum=("money", [Decimal("-12.30"), None]),
            rate=("ratio", [0.125, float("nan")]), moved=("points", [-0.02, 0.03]),
            day=("day", [date(2026, 3, 1), None]),
            at=("moment", [datetime(2026, 3, 1, 8, 5), None]), marks=("marks", [["a", "b"], None]),
        )
    )  # fmt: skip
    sheet = _sheet(excel.made(page))
    assert sheet["id"].to_list() == ["007", "1e5"]
    assert sheet["sum"].to_list() == [-12.3, None]
    assert sheet["rate"].to_list() == [0.125, None]
    assert sheet["moved"].to_list() == [-2, 3]
    assert [value.strftime("%F") for value in sheet["day"].drop_nulls()] == ["2026-03-01"]
    assert sheet["at"][0] == datetime(2026, 3, 1, 8, 5)
    assert sheet["marks"].to_list() == ["a, b", None]
    (rows,) = _files(texts.made(page)).values()
    assert rows[1] == ["007", "-12.30", "0.125", "-2.0", "2026-03-01", "2026-03-01 08:05", "a, b"]


def test_a_day_is_a_date_in_a_file_and_in_words_on_the_page() -> None:
    answer = pl.DataFrame({"day": ["2026-03-01"], "net_sales": [2.0], "net_sales_compare": [1.0]})
    days = drawn.over_time(answer, "day", "net_sales")
    page = _page()
    with paper.recording(replace(page, is_drawn=False)):
        tables.show(days, ("net_sales",), "Day", "days")
    assert days["label"][0] == "Sun, 1 Mar 2026"
    (rows,) = _files(texts.made(page)).values()
    assert rows == [["Day", "Net sales"], ["2026-03-01", "2.0"]]


def test_each_row_of_figures_is_written_by_its_own_unit() -> None:
    table = _table(
        key=("text", ["net_sales", "guide_coverage"]), value=("figure", [1000.0, 0.5]),
        change=("figure_change", [0.1, -0.02]),
    )  # fmt: skip
    (rows,) = _files(texts.made(_page(table))).values()
    assert rows[1:] == [["net_sales", "1000.0", "0.1"], ["guide_coverage", "0.5", "-2.0"]]


@settings(deadline=None)
@given(st.sampled_from("=+-@\t\r"), st.text(st.characters(codec="utf-8"), max_size=8))
def test_no_text_of_a_file_is_run_by_a_spreadsheet(first: str, rest: str) -> None:
    run = first + rest
    frame = pl.DataFrame({"a": [run], "b": [-1.5]})
    page = _page(Table("t", frame, {"a": Column(run), "b": Column("b", "average")}))
    (rows,) = _files(texts.made(page)).values()
    assert rows == [["'" + run, "b"], ["'" + run, "-1.5"]]


def test_no_text_of_a_workbook_is_run_by_a_spreadsheet() -> None:
    runs = [f"{first}1+1" for first in "=+-@"]
    sheet = _sheet(
        excel.made(_page(_table(**{"=a": ("text", runs), "b": ("average", [-1.5] * 4)})))
    )
    assert sheet.columns == ["'=a", "b"]
    assert sheet["'=a"].to_list() == ["'" + run for run in runs]
    assert sheet["b"].to_list() == [-1.5] * 4


# Paper -------------------------------------------------------------------------------------------
def _words(file: bytes) -> str:
    return "\n".join(sheet.extract_text() for sheet in PdfReader(io.BytesIO(file)).pages)


def test_a_pdf_tells_title_view_and_rows_on_numbered_a4_sheets() -> None:
    from reports import pdf

    i18n.speak("zh")
    rows = pl.DataFrame({"label": [f"门店 {n}" for n in range(90)], "net_sales": [-1234.5] * 90})
    columns = {"label": Column("门店"), "net_sales": Column("净销售额", "money")}
    page = Paper("stores", "门店", "全公司 · 近 30 天", {}, None, [
        Heading("上海门店领先 <b>", "按净销售额排名"), Table("门店", rows, columns),
    ])  # fmt: skip
    file = pdf.made(page)
    sheets = PdfReader(io.BytesIO(file)).pages
    words = _words(file)
    assert {(round(one.mediabox.width), round(one.mediabox.height)) for one in sheets} == {
        (595, 842)
    }
    assert "上海门店领先 <b>" in words
    assert "净销售额" in words
    assert "-¥1,234" in words
    for number, sheet in enumerate(sheets, 1):
        assert f"{number} / {len(sheets)}" in sheet.extract_text()
        assert "全公司 · 近 30 天" in sheet.extract_text()
    assert f"前 {paper.PRINTED_ROWS} 行" in words


def test_a_pdf_without_pictures_says_so_and_keeps_the_figures(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from reports import pdf

    def fails(*_: Any) -> Any:
        raise pictures.NoPicture("no browser")

    monkeypatch.setattr(pictures.STUDIO, "drawn", fails)
    table = _table(label=("text", ["S1"]), net_sales=("money", [7.0]))
    page = _page(Chart("Answer", "Note", object(), lambda: tables.draw(
        table.rows, table.columns, "t"
    )))  # fmt: skip
    words = _words(pdf.made(page))
    assert "could not be drawn" in words
    assert "¥7" in words


@pytest.mark.browser
def test_charts_of_a_pdf_are_whole_pictures() -> None:
    from reports import pdf

    frame = pl.DataFrame({
        "label": ["华东", "North"], "delta": [2.0, -1.0], "delta_text": ["+2", "-1"],
        "id": ["E", "N"],
    })  # fmt: skip
    figure = charts.waterfall(frame, "All", "+1", str, "green")
    drawn = pictures.STUDIO.drawn([figure, figure], 760)
    assert [one[:8] for one in drawn] == [b"\x89PNG\r\n\x1a\n"] * 2
    file = PdfReader(io.BytesIO(pdf.made(_page(Chart("Answer", "Note", figure)))))
    (picture,) = file.pages[0].images
    assert picture.image is not None
    assert picture.image.width == 2 * 760
    pictures.STUDIO.close()


def test_every_file_is_offered_where_there_is_something(
    opened: Open, sample_warehouse: Path
) -> None:
    app = opened(sample_warehouse, "cohorts")
    labels = [button.label for button in app.get("download_button")]
    assert labels == ["Excel", "PDF", "CSV"]
