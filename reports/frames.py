"""Frame in, frame out: changes, shares, ranks, places among peers. The pages' only arithmetic."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import polars as pl

from reports.formats import Number
from warehouse.metrics import METRICS, Unit


def change(key: str, now: Number | None, before: Number | None) -> float | None:
    """How a figure moved: a ratio by its difference, anything else relative to before.

    None where there is nothing, or nothing positive, to hold it against.
    """
    if now is None or before is None:
        return None
    if METRICS[key].unit is Unit.RATIO:
        return float(now) - float(before)
    return float(now) / float(before) - 1 if before > 0 else None


def with_change(frame: pl.DataFrame, key: str) -> pl.DataFrame:
    """Adds `change`, row by row as `change` above, and `delta`, the difference."""
    now, before = pl.col(key).cast(pl.Float64), pl.col(f"{key}_compare").cast(pl.Float64)
    relative = pl.when(before > 0).then(now / before - 1)
    moved = now - before if METRICS[key].unit is Unit.RATIO else relative
    return frame.with_columns(change=moved, delta=now.fill_null(0) - before.fill_null(0))


def with_share(frame: pl.DataFrame, key: str) -> pl.DataFrame:
    """Adds `share`: the part of the whole each row makes, 0–1."""
    value = pl.col(key).cast(pl.Float64)
    return frame.with_columns(share=pl.when(value.sum() > 0).then(value / value.sum()))


def with_rank_change(frame: pl.DataFrame, key: str) -> pl.DataFrame:
    """Adds `rank_change`: places gained since the compared period by what has a `rank` now."""
    before = pl.when(pl.col("rank").is_not_null()).then(f"{key}_compare")
    was = before.rank("min", descending=METRICS[key].up_is_good is not False).cast(pl.Int64)
    return frame.with_columns(rank_change=was - pl.col("rank"))


def labelled(frame: pl.DataFrame, labels: pl.DataFrame, name: str, none: str) -> pl.DataFrame:
    """Adds `label` for the values of a dimension; `none` for rows that have no value."""
    named = frame.join(labels.rename({"value": name}), on=name, how="left", maintain_order="left")
    return named.with_columns(pl.coalesce("label", name, pl.lit(none)).alias("label"))


def only(frame: pl.DataFrame, name: str, values: Sequence[str]) -> pl.DataFrame:
    """The rows of these values; all rows where none are named."""
    return frame.filter(pl.col(name).is_in(values)) if values else frame


def written(frame: pl.DataFrame, write: Callable[..., str], *columns: str) -> pl.Series:
    """What `write` makes of these columns, row by row. In this thread: Polars would call back
    from threads of its own, which do not know the viewer's language."""
    return pl.Series([write(*row) for row in frame.select(columns).iter_rows()], dtype=pl.String)


def local(column: str, timezone: str) -> pl.Expr:
    """UTC times by the clock of a time zone."""
    known = pl.col(column).cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    return known.dt.convert_time_zone(timezone).dt.replace_time_zone(None)


def largest(frame: pl.DataFrame, key: str, rows: int, rest: str) -> pl.DataFrame:
    """The rows with the greatest absolute `key`, the others added up into one named `rest`."""
    ordered = frame.sort(pl.col(key).abs(), descending=True, nulls_last=True)
    if ordered.height <= rows:
        return ordered
    others = ordered.slice(rows - 1).select(pl.col(key).sum(), label=pl.lit(rest))
    return pl.concat([ordered.head(rows - 1), others], how="diagonal_relaxed")


def added(money: pl.Series) -> Decimal:
    """Amounts added up exactly; nothing is 0."""
    return sum(money.drop_nulls(), Decimal(0))


def ahead(frame: pl.DataFrame, column: str, least: float) -> tuple[int, int]:
    """How many rows reach `least`, and how many have a value at all."""
    stated = frame[column].drop_nulls()
    return int((stated >= least).sum()), stated.len()


@dataclass(frozen=True)
class Move:
    """What changed in all and whose part of it was greatest. `part` is that row's delta over the
    whole change: above 1 where the others moved the other way."""

    total: float
    label: str
    delta: float

    @property
    def part(self) -> float:
        """The greatest mover's share of the whole change."""
        return self.delta / self.total if self.total else 0.0


def mover(frame: pl.DataFrame) -> Move | None:
    """The row that moved the sum of `delta` most in the sum's own direction; None when still."""
    total = float(frame["delta"].sum())
    if not total:
        return None
    lead = frame.sort("delta", descending=total > 0, nulls_last=True).row(0, named=True)
    return Move(total, lead["label"], lead["delta"])


def per_weekday(frame: pl.DataFrame, key: str, start: date, end: date) -> pl.DataFrame:
    """Sums by weekday (`1` Monday) as the average of such a day between two dates; rows where
    there is nothing to average are left out."""
    days = pl.date_range(start, end, eager=True).dt.weekday().cast(pl.String).alias("weekday")
    named = frame.with_columns(pl.col("weekday", "hour").cast(pl.String))
    counted = named.join(days.value_counts(name="days"), on="weekday").filter(pl.col(key) > 0)
    return counted.with_columns(pl.col(key).cast(pl.Float64) / pl.col("days"))


def busy_but_leaky(frame: pl.DataFrame, traffic: str, rate: str) -> pl.DataFrame:
    """Rows with more traffic than the median and a lower rate than the median, busiest first."""
    busy = pl.col(traffic) > pl.col(traffic).median()
    leaky = pl.col(rate) < pl.col(rate).median()
    return frame.filter(busy & leaky).sort(traffic, descending=True)


def against_peers(frame: pl.DataFrame, name: str, value: str, keys: Sequence[str]) -> pl.DataFrame:
    """One row a figure and peer: `key`, `is_own`, `label`, `value`, `median` (of the peers) and
    `ratio` of the value to that median; figures without one are left out."""
    own = frame.with_columns(is_own=pl.col(name) == value)
    rows = [
        own.select(
            pl.lit(key).alias("key"), "is_own", "label",
            pl.col(key).cast(pl.Float64).alias("value"),
            pl.col(key).cast(pl.Float64).filter(~pl.col("is_own")).median().alias("median"),
        )
        for key in keys
    ]  # fmt: skip
    ratio = (pl.col("value") / pl.col("median")).alias("ratio")
    return pl.concat(rows).filter(pl.col("median") > 0).with_columns(ratio)
