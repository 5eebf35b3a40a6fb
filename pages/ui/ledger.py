"""Tables about the data itself: deliveries, rejects, runs and the proof that figures add up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from pages.ui import tables
from reports import formats, frames
from reports.i18n import dimension_label, t
from reports.paper import Column
from warehouse import accounts

_ROWS = (
    "rows_read",
    "rows_loaded",
    "rows_unchanged",
    "rows_superseded",
    "rows_rejected",
    "rows_voided",
)
_AMOUNTS = ("read_amount", *(f"{end}_amount" for end in accounts.ENDS))
_TRIED = ("started_at", "finished_at", "exit_code", "version", "message")


def conservation(proof: pl.DataFrame) -> None:
    """One row a cut: what its members add up to, what none has, and what is missing."""
    shown = proof.with_columns(
        frames.written(proof, dimension_label, "cut").alias("cut"),
        closes=pl.when(pl.col("difference") == 0).then(pl.lit("✓")).otherwise(pl.lit("✗")),
    )
    _table(shown, t("health.proof_note"))


def feeds(deliveries: pl.DataFrame, freshness: pl.DataFrame, timezone: str) -> None:
    """One row a feed: how new it is, and what its rows became."""
    fresh = freshness.select("feed", "newest", "is_late")
    known = deliveries.join(fresh, on="feed", how="full", coalesce=True).sort("feed")
    known = known.filter(pl.col("files").is_not_null() | pl.col("is_late"))
    shown = known.select(
        _feed(known),
        frames.local("newest", timezone),
        frames.local("last_loaded_at", timezone),
        frames.written(known, _state, "is_late").alias("is_late"),
        pl.col("files", "refused", *_ROWS).cast(pl.Int64),
    )
    _table(shown, t("health.feeds_note"))


def files(rows: pl.DataFrame, timezone: str) -> None:
    """One row a delivery: what became of its rows and its money; what is not accounted for first,
    then the newest."""
    missing = (pl.col("rows_missing") != 0) | (pl.col("amount_missing").fill_null(0) != 0)
    sorted_rows = rows.sort(missing, descending=True, maintain_order=True)
    shown = sorted_rows.select(
        _feed(sorted_rows), "file",
        frames.written(sorted_rows, lambda code: t(f"outcome.{code}"), "outcome").alias("outcome"),
        frames.local("loaded_at", timezone).alias("last_loaded_at"),
        pl.col(*_ROWS, "rows_missing").cast(pl.Int64), *_AMOUNTS, "amount_missing", "reason",
    )  # fmt: skip
    _table(shown, t("health.files_note"))


def restated(rows: pl.DataFrame, timezone: str) -> None:
    """One row a load and closed month whose net sales it changed."""
    shown = rows.select(
        frames.written(rows, lambda month: formats.tick("month", month), "month").alias("month"),
        "net_sales_before", "net_sales_after", "difference", "run_key",
        frames.local("finished_at", timezone),
    )  # fmt: skip
    _table(shown, t("health.restated_note"))


def tried(runs: Sequence[Mapping[str, Any]], timezone: str) -> None:
    """One row a run, also those that published nothing."""
    told = [{name: run.get(name) for name in _TRIED} for run in runs]
    rows = pl.DataFrame(told, schema_overrides={"version": pl.Int64, "exit_code": pl.Int64})
    shown = rows.select(
        *(_written_at(name, timezone) for name in ("started_at", "finished_at")),
        frames.written(rows, lambda code: t(f"exit.{code}"), "exit_code").alias("exit_code"),
        "version", "message",
    )  # fmt: skip
    _table(shown.rename({"message": "told"}), t("health.tried_note"))


def _written_at(name: str, timezone: str) -> pl.Expr:
    at = pl.col(name).str.to_datetime("%Y-%m-%dT%H:%M:%SZ", strict=False)
    return at.dt.replace_time_zone("UTC").dt.convert_time_zone(timezone).dt.replace_time_zone(None)


def rejects(rows: pl.DataFrame) -> None:
    """One row a rejected row, as it came and why."""
    shown = rows.with_columns(_feed(rows))
    _table(shown.select("feed", "rule", "message", "file", "line", "row"), t("health.rejects_note"))


def runs(rows: pl.DataFrame, timezone: str) -> None:
    """One row a load, newest first."""
    shown = rows.select(
        "run_key",
        frames.local("started_at", timezone),
        frames.local("finished_at", timezone),
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


def _table(frame: pl.DataFrame, alt: str) -> None:
    """Every column under its heading in the catalogue."""
    columns = {
        name: Column(t(f"column.{name}"), _kind(kind)) for name, kind in frame.schema.items()
    }
    tables.draw(frame, columns, alt)


def _kind(kind: pl.DataType) -> str:
    if kind.is_decimal():
        return "exact_money"
    return "count" if kind.is_numeric() else "moment" if kind.is_temporal() else "text"
