"""Cohorts and RFM as their page shows them: what is drawn, both tables, titles with the answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import polars as pl
import streamlit as st

from reports import formats, frames
from reports.i18n import metric_label, t
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
    shares = {name: _percent(t("cohorts.month", number=name)) for name in wide.columns[2:]}
    _table(wide, t("cohorts.cohort"), shares)


def _percent(label: str) -> Any:
    return st.column_config.NumberColumn(label, format="percent", step=0.001)


def _table(rows: pl.DataFrame, heading: str, more: Mapping[str, Any]) -> None:
    config: dict[str, Any] = {
        "label": st.column_config.TextColumn(heading, pinned=True),
        "members": st.column_config.NumberColumn(metric_label("members"), format="%,d"),
    }
    st.dataframe(
        rows, column_config=config | dict(more), hide_index=True, placeholder=formats.EMPTY,
        alt=heading, height="content",
    )  # fmt: skip


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
    shown = rows.select("label", "members", "target", pl.col("net_sales").cast(pl.Float64), "value")
    columns = {
        "target": _percent(t("rfm.share_of_members")),
        "net_sales": st.column_config.NumberColumn(metric_label("net_sales"), format="¥%,.0f"),
        "value": _percent(t("rfm.share_of_sales")),
    }
    _table(shown, t("rfm.segment"), columns)
