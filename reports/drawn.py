"""Answers as charts want them: beside every number the text one reads."""

from __future__ import annotations

from functools import partial

import polars as pl

from reports import formats, frames
from reports.formats import Number
from reports.i18n import metric_label, t


def over_time(frame: pl.DataFrame, grain: str, key: str) -> pl.DataFrame:
    """For `charts.trend`: a figure and what it is compared to, by time."""
    before = f"{key}_compare"
    points = frame.with_columns(
        tick=frames.written(frame, lambda value: formats.tick(grain, value), grain),
        point=frames.written(frame, lambda value: formats.point(grain, value), grain),
        value=pl.col(key), before=pl.col(before),
        value_text=_exact(frame, key, key), before_text=_exact(frame, key, before),
    )  # fmt: skip
    on = {"on": pl.col(grain).str.to_date()} if grain == "day" else {}
    return frames.with_change(points, key).with_columns(label=pl.col("point"), **on)


def ranking(frame: pl.DataFrame, key: str) -> pl.DataFrame:
    """For a table ranked by a figure: its interval, the possible ranks and a mark for samples too
    small to rank by, in words; `points` is the change of a ratio."""
    small = pl.when("is_small_sample").then(pl.concat_list(pl.lit(t("ranking.small"))))
    interval = partial(formats.interval, key)
    return frame.with_columns(
        interval=frames.written(frame, interval, f"{key}_low", f"{key}_high"),
        places=frames.written(frame, formats.places, "rank_low", "rank_high"),
        sample=small, points=pl.col("change"),
    )  # fmt: skip


def steps(frame: pl.DataFrame, most: int, name: str) -> pl.DataFrame:
    """For `charts.waterfall`: what each row, a value of dimension `name`, added to a change, the
    largest first."""
    frame = frame.with_columns(id=name)
    moved = frames.largest(frame, "delta", most, t("chart.others"))
    return moved.with_columns(delta_text=frames.written(moved, formats.signed_money, "delta"))


def whole(frame: pl.DataFrame) -> str:
    """The change all rows make together, in words."""
    return formats.signed_money(float(frame["delta"].sum()))


def targets(frame: pl.DataFrame, key: str, name: str) -> pl.DataFrame:
    """For `charts.targets`: a figure and its target of each value of dimension `name`, the largest
    first."""
    stated = frame.drop_nulls(key).sort(key, descending=True)
    return stated.with_columns(
        id=name, value=pl.col(key),
        value_text=_named(stated, key), target_text=_named(stated, "target"),
    )  # fmt: skip


MOST_POINTS = 1000
"""Stores drawn at once: more would not be told apart."""


def traffic(frame: pl.DataFrame, x: str, y: str) -> pl.DataFrame:
    """For `charts.scatter`: the stores that state both figures, of very many those with the
    greatest `x`, with the medians of all; none where one is not asked."""
    if not {x, y} <= set(frame.columns):
        return frame.clear()
    stated = frame.drop_nulls((x, y)).with_columns(
        x_median=pl.col(x).median(), y_median=pl.col(y).median()
    )
    shown = stated.sort(x, descending=True, maintain_order=True).head(MOST_POINTS)
    texts = pl.concat_str("label", _named(shown, x), _named(shown, y), separator=" · ")
    return shown.with_columns(id=pl.col("store"), x=pl.col(x), y=pl.col(y), text=texts)


def peers(frame: pl.DataFrame) -> pl.DataFrame:
    """For `charts.strip`: where a store and its peers lie, figure by figure."""

    def text(label: str, key: str, value: Number) -> str:
        return f"{label} · {formats.exact(key, value)}"

    return frame.with_columns(
        row=frames.written(frame, metric_label, "key"),
        text=frames.written(frame, text, "label", "key", "value"),
    )


def week(frame: pl.DataFrame, key: str) -> pl.DataFrame:
    """For `charts.heatmap`: a figure by weekday and hour, Monday first."""

    def text(weekday: str, hour: str, value: float) -> str:
        return f"{formats.weekday(weekday)} {hour}:00 · {formats.exact(key, value)}"

    ordered = frame.sort("weekday", pl.col("hour").cast(pl.Int64))
    return ordered.with_columns(
        across=pl.col("hour").cast(pl.Int64), across_tick=pl.col("hour"),
        up=frames.written(ordered, formats.weekday, "weekday"), value=pl.col(key),
        text=frames.written(ordered, text, "weekday", "hour", key),
        label=frames.written(ordered, lambda day, hour: f"{formats.weekday(day)} {hour}:00",
                             "weekday", "hour"),
    )  # fmt: skip


def _exact(frame: pl.DataFrame, key: str, column: str) -> pl.Series:
    """A figure in full."""
    return frames.written(frame, lambda value: formats.exact(key, value), column)


def _named(frame: pl.DataFrame, key: str) -> pl.Series:
    """A figure in full, after its name."""
    name = metric_label(key)
    return frames.written(frame, lambda value: f"{name}: {formats.exact(key, value)}", key)
