"""What pages are made of: header, tiles, charts with their table, messages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import polars as pl
import streamlit as st

from pages.ui import drill, export, filter_bar, why
from pages.ui.session import Desk
from reports import facts, formats, frames, paper
from reports.formats import bare, plain
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
    drill.breadcrumb(desk)
    notices(desk)
    view = desk.view
    seen = facts.scope(desk.scope, desk.called)
    newest, late = facts.fresh(desk)
    state = f":red[**{late}**]" if late else f":green[{t('header.on_time')}]"
    parts = (plain(seen), facts.period(view), t(f"than.{view.compare}"), newest, state)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f":small[{' · '.join(parts)}]", help=_every_feed(desk), width="stretch")
        export.place(desk, title)
    for note in view.notes:
        st.warning(plain(note))
    _chips(desk, view)


def notices(desk: Desk) -> None:
    """What one must know before reading a number: that it is made up, that nobody signed in."""
    said = [t("notice.sample")] if desk.is_sample() else []
    said += [t("notice.trial" if desk.viewer.user else "notice.demo")] * desk.viewer.is_trial
    if said:
        st.info(" ".join(said))


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
            if len(values) > filter_bar.MANY:
                _chip(dimension, t("filter.many", count=len(values)), f"chip_{dimension}", ())
                continue
            labels = dict(desk.known(dimension, values).iter_rows())
            for value in values:
                named = plain(value_label(value, labels.get(value, value)))
                others = [other for other in values if other != value]
                _chip(dimension, named, f"chip_{dimension}_{value}", others)


def _chip(dimension: str, named: str, key: str, others: Sequence[str]) -> None:
    """One filter, and what stays of it when it is clicked."""
    st.button(
        t("chip.text", dimension=dimension_label(dimension), value=named), key=key,
        help=t("chip.help"), on_click=filter_bar.narrow, args=(dimension, others),
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


def tiles(desk: Desk, keys: Sequence[str], view: View | None = None) -> None:
    """A tile a figure: value, change against two comparisons, the last thirty days, and on hover
    how it is made; of the desk's view unless another is given. Figures that mean nothing under the
    filters are named below."""
    view = view or desk.view
    shown = view.askable(known(keys))
    with loading():
        first, second = _compared(desk, view, shown)
        month = view.last_days(SPARK_DAYS)
        days = desk.answer(month.question(view.askable(shown, "day"), "day"))
    paper.record(facts.figures(view, shown, first, second))
    with st.grid(_across(len(shown)), min_column_width=160, border=True, gap="xsmall") as grid:
        for key in shown:
            with grid.cell(), st.container(gap="xxsmall"):
                _tile(view, key, first, second, days[key] if key in days.columns else pl.Series())
                why.ask(desk, key)
    if len(shown) < len(known(keys)):
        named = t("format.comma").join(metric_label(key) for key in known(keys) if key not in shown)
        st.caption(t("tile.left_out", names=named))


Answer = dict[str, Any]


def _compared(desk: Desk, view: View, keys: Sequence[str]) -> tuple[Answer, Answer]:
    """Figures beside what they were before, by both comparisons. One of these is the period before,
    which is asked for by itself: beside it this period would be added up a second time."""
    other = view.second if view.compare == "prior" else view.compare
    by_other = desk.total(view.question(keys, compare=other))
    before = desk.total(view.before().question(keys))
    by_prior = by_other | {f"{key}_compare": before[key] for key in keys}
    return (by_prior, by_other) if view.compare == "prior" else (by_other, by_prior)


def _across(tiles: int) -> int:
    """Tiles in a row, so that rows come out full."""
    return 3 if tiles % 3 == 0 else min(tiles, 4)


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
        if points and points[0]["customdata"][0]:
            filter_bar.narrow(dimension, [points[0]["customdata"][0]])

    return narrow


def heading(title: str, note: str = "") -> None:
    """A title that states the answer, and how to read what stands below."""
    paper.record(paper.Heading(bare(title), bare(note)))
    st.subheader(title, anchor=False)
    if note:
        st.caption(note)


def keyed(name: str, chosen: Sequence[str]) -> str:
    """A key for something one picks rows of: it starts afresh once the pick has become a filter."""
    return "_".join((name, *chosen))


def chart(
    title: str, note: str, figure: Any, key: str, table: Callable[[], None] | None = None,
    on_select: Callable[[], None] | None = None,
) -> None:  # fmt: skip
    """A chart under a title that states the answer; its table, unless it stands below anyway, is
    one click away and is not made before."""
    paper.record(paper.Chart(bare(title), bare(note), figure, table))
    st.subheader(title, anchor=False)
    st.caption(note)
    more: dict[str, Any] = {"on_select": on_select, "selection_mode": "points"} if on_select else {}
    st.plotly_chart(figure, key=key, config=CHART, alt=f"{title}. {note}", **more)
    if table is not None:
        details = st.expander(t("chart.as_table"), key=f"{key}_table", on_change="rerun")
        if details.open:
            with details, paper.recording(None):
                table()
