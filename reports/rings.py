"""Funnels as their page tells them: ladders, rates by week and by window, times, who is known.

Rows come from `answers.funnel` and its like: mature entries decide the rates; what is still open is
told apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import polars as pl

from reports import formats, frames
from reports.formats import plain
from reports.i18n import funnel_label, step_label, t
from reports.paper import Column
from reports.view import View
from warehouse.funnel_queries import RULES
from warehouse.funnels import Funnel

BOTH = ("scan_to_order", "coupon_to_store")
"""The two rings: from the store to the screen, and back."""
BREAKDOWNS = ("store", "guide", "region", "campaign", "brand", "city", "site")
DAYS = (1, 7, 14, 30)
"""Windows that are compared, in days."""
ENOUGH = 30
"""Fewer decided entries say too little to be named best."""
Row = Mapping[str, Any]


def decided_days(view: View, funnel: Funnel, last: date) -> tuple[date, date]:
    """As long a period as the view's, the latest whose windows are over by the last day."""
    end = min(view.end, last - funnel.window - timedelta(days=1))
    return end - (view.end - view.start), end


# Ladders ---------------------------------------------------------------------------------------
def ladder(funnel: Funnel, decided: Row, every: Row) -> pl.DataFrame:
    """For `charts.ladder`: entries, then each step; `decided` are mature entries only."""
    rows = [_rung(t("funnels.entries"), decided["entries"], decided["immature"], None, False)]
    for step in funnel.steps:
        done = decided[step.name]
        rate = decided[f"{step.name}_rate"]
        still_open = every[step.name] - done
        rows.append(_rung(step_label(step.name), done, still_open, rate, step.optional))
    frame = pl.DataFrame(rows)
    before = [step_rate(decided, step.name, "of_previous") for step in funnel.steps]
    return frame.with_columns(of_previous=pl.Series([None, *before], dtype=pl.Float64))


def _rung(
    label: str, done: int, still_open: int, rate: float | None, is_beside: bool
) -> dict[str, Any]:
    count, open_count = formats.decimal(done), formats.decimal(still_open)
    text = count if rate is None else f"{count} · {formats.percent(rate)}"
    open_text = t("funnels.open", count=open_count)
    return {
        "label": label, "value": done, "open": still_open, "rate": rate, "is_beside": is_beside,
        "text": text if done or not still_open else open_text,
        "value_text": t("funnels.done", count=count),
        "open_text": open_text,
    }  # fmt: skip


def step_rate(row: Row, step: str, kind: str = "rate") -> float | None:
    """A step's part of the entries, or of the step before it (`of_previous`)."""
    return row[f"{step}_{kind}"]  # type: ignore[no-any-return]


def ladder_columns() -> dict[str, Column]:
    """A ladder as a table."""
    return {
        "label": Column(t("funnels.step")),
        "value": Column(t("funnels.decided"), "count", t("funnels.decided_note")),
        "rate": Column(t("funnels.of_entries"), "ratio"),
        "of_previous": Column(t("funnels.of_previous"), "ratio"),
        "open": Column(t("funnels.still_open"), "count", t("funnels.still_open_note")),
    }


def reached(funnel: Funnel, row: Row) -> str:
    """What part of the entries gets to the end, and before which step most are lost."""
    name, last = funnel_label(funnel.name), funnel.steps[-1].name
    rate = step_rate(row, last)
    if rate is None:
        open_ones = row["immature"]
        key = "funnels.all_open" if open_ones else "funnels.no_entries"
        return t(key, name=name, count=formats.decimal(open_ones))
    chain = [step for step in funnel.steps if not step.optional]
    parts = {step.name: step_rate(row, step.name, "of_previous") for step in chain}
    narrow = min(parts, key=lambda step: 1.0 if parts[step] is None else parts[step] or 0.0)
    return t("funnels.reached", name=name, part=formats.percent(rate), step=step_label(last),
             narrow=step_label(narrow))  # fmt: skip


# Breakdown -------------------------------------------------------------------------------------
def rows_columns(funnel: Funnel, heading: str) -> dict[str, Column]:
    """A breakdown as a table: entries, then what reached each step and what part that is."""
    shown = {"label": Column(heading)} | _counted()
    for step in funnel.steps:
        label = step_label(step.name)
        shown[step.name] = Column(label, "count")
        shown[f"{step.name}_rate"] = Column(t("funnels.rate_of", step=label), "ratio")
    return shown | {
        "median_hours": Column(t("funnels.median"), "average", t("funnels.median_note")),
        "p90_hours": Column(t("funnels.p90"), "average", t("funnels.p90_note")),
    }


def _counted() -> dict[str, Column]:
    return {
        "entries": Column(t("funnels.decided"), "count", t("funnels.decided_note")),
        "immature": Column(t("funnels.still_open"), "count", t("funnels.still_open_note")),
    }


def best(funnel: Funnel, rows: pl.DataFrame) -> str:
    """Which group gets the greatest part of its entries to the end, of those with enough."""
    last = funnel.steps[-1].name
    enough = rows.filter(pl.col("entries") >= ENOUGH).drop_nulls(f"{last}_rate")
    if not enough.height:
        return t("funnels.too_few", least=ENOUGH)
    first = enough.sort(f"{last}_rate", descending=True).row(0, named=True)
    return t("funnels.best", label=plain(first["label"]), step=step_label(last),
             part=formats.percent(first[f"{last}_rate"]),
             entries=formats.decimal(first["entries"]))  # fmt: skip


# Rates over weeks and windows --------------------------------------------------------------------
def series(funnel: Funnel) -> list[tuple[str, str]]:
    """For `charts.rates`: the rate of each step of the chain and its name; at most five."""
    chain = [step for step in funnel.steps if not step.optional]
    return [(f"{step.name}_rate", step_label(step.name)) for step in chain[:5]]


def by_week(funnel: Funnel, rows: pl.DataFrame) -> pl.DataFrame:
    """For `charts.rates`: rates by the week of the entry."""
    known = rows.drop_nulls("week")
    ticks = frames.written(known, lambda week: formats.tick("week", week), "week")
    return _drawn(funnel, known.with_columns(tick=ticks, point=ticks, label=ticks))


def by_window(funnel: Funnel, rows: pl.DataFrame) -> pl.DataFrame:
    """For `charts.rates`: rates by how long an entry stays open (`window`, as in `14d`)."""
    some = pl.when(pl.col("entries") > 0)
    rates = {
        f"{step.name}_rate": some.then(pl.col(step.name) / pl.col("entries"))
        for step in funnel.steps
    }  # fmt: skip
    ticks = frames.written(rows, lambda window: t("funnels.days", days=window[:-1]), "window")
    ordered = rows.with_columns(tick=ticks, point=ticks, label=ticks, **rates)
    return _drawn(funnel, ordered.sort(pl.col("window").str.strip_suffix("d").cast(pl.Int64)))


def _drawn(funnel: Funnel, rows: pl.DataFrame) -> pl.DataFrame:
    texts = {
        f"{step.name}_rate_text": frames.written(rows, _rate_text, f"{step.name}_rate", step.name)
        for step in funnel.steps
    }
    counts = {
        f"{name}_text": frames.written(rows, formats.decimal, name)
        for name in ("entries", "immature")
    }
    return rows.with_columns(**texts, **counts)


def _rate_text(rate: float | None, count: int) -> str:
    if rate is None:
        return formats.EMPTY
    return f"{formats.percent(rate)} ({formats.decimal(count)})"


def moved(funnel: Funnel, weeks: pl.DataFrame) -> str:
    """How the part that gets to the end went from the first decided week to the last."""
    last = funnel.steps[-1].name
    rate = f"{last}_rate"
    decided = weeks.filter(pl.col("entries") >= ENOUGH).drop_nulls(rate)
    if decided.height < 2:
        return t("funnels.no_trend", least=ENOUGH)
    first, end = decided.row(0, named=True), decided.row(-1, named=True)
    return t("funnels.moved", step=step_label(last), before=formats.percent(first[rate]),
             since=first["label"], now=formats.percent(end[rate]), until=end["label"])  # fmt: skip


def widened(funnel: Funnel, windows: pl.DataFrame) -> str:
    """What the longest window that is decided adds to the shortest."""
    last = funnel.steps[-1].name
    rate = f"{last}_rate"
    decided = windows.filter(pl.col("entries") > 0).drop_nulls(rate)
    if decided.height < 2:
        return t("funnels.no_windows")
    first, end = decided.row(0, named=True), decided.row(-1, named=True)
    return t("funnels.widened", step=step_label(last), short=first["label"], long=end["label"],
             before=formats.percent(first[rate]), now=formats.percent(end[rate]))  # fmt: skip


# Times -----------------------------------------------------------------------------------------
def times(funnel: Funnel, row: Row) -> pl.DataFrame:
    """For `charts.durations`: days from entry to each step that is reached at all."""
    found = [
        {"label": step_label(step.name), "median": row[f"{step.name}_median_hours"],
         "p90": row[f"{step.name}_p90_hours"]}
        for step in funnel.steps if row[f"{step.name}_median_hours"] is not None
    ]  # fmt: skip
    schema = {"label": pl.String, "median": pl.Float64, "p90": pl.Float64}
    hours = pl.DataFrame(found, schema=schema)
    return hours.with_columns(
        pl.col("median", "p90") / 24,
        median_text=frames.written(hours, duration, "median"),
        p90_text=frames.written(hours, duration, "p90"),
    )


def duration(hours: float) -> str:
    """Hours up to two days, then days."""
    if hours < 48:
        return t("funnels.hours", hours=formats.decimal(hours, 1))
    return t("funnels.days", days=formats.decimal(hours / 24, 1))


def open_for(window: timedelta) -> str:
    """How long an entry stays open."""
    hours = window // timedelta(hours=1)
    return t("funnels.hours", hours=hours) if hours % 24 else t("funnels.days", days=hours // 24)


def days(value: float) -> str:
    """A tick of days."""
    return t("funnels.days", days=formats.decimal(value))


def pace(frame: pl.DataFrame) -> str:
    """How soon half of those that get to the end do, and nine in ten."""
    if not frame.height:
        return t("funnels.no_times")
    end = frame.row(-1, named=True)
    return t("funnels.pace", step=end["label"], half=end["median_text"], most=end["p90_text"])


def times_columns() -> dict[str, Column]:
    """Times as a table."""
    return {
        "label": Column(t("funnels.step")),
        "median_text": Column(t("funnels.half")),
        "p90_text": Column(t("funnels.nine")),
    }


def windows_columns(funnel: Funnel, rows: pl.DataFrame) -> dict[str, Column]:
    """Windows as a table: the funnel, and where it was asked for, who is credited then."""
    shown = {"label": Column(t("funnels.window"))} | _counted()
    for step in funnel.steps:
        label = step_label(step.name)
        shown[step.name] = Column(label, "count")
        shown[f"{step.name}_rate"] = Column(t("funnels.rate_of", step=label), "ratio")
    for rule in RULES:
        shown[f"orders_{rule}"] = Column(t("funnels.orders_by", rule=t(f"rule.{rule}")), "count")
    shown["credited_net_sales"] = Column(t("funnels.credited"), "money")
    return {name: column for name, column in shown.items() if name in rows.columns}
