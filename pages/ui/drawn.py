"""Answers as charts want them: beside every number the text one reads."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from pages.ui import formats, frames
from pages.ui.i18n import metric_label, t


def over_time(frame: pl.DataFrame, grain: str, key: str) -> pl.DataFrame:
    """For `charts.trend`: a figure and what it is compared to, by time."""
    points = frame.with_columns(
        tick=_text(grain, lambda value: formats.tick(grain, value)),
        point=_text(grain, lambda value: formats.point(grain, value)),
        value=pl.col(key), before=pl.col(f"{key}_compare"),
        value_text=_figure(key), before_text=_figure(key, f"{key}_compare"),
    )  # fmt: skip
    return frames.with_change(points, key).with_columns(label=pl.col("point"))


def steps(frame: pl.DataFrame, key: str, most: int) -> pl.DataFrame:
    """For `charts.waterfall`: what each row added to the change of a figure, the largest first."""
    moved = frames.largest(frame, "delta", most, t("chart.others"))
    return moved.with_columns(delta_text=_text("delta", formats.signed_money))


def whole(frame: pl.DataFrame) -> str:
    """The change all rows make together, in words."""
    return formats.signed_money(float(frame["delta"].sum()))


def targets(frame: pl.DataFrame, key: str) -> pl.DataFrame:
    """For `charts.targets`: a figure and its target, the largest first."""
    stated = frame.filter(pl.col(key).is_not_null()).sort(key, descending=True)
    return stated.with_columns(
        value=pl.col(key), value_text=_named_figure(key), target_text=_named_figure("target")
    )


def traffic(frame: pl.DataFrame, x: str, y: str) -> pl.DataFrame:
    """For `charts.scatter`: rows that state both figures."""
    stated = frame.filter(pl.col(x).is_not_null() & pl.col(y).is_not_null())
    return stated.with_columns(
        id=pl.col("store"), x=pl.col(x), y=pl.col(y),
        text=pl.concat_str("label", _named_figure(x), _named_figure(y), separator=" · "),
    )  # fmt: skip


def peers(frame: pl.DataFrame) -> pl.DataFrame:
    """For `charts.strip`: where a store and its peers lie, figure by figure."""
    return frame.with_columns(
        row=_text("key", metric_label),
        text=_rows(lambda row: f"{row['label']} · {formats.exact(row['key'], row['value'])}"),
    )


def _text(column: str, write: Callable[..., str]) -> pl.Expr:
    return pl.col(column).map_elements(write, pl.String)


def _rows(write: Callable[[dict[str, object]], str]) -> pl.Expr:
    return pl.struct("label", "key", "value").map_elements(write, pl.String)


def _figure(key: str, column: str | None = None) -> pl.Expr:
    """A figure in full, empty where it is empty."""
    return _text(column or key, lambda value: formats.exact(key, value))


def _named_figure(key: str) -> pl.Expr:
    return pl.concat_str(pl.lit(f"{metric_label(key)}: "), _figure(key).fill_null(formats.EMPTY))
