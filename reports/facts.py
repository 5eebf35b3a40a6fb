"""What a page, a file or a mail looks at, in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import polars as pl

from reports import formats, frames
from reports.asking import Asking
from reports.i18n import dimension_label, metric_definition, metric_label, t
from reports.paper import Column, Paper, Table
from reports.view import View
from warehouse.access import Scope

Named = Callable[[str, Sequence[str]], Sequence[str]]
"""What values of a dimension are called."""
FEW, MANY = 3, 50
"""Stores of a scope, and values of a filter, that are told by name."""


def scope(seen: Scope, named: Named) -> str:
    """What part of the company is seen: regions by name, stores too while they are few."""
    if seen.everything:
        return t("header.everything")
    stores = [t("header.stores", count=len(seen.stores))]
    if len(seen.stores) <= FEW:
        stores = [*named("store", sorted(seen.stores))]
    return t("format.comma").join((*named("region", sorted(seen.regions)), *stores))


def period(view: View) -> str:
    """The period by its name and its days."""
    dates = formats.period(view.start, view.end)
    return t("header.period", name=t(f"period.{view.period}"), dates=dates)


def fresh(asking: Asking) -> tuple[str, str]:
    """Up to when there is data, and which feeds are late; empty when none is."""
    bounds = asking.bounds()
    newest = t("header.fresh", day=formats.long_day(bounds[1])) if bounds else formats.EMPTY
    late = [t(f"feed.{feed}") for feed in asking.freshness().filter("is_late")["feed"]]
    return newest, t("header.late", feeds=t("format.comma").join(late)) if late else ""


def head(paper: Paper, asking: Asking, name: str, title: str) -> None:
    """Put on a paper what it shows: its title, what it looks at, how fresh that is."""
    view, seen = asking.view, scope(asking.scope, asking.called)
    narrowed = {
        dimension_label(dimension): t("filter.many", count=len(values))
        if len(values) > MANY
        else t("format.comma").join(asking.called(dimension, values))
        for dimension, values in view.where
    }
    newest, late = fresh(asking)
    sample = [t("notice.sample").replace("**", "")] if asking.is_sample() else []
    paper.name, paper.title = name, title
    paper.said = " · ".join((
        *sample, seen, period(view), t(f"than.{view.compare}"), *narrowed.values(), newest,
        late or t("header.on_time"),
    ))  # fmt: skip
    paper.facts = {
        t("export.scope"): seen,
        t("filter.period"): period(view),
        t("filter.compare"): t(f"compare.{view.compare}"),
        t("filter.grain"): t(f"grain.{view.grain}"),
        t("filter.org"): t(f"org.{view.org}"),
        **narrowed,
        t("export.data"): " ".join((newest, *sample)),
    }
    paper.feeds = feeds(asking.freshness(), asking.settings.timezone)


def figures(
    view: View, keys: Sequence[str], first: Mapping[str, Any], second: Mapping[str, Any]
) -> Table:
    """Figures one below the other with their changes; both answers hold each beside its value of
    before, by the view's comparison and by its second one."""
    both = ((view.compare, first), (view.second, second))
    changes = {
        f"change_{place}": [
            frames.change(key, answer[key], answer[f"{key}_compare"]) for key in keys
        ]
        for place, (_, answer) in enumerate(both)
    }
    columns = {
        "label": Column(t("column.figure")),
        "value": Column(t("export.value"), "figure"),
        **{
            name: Column(t(f"than.{how}"), "figure_change")
            for name, (how, _) in zip(changes, both, strict=True)
        },
        "definition": Column(t("export.definition")),
    }
    rows = pl.DataFrame({
        "key": list(keys), "label": [*map(metric_label, keys)],
        "value": [None if first[key] is None else float(first[key]) for key in keys],
        **changes, "definition": [*map(metric_definition, keys)],
    })  # fmt: skip
    return Table(t("export.figures"), rows, columns)


def feeds(freshness: pl.DataFrame, timezone: str) -> Table:
    """How fresh each feed is: its newest event by the clock of a time zone, and whether late."""
    named = freshness.select(
        frames.written(freshness, lambda feed: t(f"feed.{feed}"), "feed").alias("feed"),
        frames.local("newest", timezone),
        frames.written(freshness, _state, "is_late").alias("is_late"),
    )
    columns = {
        "feed": Column(t("column.feed")),
        "newest": Column(t("column.newest"), "moment"),
        "is_late": Column(t("column.is_late")),
    }
    return Table(t("export.freshness"), named, columns)


def _state(is_late: bool) -> str:
    return t("header.is_late" if is_late else "header.is_on_time")
