"""Tables about the data itself: deliveries, rejects, runs and the proof that figures add up."""

from __future__ import annotations

from typing import Any

import polars as pl
import streamlit as st

from pages.ui import formats
from pages.ui.i18n import dimension_label, t

_ROWS = ("rows_read", "rows_loaded", "rows_unchanged", "rows_superseded", "rows_rejected", "rows_voided")


def conservation(proof: pl.DataFrame) -> None:
    """One row a cut: what its members add up to, what none has, and what is missing."""
    shown = proof.select(
        _written("cut", dimension_label),
        *(_written(name, formats.exact_money) for name in ("total", "none", "net_sales", "difference")),
        closes=pl.when(pl.col("difference") == 0).then(pl.lit("✓")).otherwise(pl.lit("✗")),
    )
    _table(shown, t("health.proof_note"))


def feeds(deliveries: pl.DataFrame, freshness: pl.DataFrame, timezone: str) -> None:
    """One row a feed: how new it is, and what its rows became."""
    known = deliveries.join(freshness.select("feed", "newest", "is_late"), on="feed", how="left")
    shown = known.select(
        _written("feed", lambda feed: t(f"feed.{feed}")),
        _written("newest", lambda at: formats.moment(at, timezone)),
        _written("last_loaded_at", lambda at: formats.moment(at, timezone)),
        _written("is_late", lambda late: t("header.is_late") if late else t("header.is_on_time")),
        pl.col("files", "refused").cast(pl.Int64),
        pl.col(_ROWS).cast(pl.Int64),
    )
    _table(shown, t("health.feeds_note"), "content")


def rejects(rows: pl.DataFrame) -> None:
    """One row a rejected row, as it came and why."""
    shown = rows.with_columns(_written("feed", lambda feed: t(f"feed.{feed}")))
    _table(shown.select("feed", "rule", "message", "file", "line", "row"), t("health.rejects_note"))


def runs(rows: pl.DataFrame, timezone: str) -> None:
    """One row a load, newest first."""
    shown = rows.select(
        "run_key",
        _written("started_at", lambda at: formats.moment(at, timezone)),
        _written("finished_at", lambda at: formats.moment(at, timezone)),
        _written("exit_code", lambda code: t(f"exit.{code}")),
        pl.col("files", "rows_read", "rows_loaded", "rows_rejected").cast(pl.Int64),
    )
    _table(shown, t("column.run_key"))


def _written(column: str, write: Any) -> pl.Expr:
    return pl.col(column).map_elements(write, pl.String)


def _table(frame: pl.DataFrame, alt: str, height: Any = "auto") -> None:
    """Every column under its heading in the catalogue; numbers grouped by thousands."""
    config = {
        name: st.column_config.NumberColumn(t(f"column.{name}"), format="%,d")
        if kind.is_numeric()
        else st.column_config.TextColumn(t(f"column.{name}"))
        for name, kind in frame.schema.items()
    }
    st.dataframe(frame, column_config=config, hide_index=True, placeholder=formats.EMPTY, alt=alt, height=height)
