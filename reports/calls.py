"""Whom to call: what left its usual band, what is behind its target, what is late; each with the
figure and the reason in one sentence."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import polars as pl

from reports import formats
from reports.asking import Asking
from reports.formats import bare, plain
from reports.i18n import dimension_label, metric_label, t
from warehouse.bands import bands

WATCHED = {"store": "store_net_sales", "guide": "credited_net_sales"}
"""The figure whose band is looked at."""
COUNTED = {"store": "receipts", "guide": "guide_receipts"}
"""What it is divided by to tell fewer receipts from smaller ones."""
DAYS = 7
"""The days looked at, up to the last one shown: a week, so that weekdays do not matter."""
WEEKS = 8
"""The weeks before, which tell what is usual."""
BEHIND = 0.9
"""A target attainment below this is worth a call."""


@dataclass(frozen=True)
class Call:
    """One to call: what it is (`dimension` and `value`; a feed is of `health`), its name, and why,
    both as Markdown."""

    dimension: str
    value: str
    label: str
    text: str


def weeks_before(start: date) -> tuple[date, date]:
    """The first and last of the days that tell what is usual for days from `start` on."""
    return start - timedelta(weeks=WEEKS), start - timedelta(days=1)


def out(found: pl.DataFrame, most: int) -> pl.DataFrame:
    """Rows of bands.bands that left their band, those below it first, of either the ones with most
    money lost or won against what is usual first."""
    left = found.filter("is_out")
    away = (pl.col(left.columns[1]) - pl.col("usual")).abs()
    return left.sort(pl.col("deviations") > 0, away, left.columns[0],
                     descending=[False, True, False]).head(most)  # fmt: skip


def of_bands(
    dimension: str, rows: pl.DataFrame, now: pl.DataFrame, before: pl.DataFrame
) -> list[Call]:
    """Rows of `out` with their `label`, and why: `now` and `before` have the figure and its
    receipts by the same dimension, of this week and of the WEEKS before it together."""
    counted = now.drop(WATCHED[dimension]).join(before, on=dimension, how="left", suffix="_before")
    before_them = {WATCHED[dimension]: f"{WATCHED[dimension]}_before"}
    known = rows.join(counted.rename(before_them), on=dimension, how="left", maintain_order="left")
    return [
        Call(dimension, row[dimension], plain(row["label"]), _band(dimension, row))
        for row in known.iter_rows(named=True)
    ]


def _band(dimension: str, row: dict[str, Any]) -> str:
    key = WATCHED[dimension]
    way = "below" if row["deviations"] < 0 else "above"
    told = t(
        f"calls.{way}", name=metric_label(key), value=formats.figure(key, row[key]),
        usual=formats.interval(key, row["usual_low"], row["usual_high"]),
    )  # fmt: skip
    return f"{told} {_reason(dimension, row)}".rstrip()


def _reason(dimension: str, row: dict[str, Any]) -> str:
    """What took it out of its band: the number of receipts or their size, whichever moved it more
    that way; nothing where neither did."""
    key, count = WATCHED[dimension], COUNTED[dimension]
    now, before = row.get(count) or 0, row.get(f"{count}_before") or 0
    if not now:
        return t("calls.nothing")
    each, was = float(row[key]) / now, float(row[f"{key}_before"] or 0) / max(before, 1)
    if min(each, was) <= 0:
        return ""
    sign = math.copysign(1.0, row["deviations"])
    by_count = sign * math.log(now * WEEKS / before)
    by_size = sign * math.log(each / was)
    if max(by_count, by_size) <= 0:
        return ""
    if by_count >= by_size:
        usual = formats.decimal(before / WEEKS)
        return t("calls.more" if sign > 0 else "calls.fewer", now=formats.decimal(now), usual=usual)
    way = "calls.larger" if sign > 0 else "calls.smaller"
    return t(way, now=formats.money(each), usual=formats.money(was))


def found(desk: Asking, dimension: str, most: int) -> list[Call]:
    """The stores or guides that left their usual band in the last days of the view, with the
    reason; none where the figure has no meaning under the filters."""
    key, week = WATCHED[dimension], desk.view.last_days(DAYS)
    keys = week.askable((key, COUNTED[dimension]), dimension)
    if key not in keys:
        return []
    left = out(desk.ask(bands, week.question((key,), dimension)), most)
    # A guide of another manager's store who sold here is not this viewer's to call.
    own = desk.known(dimension, left[dimension].to_list())["value"]
    left = left.filter(pl.col(dimension).is_in(own.implode()))
    if not left.height:
        return []
    named = desk.named(dimension, left)
    those = week.within(dimension, *sorted(left[dimension]))
    weeks = those.between(*weeks_before(week.start))
    counted = (desk.answer(one.question(keys, dimension)) for one in (those, weeks))
    return of_bands(dimension, named, *counted)


def behind(regions: pl.DataFrame, name: str, dimension: str, most: int) -> list[Call]:
    """Regions far from their target for these days, the furthest first."""
    if "target_attainment" not in regions.columns:
        return []
    far = regions.drop_nulls(name).filter(pl.col("target_attainment") < BEHIND)
    return [
        Call(dimension, row[name], plain(row["label"]), t(
            "calls.behind", part=formats.percent(row["target_attainment"]),
            target=formats.money(row["target"]),
        ))
        for row in far.sort("target_attainment").head(most).iter_rows(named=True)
    ]  # fmt: skip


def late(feeds: pl.DataFrame) -> list[Call]:
    """Feeds that are late."""
    return [
        Call("feed", feed, t(f"feed.{feed}"), t("calls.late"))
        for feed in feeds.filter("is_late")["feed"]
    ]


def headline(calls: Iterable[Call]) -> str:
    """How many there are to call, by what they are."""
    kinds: dict[str, int] = {}
    for call in calls:
        kinds[call.dimension] = kinds.get(call.dimension, 0) + 1
    if not kinds:
        return t("calls.nobody")
    named = (
        t(f"calls.{kind}_{'one' if count == 1 else 'many'}", count=count)
        for kind, count in kinds.items()
    )
    return t("calls.headline", named=t("format.comma").join(named))


def _kind(dimension: str) -> str:
    return t("column.feed") if dimension == "feed" else dimension_label(dimension)


def as_table(calls: Iterable[Call]) -> pl.DataFrame:
    """For an export: what, label, text."""
    rows = [(_kind(call.dimension), bare(call.label), bare(call.text)) for call in calls]
    schema = dict.fromkeys(("what", "label", "text"), pl.String)
    return pl.DataFrame(rows, schema=schema, orient="row")
