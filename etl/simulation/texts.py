"""Codes and seconds as the text of a delivery."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from etl.simulation.chance import NONE, Ints
from etl.simulation.setting import DAY, FAR, Setting

NAIVE = "%Y-%m-%dT%H:%M:%S"
OFFSET = "%Y-%m-%dT%H:%M:%S+08:00"


def named(names: Sequence[str] | pl.Series, codes: Ints | pl.Series) -> pl.Series:
    """The name of each code; null for NONE."""
    table = names if isinstance(names, pl.Series) else pl.Series(names, dtype=pl.String)
    place = codes if isinstance(codes, pl.Series) else pl.Series(codes, dtype=pl.Int64)
    return table.gather(place.set(place == NONE, None))


def moments(setting: Setting, at: Ints | pl.Series, form: str = NAIVE) -> pl.Series:
    """Seconds of the period as local time; null for NONE."""
    second = pl.Series(at)
    epoch = second.set(second == NONE, None) + setting.epoch_day * DAY
    return (
        epoch.cast(pl.Int64)
        .to_frame("at")
        .select(pl.from_epoch("at", time_unit="s").dt.to_string(form))
        .to_series()
    )


def dates(setting: Setting, days: Ints | pl.Series, form: str = "%Y-%m-%d") -> pl.Series:
    """Day numbers as dates; null for FAR."""
    day = pl.Series(days)
    epoch = day.set(day >= FAR, None) + setting.epoch_day
    return epoch.cast(pl.Int32).cast(pl.Date).dt.to_string(form)


def yuan(fen: Ints | pl.Series) -> pl.Series:
    """Fen as decimal text with two decimals; null stays null."""
    amount = pl.Series(fen, dtype=pl.Int64) if isinstance(fen, np.ndarray) else fen
    return (amount.cast(pl.Decimal(18, 2)) / 100).cast(pl.String)


def without(column: Ints | pl.Series) -> pl.Series:
    """Null where the column says NONE."""
    series = pl.Series(column)
    return series.set(series == NONE, None)


def numbered(prefix: str, size: int, width: int) -> list[str]:
    """The ids of `size` things: `S0001`, `S0002` …"""
    return [f"{prefix}{number + 1:0{width}d}" for number in range(size)]
