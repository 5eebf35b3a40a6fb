"""Titles that state the answer, made of the figures themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import polars as pl

from reports import formats, frames
from reports.formats import plain
from reports.i18n import metric_label, t
from warehouse.metrics import METRICS, Unit


def trend(key: str, row: dict[str, formats.Number | None], compare: str) -> str:
    """Which way a figure went against a comparison."""
    moved = frames.change(key, row[key], row.get(f"{key}_compare"))
    name = metric_label(key)
    if moved is None:
        return t("headline.trend_alone", name=name, value=formats.figure(key, row[key]))
    way = "up" if moved > 0 else "down" if moved < 0 else "same"
    return t(
        f"headline.trend_{way}", name=name, change=formats.change(key, moved).lstrip("+-"),
        than=t(f"than.{compare}"),
    )  # fmt: skip


def movers(frame: pl.DataFrame) -> str:
    """Who made the growth, or the decline."""
    move = frames.mover(frame)
    if move is None:
        return t("headline.moved_nothing")
    label, way = plain(move.label), "growth" if move.total > 0 else "decline"
    if move.part > 1:
        return t(f"headline.against_{way}", label=label, delta=formats.money(move.delta))
    return t(f"headline.made_{way}", label=label, part=formats.percent(move.part, 0))


def targets(frame: pl.DataFrame) -> str:
    """How many groups reach their target."""
    reached, stated = frames.ahead(frame, "target_attainment", 1.0)
    if not stated:
        return t("headline.no_targets")
    return t("headline.targets", reached=reached, stated=stated)


def leaders(frame: pl.DataFrame, key: str) -> str:
    """Who leads: by a sum how much the first five make together, else how sure that is."""
    first = frame.row(0, named=True)
    if METRICS[key].unit is not Unit.MONEY:
        return t(
            "headline.first", label=plain(first["label"]), name=metric_label(key),
            value=formats.figure(key, first[key]),
            places=formats.places(first["rank_low"], first["rank_high"]),
        )  # fmt: skip
    label, part = plain(first["label"]), formats.percent(first["share"] or 0)
    if frame.height <= 5 or first["share"] is None:
        return t("headline.leader", label=label, part=part)
    five = formats.percent(frame["share"].head(5).sum(), 0)
    return t("headline.leaders", label=label, part=part, five=five)


def leaks(frame: pl.DataFrame) -> str:
    """Which busy stores convert less than the median."""
    found = frames.busy_but_leaky(frame, "visitors", "conversion_rate")
    if not found.height:
        return t("headline.no_leaks")
    named = t("format.comma").join(map(plain, found["label"].head(3)))
    if found.height == 1:
        return t("headline.leak", names=named)
    return t("headline.leaks", count=found.height, names=named)


def busiest(frame: pl.DataFrame) -> str:
    """The hour of the week with most sales."""
    best = frame.sort("value", descending=True).row(0, named=True)
    return t("headline.busiest", hour=best["label"], value=formats.money(best["value"]))


def peers(label: str, frame: pl.DataFrame) -> str:
    """In how many figures a store is ahead of its peers' median."""
    ahead, stated = frames.ahead(frame.filter("is_own"), "ratio", 1.0)
    return t("headline.peers", label=plain(label), ahead=ahead, stated=stated)


def conservation(frame: pl.DataFrame) -> str:
    """Whether every cut adds up to net sales."""
    open_cuts = frame.filter(pl.col("difference") != 0)
    if open_cuts.height:
        worst = open_cuts["difference"].abs().max()
        return t("headline.open", cuts=open_cuts.height, worst=formats.exact_money(worst))  # type: ignore[arg-type]
    return t("headline.closes", value=formats.exact_money(frame["net_sales"][0] or 0))


def feeds(freshness: pl.DataFrame) -> str:
    """Whether every feed is on time."""
    late = freshness.filter("is_late")["feed"]
    named = t("format.comma").join(t(f"feed.{feed}") for feed in late)
    return t("headline.feeds_late", feeds=named) if named else t("headline.feeds_on_time")


def accounted(files: pl.DataFrame) -> str:
    """Whether every row and every fen of every delivery is accounted for."""
    gap = pl.col("amount_missing").fill_null(0) != 0
    wrong = files.filter((pl.col("rows_missing") != 0) | gap).height
    if wrong:
        return t("headline.unaccounted", count=wrong, all=files.height)
    return t("headline.accounted", all=formats.decimal(files.height),
             rows=formats.decimal(files["rows_read"].sum() or 0),
             money=formats.exact_money(files["read_amount"].sum() or 0))  # fmt: skip


def restated(rows: pl.DataFrame) -> str:
    """Which closed months the last loads restated, and by how much."""
    if not rows.height:
        return t("headline.not_restated")
    last = rows.filter(pl.col("run_key") == rows["run_key"].max())
    worst = last.sort(pl.col("difference").abs(), descending=True).row(0, named=True)
    months = rows["month"].n_unique()
    return t("headline.restated", months=months, run=worst["run_key"],
             month=formats.tick("month", worst["month"]),
             difference=_signed(worst["difference"]))  # fmt: skip


def _signed(amount: Decimal) -> str:
    return f"+{formats.exact_money(amount)}" if amount > 0 else formats.exact_money(amount)


def tried(runs: Sequence[Mapping[str, Any]]) -> str:
    """Whether the last run ended well."""
    failed = sum(run.get("exit_code") in (1, 3) for run in runs)
    ended = t(f"exit.{runs[0].get('exit_code')}")
    return t("headline.tried", ended=ended, count=len(runs), failed=failed)


def rejects(rows: pl.DataFrame) -> str:
    """How many rows were turned down."""
    return t("headline.rejects", count=rows.height) if rows.height else t("headline.no_rejects")
