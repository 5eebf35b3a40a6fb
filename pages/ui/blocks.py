"""What pages are made of: header, tiles, charts with their table, messages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import polars as pl
import streamlit as st

from pages.ui import filter_bar
from pages.ui.session import Desk
from reports import formats, frames
from reports.formats import plain
from reports.i18n import dimension_label, metric_definition, metric_label, t, value_label
from reports.view import View
from warehouse import show
from warehouse.metrics import METRICS

SPARK_DAYS = 30
LOADING = 240
CHART = {"displayModeBar": False, "responsive": True}


def header(desk: Desk, title: str) -> None:
    """Title, what one looks at, how fresh it is, and the filters as chips."""
    st.title(title)
    notices(desk)
    view = desk.view
    parts = (
        _scope(desk),
        t("header.period", name=t(f"period.{view.period}"), dates=_dates(view)),
        t(f"than.{view.compare}"),
        _fresh(desk),
    )
    st.markdown(f":small[{' · '.join(parts)}]", help=_every_feed(desk))
    for note in view.notes:
        st.warning(plain(note))
    _chips(desk, view)


def _dates(view: View) -> str:
    return formats.period(view.start, view.end)


def notices(desk: Desk) -> None:
    """What one must know before reading a number: that it is made up, that nobody signed in."""
    said = [t("notice.sample")] if desk.is_sample() else []
    said += [t("notice.demo")] if desk.is_demo else []
    if said:
        st.info(" ".join(said))


def _scope(desk: Desk) -> str:
    scope = desk.scope
    if scope.everything:
        return t("header.everything")
    regions = desk.labels("region").filter(pl.col("value").is_in(sorted(scope.regions)))["label"]
    named = [*map(plain, regions)]
    named += [t("header.stores", count=len(scope.stores))] if scope.stores else []
    return t("format.comma").join(named)


def _fresh(desk: Desk) -> str:
    """Up to when there is data, and which feeds are late, in words and colour."""
    feeds = desk.freshness()
    bounds = desk.bounds()
    newest = t("header.fresh", day=formats.long_day(bounds[1])) if bounds else formats.EMPTY
    late = [t(f"feed.{feed}") for feed in feeds.filter("is_late")["feed"]]
    if not late:
        return f"{newest} · :green[{t('header.on_time')}]"
    return f"{newest} · :red[**{t('header.late', feeds=t('format.comma').join(late))}**]"


def _every_feed(desk: Desk) -> str:
    feeds = desk.freshness().select("feed", "newest", "is_late")
    return "  \n".join(
        f"{t(f'feed.{feed}')}: {formats.moment(newest, desk.settings.timezone)}"
        + (f" **{t('header.is_late')}**" if is_late else "")
        for feed, newest, is_late in feeds.iter_rows()
    )


def _chips(desk: Desk, view: View) -> None:
    """Every filter by name, each with a way out of it."""
    if not view.where:
        return
    with st.container(horizontal=True, gap="xsmall"):
        for dimension, values in view.where:
            labels = dict(desk.labels(dimension).filter(pl.col("value").is_in(values)).iter_rows())
            for value in values:
                named = plain(value_label(value, labels.get(value, value)))
                st.button(
                    t("chip.text", dimension=dimension_label(dimension), value=named),
                    key=f"chip_{dimension}_{value}", help=t("chip.help"),
                    on_click=filter_bar.narrow,
                    args=(dimension, [other for other in values if other != value]),
                )  # fmt: skip


def is_empty(desk: Desk, total: dict[str, Any]) -> bool:
    """Whether nothing happened in the view; says then what to do about it."""
    if total.get("receipts") or total.get("net_sales"):
        return False
    bounds = desk.bounds()
    last = bounds[1] if bounds else desk.view.end
    st.info(t("empty.nothing_here", last=formats.long_day(last)))
    with st.container(horizontal=True):
        st.button(
            t("empty.show", month=formats.month(last)), on_click=filter_bar.show_period,
            args=(last.replace(day=1), last), type="primary",
        )  # fmt: skip
        st.button(t("filter.reset"), on_click=filter_bar.reset, key="reset_here")
    return True


def loading() -> Any:
    """Shows grey shapes while what is inside takes longer than half a second."""
    return st.skeleton(height=LOADING)


def known(keys: Sequence[str]) -> tuple[str, ...]:
    """Those figures the warehouse has by now."""
    return tuple(key for key in keys if key in METRICS)


def tiles(desk: Desk, keys: Sequence[str]) -> None:
    """A tile a figure: value, change against two comparisons, the last thirty days, and on hover
    how it is made. Figures that mean nothing under the filters are named below."""
    view = desk.view
    shown = view.askable(known(keys))
    with loading():
        questions = [view.question(shown, compare=how) for how in (view.compare, view.second)]
        first, second = map(desk.total, questions)
        month = view.last_days(SPARK_DAYS)
        days = desk.answer(month.question(view.askable(shown, "day"), "day"))
    with st.grid(_across(len(shown)), min_column_width=160, border=True, gap="xsmall") as grid:
        for key in shown:
            with grid.cell():
                _tile(view, key, first, second, days[key] if key in days.columns else pl.Series())
    if len(shown) < len(known(keys)):
        named = t("format.comma").join(metric_label(key) for key in known(keys) if key not in shown)
        st.caption(t("tile.left_out", names=named))


def _across(tiles: int) -> int:
    """Tiles in a row, so that rows come out full."""
    return 3 if tiles % 3 == 0 else 4


def _tile(
    view: View, key: str, first: dict[str, Any], second: dict[str, Any], days: pl.Series
) -> None:
    moved = frames.change(key, first[key], first[f"{key}_compare"])
    st.metric(
        metric_label(key), formats.figure(key, first[key]),
        None if moved is None else formats.change(key, moved),
        delta_color=_colour(key, view.rise), help=_definition(key),
        delta_description=None if moved is None else t(f"versus.{view.compare}"),
        chart_data=days.drop_nulls().cast(pl.Float64).to_list() or None,
    )  # fmt: skip
    st.markdown(_second(view, key, frames.change(key, second[key], second[f"{key}_compare"])))


def _second(view: View, key: str, moved: float | None) -> str:
    than = t(f"versus.{view.second}")
    if moved is None:
        return f":small[:gray[{t('tile.no_comparison', than=than)}]]"
    arrow = "↑" if moved > 0 else "↓" if moved < 0 else "→"
    colours = {"normal": ("green", "red"), "inverse": ("red", "green"), "off": ("gray", "gray")}
    colour = colours[_colour(key, view.rise)][moved < 0]
    return f":small[:{colour}[{arrow} {formats.change(key, moved)}] {than}]"


def _colour(key: str, rise: str) -> Any:
    """Streamlit's word for the colours of a change: what is good, in the colour chosen for it."""
    good = METRICS[key].up_is_good
    if good is None:
        return "off"
    return "normal" if good == (rise == "green") else "inverse"


def _definition(key: str) -> str:
    return plain(metric_definition(key))


def csv(frame: pl.DataFrame) -> bytes:
    """A frame as a file that spreadsheets open as text, in whatever language it is."""
    return show.csv(frame).encode("utf-8-sig")


def narrowing(dimension: str) -> Callable[[str], None]:
    """What a click on a row does: its value becomes a filter."""
    return lambda value: filter_bar.narrow(dimension, [value])


def narrowing_by_point(dimension: str, key: str) -> Callable[[], None]:
    """What a click on a point of a chart does: the value it stands for becomes a filter."""

    def narrow() -> None:
        points = st.session_state[key]["selection"]["points"]
        if points:
            filter_bar.narrow(dimension, [points[0]["customdata"][0]])

    return narrow


def keyed(name: str, chosen: Sequence[str]) -> str:
    """A key for something one picks rows of: it starts afresh once the pick has become a filter."""
    return "_".join((name, *chosen))


def chart(
    title: str, note: str, figure: Any, key: str, table: Callable[[], None] | None = None,
    on_select: Callable[[], None] | None = None,
) -> None:  # fmt: skip
    """A chart under a title that states the answer; its table, unless it stands below anyway, is
    one click away and is not made before."""
    st.subheader(title, anchor=False)
    st.caption(note)
    more: dict[str, Any] = {"on_select": on_select, "selection_mode": "points"} if on_select else {}
    st.plotly_chart(figure, key=key, config=CHART, alt=f"{title}. {note}", **more)
    if table is not None:
        details = st.expander(t("chart.as_table"), key=f"{key}_table", on_change="rerun")
        if details.open:
            with details:
                table()
