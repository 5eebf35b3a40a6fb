"""How the columns of tables are written: on a page, in a spreadsheet, and in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from reports import formats
from reports.i18n import metric_definition, metric_label, t
from reports.paper import Column
from warehouse.metrics import METRICS, Unit

Write = Callable[[Any], str]


@dataclass(frozen=True)
class Kind:
    """`page` is the number format of Streamlit's front end, empty for what is shown as text;
    `sheet` that of a spreadsheet; `write` says the value in words. The front end multiplies no
    share that it is to write with a sign: this one it gets in hundredths."""

    page: str
    sheet: str
    write: Write
    in_hundredths: bool = False


def _signed(write: Callable[[Any], str]) -> Write:
    return lambda value: f"+{write(value)}" if value > 0 else write(value)


def _points(value: Any) -> str:
    return formats.change("guide_coverage", value)


_WHOLE = partial(formats.decimal, digits=0)
KINDS: Mapping[str, Kind] = {
    "text": Kind("", "@", str),
    "marks": Kind("", "@", ", ".join),
    "day": Kind("", "yyyy-mm-dd", formats.long_day),
    "moment": Kind("", "yyyy-mm-dd hh:mm", formats.local_moment),
    "money": Kind("¥%,.0f", '"¥"#,##0.00;-"¥"#,##0.00', formats.whole_money),
    "exact_money": Kind("¥%,.2f", '"¥"#,##0.00;-"¥"#,##0.00', formats.exact_money),
    "average_money": Kind("¥%,.1f", '"¥"#,##0.00;-"¥"#,##0.00', formats.exact_money),
    "delta": Kind("%+,.0f", '+"¥"#,##0.00;-"¥"#,##0.00;0', _signed(formats.whole_money)),
    "count": Kind("%,d", "#,##0", _WHOLE),
    "units": Kind("%,.0f", "#,##0", _WHOLE),
    "average": Kind("%.2f", "0.00", partial(formats.decimal, digits=2)),
    "ratio": Kind("percent", "0.0%", formats.percent),
    "attainment": Kind("percent", "0.0%", formats.percent),
    "change": Kind("%+.1f%%", "+0.0%;-0.0%;0.0%", _signed(formats.percent), True),
    "points": Kind("%+.1f pp", '+0.0" pp";-0.0" pp";0.0" pp"', _points, True),
    "rank": Kind("%d", "0", _WHOLE),
    "rank_change": Kind("%+d", "+0;-0;0", _signed(_WHOLE)),
}

TEXTS = {"places": "text", "sample": "marks", "interval": "text"}
"""Columns that come as they are read; each says on hover what it is."""


def of_figure(key: str) -> str:
    """The kind of a figure."""
    return METRICS[key].unit.name.lower()


def of_change(key: str) -> str:
    """The kind of a figure's change."""
    return "points" if METRICS[key].unit is Unit.RATIO else "change"


def kind(column: Column, key: str | None = None) -> Kind:
    """How a value of a column is written. Of the columns `figure` and `figure_change` each row is
    the figure named `key`."""
    if column.kind == "figure":
        return KINDS[of_figure(str(key))]
    if column.kind == "figure_change":
        return KINDS[of_change(str(key))]
    return KINDS[column.kind]


def written(column: Column, value: Any, key: str | None = None) -> str:
    """A value in words; empty as an en dash. Of a `figure` its key is told as well."""
    return formats.EMPTY if value is None else kind(column, key).write(value)


def column(name: str) -> Column:
    """How a column of this name is headed and written wherever it stands."""
    key = name.removesuffix("_compare")
    if name in TEXTS:
        return Column(t(f"column.{name}"), TEXTS[name], t(f"ranking.{name}"))
    if key not in METRICS:
        return Column(t(f"column.{name}"), "ratio" if name == "share" else name)
    label = metric_label(key)
    if key != name:
        label = t("column.before", name=label)
    kind = "attainment" if key == "target_attainment" else of_figure(key)
    return Column(label, kind, metric_definition(key))
