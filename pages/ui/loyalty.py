"""Cohorts and RFM as their page shows them: what is drawn, both tables, titles with the answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import polars as pl

from pages.ui import tables
from reports import formats, frames
from reports.columns import column
from reports.i18n import metric_definition, metric_label, t
from reports.paper import Column
from reports.view import View

ELEVEN_MONTHS = timedelta(days=334)
"""At most: from the first of a month it leads into the month eleven before it."""


def year_of_cohorts(view: View) -> View:
    """The same view over whole months: the end's own and the eleven before it."""
    return replace(view, start=(view.end.replace(day=1) - ELEVEN_MONTHS).replace(day=1))


def months(cohorts: pl.DataFrame) -> pl.DataFrame:
    """For `charts.heatmap`: the share of each cohort active in each month after its own."""

    def text(cohort: str, since: int, share: float, members: int) -> str:
        month, of = formats.tick("month", cohort), formats.decimal(members)
        return t("cohorts.cell", cohort=month, since=since, share=formats.percent(share), of=of)

    later = cohorts.filter(pl.col("months_since") > 0).drop_nulls("share_active")
    return later.with_columns(
        across="months_since",
        across_tick=pl.col("months_since").cast(pl.String),
        up=_months(later),
        value="share_active",
        text=frames.written(later, text, "cohort", "months_since", "share_active", "members"),
    )


def _months(cohorts: pl.DataFrame) -> pl.Series:
    return frames.written(cohorts, lambda month: formats.tick("month", month), "cohort")


def returned(cohorts: pl.DataFrame) -> str:
    """What part of first buyers came back in the month after."""
    after = cohorts.filter(pl.col("months_since") == 1).drop_nulls("active_members")
    if not after.height:
        return t("cohorts.too_early")
    part = after.select(pl.col("active_members").sum() / pl.col("members").sum()).item()
    return t("cohorts.returned", part=formats.percent(part))


def cohort_table(cohorts: pl.DataFrame) -> None:
    """One row a cohort: its size, and its share active in each month."""
    wide = cohorts.with_columns(label=_months(cohorts)).pivot(
        "months_since", index=("label", "members"), values="share_active"
    )
    shares = {name: Column(t("cohorts.month", number=name), "ratio") for name in wide.columns[2:]}
    _table(wide, t("cohorts.cohort"), shares)


def _table(rows: pl.DataFrame, heading: str, more: Mapping[str, Column]) -> None:
    members = Column(metric_label("members"), "count", metric_definition("members"))
    tables.draw(rows, {"label": Column(heading), "members": members, **more}, heading)


def grid(scores: pl.DataFrame) -> pl.DataFrame:
    """For `charts.heatmap`: members by how lately (upwards) and how often (across) they buy."""
    sums = pl.col("members", "net_sales").sum()
    cells = scores.group_by("recency", "frequency").agg(sums)
    ordered = cells.sort("recency", "frequency", descending=(True, False))

    def text(recency: int, frequency: int, members: int) -> str:
        return t("rfm.cell", recency=recency, frequency=frequency, members=formats.decimal(members))

    told = frames.written(ordered, text, "recency", "frequency", "members")
    return ordered.with_columns(
        across="frequency", across_tick=pl.format("{} {}", pl.lit(t("rfm.frequency")), "frequency"),
        up=pl.format("{} {}", pl.lit(t("rfm.recency")), "recency"),
        value=pl.col("members").cast(pl.Float64),
        text=told, label=told,
    )  # fmt: skip


def keen(cells: pl.DataFrame) -> str:
    """What part of members buys both lately and often, and what part neither."""
    scores, members = pl.col("recency", "frequency"), pl.col("members")
    ends = [
        members.filter(pl.all_horizontal(scores.is_in(chosen))).sum() / members.sum()
        for chosen in ((4, 5), (1, 2))
    ]
    parts = cells.select(both=ends[0], neither=ends[1]).row(0)
    both, neither = (formats.percent(part, 0) for part in parts)
    return t("rfm.keen", both=both, neither=neither)


def grid_table(cells: pl.DataFrame) -> None:
    """One row a field: its scores, members and net sales."""
    columns = {
        "recency": Column(t("rfm.recency"), "rank"),
        "frequency": Column(t("rfm.frequency"), "rank"),
        "net_sales": column("net_sales"),
    }  # fmt: skip
    _table(cells, t("rfm.grid_table"), columns)


def segments(rows: pl.DataFrame) -> pl.DataFrame:
    """For `charts.targets`: each segment's share of sales beside its share of members."""
    named = frames.written(rows, lambda name: t(f"segment.{name}"), "segment")
    labelled = frames.with_share(rows.with_columns(label=named), "net_sales")
    shares = labelled.with_columns(
        value=pl.col("share"), target=pl.col("members") / pl.col("members").sum()
    )
    return shares.with_columns(
        value_text=_share_text(shares, "value", "rfm.share_of_sales"),
        target_text=_share_text(shares, "target", "rfm.share_of_members"),
    )


def _share_text(rows: pl.DataFrame, column: str, name: str) -> pl.Series:
    def text(share: float | None) -> str:
        return f"{t(name)}: {formats.EMPTY if share is None else formats.percent(share)}"

    return frames.written(rows, text, column)


def best(rows: pl.DataFrame) -> str:
    """Which segment buys most, for how few members."""
    most = rows.sort("net_sales", descending=True).row(0, named=True)
    part, of = formats.percent(most["value"] or 0, 0), formats.percent(most["target"], 0)
    return t("rfm.best", label=most["label"], part=part, of=of)


def segment_table(rows: pl.DataFrame) -> None:
    """One row a segment: members, net sales, and their shares of all."""
    columns = {
        "target": Column(t("rfm.share_of_members"), "ratio"),
        "net_sales": column("net_sales"),
        "value": Column(t("rfm.share_of_sales"), "ratio"),
    }
    _table(rows, t("rfm.segment"), columns)
