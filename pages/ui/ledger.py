"""Tables about the data itself: deliveries, rejects, runs and the proof that figures add up."""

from __future__ import annotations

from typing import Any

import polars as pl
import streamlit as st

from reports import formats, frames
from reports.i18n import dimension_label, t

_ROWS = (
    "rows_read",
    "rows_loaded",
    "rows_unchanged",
    "rows_superseded",
    "rows_rejected",
    "rows_voided",
)


def conservation(proof: pl.DataFrame) -> None:
    """One row a cut: what its members add up to, what none has, and what is missing."""
    money = ("total", "none", "net_sales", "difference")
    shown = proof.with_columns(
        frames.written(proof, dimension_label, "cut").alias("cut"),
        *(frames.written(proof, formats.exact_money, name).alias(name) for name in money),
        closes=pl.when(pl.col("difference") == 0).then(pl.lit("✓")).otherwise(pl.lit("✗")),
    )
    _table(shown, t("health.proof_note"))


def feeds(deliveries: pl.DataFrame, freshness: pl.DataFrame, timezone: str) -> None:
    """One row a feed: how new it is, and what its rows became."""
    known = deliveries.join(freshness.select("feed", "newest", "is_late"), on="feed", how="left")
    shown = known.select(
        _feed(known),
        _moment(known, "newest", timezone),
        _moment(known, "last_loaded_at", timezone),
        frames.written(known, _state, "is_late").alias("is_late"),
        pl.col("files", "refused", *_ROWS).cast(pl.Int64),
    )
    _table(shown, t("health.feeds_note"), "content")


def rejects(rows: pl.DataFrame) -> None:
    """One row a rejected row, as it came and why."""
    shown = rows.with_columns(_feed(rows))
    _table(shown.select("feed", "rule", "message", "file", "line", "row"), t("health.rejects_note"))


def runs(rows: pl.DataFrame, timezone: str) -> None:
    """One row a load, newest first."""
    shown = rows.select(
        "run_key",
        _moment(rows, "started_at", timezone),
        _moment(rows, "finished_at", timezone),
        frames.written(rows, lambda code: t(f"exit.{code}"), "exit_code").alias("exit_code"),
        pl.col("files", "rows_read", "rows_loaded", "rows_rejected").cast(pl.Int64),
    )
    _table(shown, t("column.run_key"))


def _feed(frame: pl.DataFrame) -> pl.Series:
    def name(feed: str | None) -> str:
        return t(f"feed.{feed}") if feed else t("none.feed")

    return frames.written(frame, name, "feed").alias("feed")


def _state(is_late: bool | None) -> str:
    """Feeds without events have no newest one that could be late."""
    if is_late is None:
        return formats.EMPTY
    return t("header.is_late") if is_late else t("header.is_on_time")


def _moment(frame: pl.DataFrame, column: str, timezone: str) -> pl.Series:
    return frames.written(frame, lambda at: formats.moment(at, timezone), column).alias(column)


def _table(frame: pl.DataFrame, alt: str, height: Any = "auto") -> None:
    """Every column under its heading in the catalogue; numbers grouped by thousands."""
    config = {
        name: st.column_config.NumberColumn(t(f"column.{name}"), format="%,d")
        if kind.is_numeric()
        else st.column_config.TextColumn(t(f"column.{name}"))
        for name, kind in frame.schema.items()
    }
    st.dataframe(
        frame,
        column_config=config,
        hide_index=True,
        placeholder=formats.EMPTY,
        alt=alt,
        height=height,
    )
