"""A digest: what one recipient should know of a period, within their scope, as a page on paper."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlencode

from reports import calls, charts, drawn, facts, formats, headlines, i18n, levels
from reports.asking import Asking
from reports.calls import DAYS
from reports.columns import column
from reports.formats import bare
from reports.i18n import dimension_label, metric_label, t
from reports.paper import Chart, Column, Heading, Paper, Part, Table
from reports.view import View

SALES = "net_sales"
FIGURES = (
    SALES, "receipts", "average_receipt_value", "like_for_like_growth", "target_attainment",
    "guide_coverage", "online_share", "member_sales_share",
)  # fmt: skip
SHARES = ("target_attainment", "like_for_like_growth")
BY_PLACE = (SALES, "target", *SHARES)
TREND_DAYS = 30
MOST_STEPS, MOST_CALLS = 9, 5


def made(asking: Asking) -> Paper:
    """What is told, part by part: figures, trend, places, exceptions."""
    view = asking.view
    level = levels.seen(asking, BY_PLACE)
    paper = Paper(
        parts=[*_figures(asking), _trend(asking), *_places(level, view), *_calls(asking, level)]
    )
    facts.head(paper, asking, "digest", paper.parts[0].title)
    return paper


def _figures(asking: Asking) -> list[Part]:
    view = asking.view
    keys = view.askable(FIGURES)
    first, second = (
        asking.total(view.question(keys, compare=how)) for how in (view.compare, view.second)
    )
    title = headlines.trend(SALES, first, view.compare)
    table = facts.figures(view, keys, first, second)
    columns = {name: one for name, one in table.columns.items() if name != "definition"}
    return [Heading(bare(title)), replace(table, columns=columns)]


def _trend(asking: Asking) -> Chart:
    month = asking.view.last_days(TREND_DAYS)
    days = asking.answer(month.question((SALES,), "day", compare="year"))
    total = asking.total(month.question((SALES,), compare="year"))
    figure = charts.trend(
        drawn.over_time(days, "day", SALES), t("chart.this_year"), t("chart.last_year"),
        formats.money,
    )  # fmt: skip
    note = t("chart.trend_note", name=metric_label(SALES), each=t("each.day"))
    title = bare(headlines.trend(SALES, total, "year"))
    return Chart(t("header.period", name=t("period.last_30"), dates=title), note, figure)


def _places(level: levels.Level, view: View) -> list[Part]:
    """What changed by place, where there are several."""
    if level.rows.height < 2:
        return []
    steps = drawn.steps(level.rows, MOST_STEPS, level.name)
    figure = charts.waterfall(steps, t("chart.all"), drawn.whole(steps), formats.money, view.rise)
    note = t("digest.places_note", name=metric_label(SALES), than=t(f"than.{view.compare}"))
    names = [name for name in (SALES, "change", *SHARES) if name in level.rows.columns]
    columns = {name: column(name) for name in names}
    heading = dimension_label(level.narrows)
    table = Table(heading, level.rows, {"label": Column(heading), **columns})
    return [Chart(bare(headlines.movers(steps)), note, figure), table]


def _calls(asking: Asking, level: levels.Level) -> list[Part]:
    listed = [
        *calls.late(asking.freshness()),
        *calls.behind(level.rows, level.name, level.narrows, MOST_CALLS),
        *calls.found(asking, "store", MOST_CALLS),
    ]
    title = bare(calls.headline(listed))
    columns = {name: Column(t(f"calls.{name}")) for name in ("what", "label", "text")}
    note = t("calls.note", end=formats.long_day(asking.view.last_days(DAYS).end))
    table = Table(title, calls.as_table(listed), columns)
    return [Heading(title, note), *([table] if listed else [])]


def link(asking: Asking) -> str | None:
    """Where the recipient finds all of it; None without an address or a page that shows it."""
    address, view = asking.settings.address, asking.view
    page = next((name for name in ("overview", "regions") if name in asking.scope.pages), None)
    if address is None or page is None:
        return None
    said = {"period": view.period, "compare": view.compare, "lang": i18n.language()}
    return f"{address}/{page}?{urlencode(said)}"
