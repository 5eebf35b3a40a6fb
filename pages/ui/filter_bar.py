"""The sidebar: what all pages show, kept in the link.

A bound widget writes the label of an option into the link, so that a link made in one language
would not open in the other. Therefore the link is kept by hidden bound text inputs holding codes,
and the widgets one sees take their value from these and write it back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import polars as pl
import streamlit as st

from pages.ui.session import Desk
from pages.ui.sign_in import WHO
from reports.i18n import LANGUAGES, dimension_label, t, value_label
from reports.view import (
    GRAINS,
    LINK,
    NARROWED,
    PERIODS,
    PLACES,
    RISES,
    SAVED,
    View,
    Where,
    choice,
    grain_of,
    joined,
    listed,
    pasted,
    period_of,
)
from warehouse.filters import COMPARISONS, ORGANISATIONS, QuestionError

NO_VALUES = pl.DataFrame(schema={"value": pl.String, "label": pl.String})
OFFERED = 50
"""Values of a filter sent to the browser; where there are more, one searches."""
MOST = 1000
"""Values of one filter: a link has to carry them."""
MANY = 20
"""Above this, chosen values are counted instead of listed."""
NAMED = 10
"""Unknown values that are named one by one."""
_STYLE = """<style>
.st-key-link, [data-testid=stMetricChart] .mark-symbol:empty { display: none }
.stPlotlyChart [class*=tick] text { fill: currentColor !important }
</style>"""
"""Hides the inputs that keep the link, and, while it is empty, what sparklines mark a point with:
a reader of the screen would announce a picture without a name. What stands on axes follows the
theme: Plotly leaves it as it was when the theme changes under a chart that is there."""


def link() -> dict[str, str]:
    """What the link says, by name. Call it once a run, before anything is shown."""
    with st.sidebar.container(key="link"):
        st.html(_STYLE)
        return {
            name: st.text_input(name, key=name, bind="query-params").strip()
            for name in (*LINK, *WHO)
        }


def narrow(dimension: str, values: Sequence[str]) -> None:
    """Narrow a dimension to these values, from the next run on."""
    st.session_state[dimension] = joined(values)


def go(page: str, said: Mapping[str, str]) -> None:
    """Open a page with this link and nothing else of the present one, from the next run on."""
    st.session_state.update({name: said.get(name, "") for name in SAVED})
    st.session_state["go"] = page


def show_period(start: date, end: date) -> None:
    """Look at these days, from the next run on."""
    st.session_state.update({"period": "custom", "from": start.isoformat(), "to": end.isoformat()})


def reset() -> None:
    """Back to the defaults; the language stays, since it is not a filter."""
    for name in LINK:
        if name not in ("lang", "rise"):
            st.session_state[name] = ""


def show(desk: Desk, said: Mapping[str, str]) -> View | None:
    """Draw the sidebar and resolve what it says; None where there is no data to look at."""
    bounds = desk.bounds()
    with st.sidebar:
        view = _filters(desk, said, bounds) if bounds else None
        _display(said)
    return view


def _filters(desk: Desk, said: Mapping[str, str], bounds: tuple[date, date]) -> View:
    period, start, end = period_of(said, bounds[1])
    st.session_state["shown_period"] = (start, end)
    _pick("period", PERIODS, period, lambda code: t(f"period.{code}"))
    if period == "custom":
        _pick_days(start, end)
    compare = choice(said["compare"], COMPARISONS)
    _pick("compare", COMPARISONS, compare, lambda code: t(f"compare.{code}"))
    where, notes = _places(desk, said)
    grain = choice(said["grain"], GRAINS)
    _pick("grain", GRAINS, grain, lambda code: t(f"grain.{code}"))
    org = choice(said["org"], ORGANISATIONS)
    _pick("org", ORGANISATIONS, org, lambda code: t(f"org.{code}"), help=t("org.help"))
    st.button(t("filter.reset"), on_click=reset, width="stretch", key="reset")
    rise = choice(said["rise"], RISES)
    view = View(start, end, period, grain_of(grain, start, end), compare, where, org, rise, notes)
    return _comparable(desk, view)


def _comparable(desk: Desk, view: View) -> View:
    """The lunar calendar reaches only so far from New Year: last year's dates stand in beyond."""
    if view.compare != "lunar":
        return view
    try:
        desk.answer(view.question(("receipts",), compare=view.compare))
    except QuestionError:
        return replace(view, compare="year", notes=(*view.notes, t("note.lunar")))
    return view


def _display(said: Mapping[str, str]) -> None:
    st.divider()
    _pick("lang", LANGUAGES, choice(said["lang"], LANGUAGES), lambda code: t(f"language.{code}"),
          st.radio, horizontal=True)  # fmt: skip
    _pick("rise", RISES, choice(said["rise"], RISES), lambda code: t(f"rise.{code}"),
          st.radio, horizontal=True, help=t("rise.help"))  # fmt: skip


def chosen(name: str, options: Sequence[str], written: Callable[[str], str]) -> str:
    """A choice of the page itself, kept in the link like the filters."""
    current = choice(st.session_state.get(name, ""), options)
    _pick(name, options, current, written, width=320)
    return current


def _pick(
    name: str, options: Sequence[str], current: Any, written: Callable[[str], str],
    widget: Callable[..., Any] = st.selectbox, **more: Any,
) -> None:  # fmt: skip
    """A widget that shows what the link says and writes what the viewer picks into it."""
    st.session_state[f"pick_{name}"] = current
    label = dimension_label(name) if name in PLACES else t(f"filter.{name}")
    widget(
        label,
        options,
        key=f"pick_{name}",
        format_func=written,
        on_change=_keep,
        args=(name,),
        **more,
    )


def _keep(name: str) -> None:
    picked = st.session_state[f"pick_{name}"]
    st.session_state[name] = joined(picked) if isinstance(picked, list) else picked or ""
    if name == "period" and picked == "custom" and not st.session_state["from"]:
        show_period(*st.session_state["shown_period"])


def _pick_days(start: date, end: date) -> None:
    """A calendar for both ends. Half a range is left alone, or one could never pick the rest."""
    if len(st.session_state.get("pick_days", ())) != 1:
        st.session_state["pick_days"] = (start, end)
    st.date_input(t("filter.days"), key="pick_days", on_change=_keep_days, format="YYYY-MM-DD")


def _keep_days() -> None:
    """While a range is being picked there is only its first day: wait for the second."""
    days = st.session_state["pick_days"]
    if len(days) == 2:
        show_period(*days)


def _places(desk: Desk, said: Mapping[str, str]) -> tuple[Where, tuple[str, ...]]:
    """Each filter, a place narrowed by the wider ones above it; and what was left out."""
    where: Where = ()
    ignored: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    for dimension in NARROWED:
        asked, beyond = _at_most(MOST, listed(said[dimension]))
        if beyond:
            what = dimension_label(dimension)
            notes += (t("note.too_many", what=what, most=MOST, count=len(beyond)),)
        known = desk.known(dimension, asked) if asked else NO_VALUES
        chosen = tuple(value for value in asked if value in set(known["value"]))
        ignored += tuple(value for value in asked if value not in chosen)
        if dimension in PLACES:
            _pick_places(desk, dimension, known, chosen, where)
        where += ((dimension, chosen),) if chosen else ()
    return where, (*notes, *_unknown(ignored))


def _at_most(most: int, values: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return values[:most], values[most:]


def _unknown(values: tuple[str, ...]) -> tuple[str, ...]:
    """What nobody knows, by name; of a long list the first ones."""
    named, more = _at_most(NAMED, values)
    told = t("format.comma").join(named)
    if more:
        return (t("note.unknown_more", values=told, count=len(more)),)
    return (t("note.unknown", values=told),) if named else ()


def _pick_places(
    desk: Desk, dimension: str, known: pl.DataFrame, chosen: tuple[str, ...], where: Where
) -> None:
    """A list of values; a search beside it where there are more than one would send."""
    if len(chosen) > MANY:
        _many(dimension, len(chosen))
        return
    above = where if dimension in ("city", "store") else ()
    search = st.session_state.get(f"search_{dimension}", "")
    offered = desk.values(dimension, search, above, OFFERED)
    labels = _labels(dict([*known.iter_rows(), *offered.iter_rows()]))
    if search or offered.height == OFFERED:
        st.text_input(
            t("filter.search", what=dimension_label(dimension)), key=f"search_{dimension}"
        )
    _pick(dimension, list(labels), list(chosen), lambda value: labels.get(value, value),
          st.multiselect, placeholder=t("filter.all"))  # fmt: skip
    if dimension == "store":
        _paste(dimension)


def _many(dimension: str, count: int) -> None:
    """More values than one wants to see or send one by one."""
    st.caption(f"{dimension_label(dimension)}: {t('filter.many', count=count)}")
    key = f"none_{dimension}"
    st.button(t("filter.none"), key=key, on_click=narrow, args=(dimension, ()), width="stretch")


def _paste(dimension: str) -> None:
    """A list copied from elsewhere: a line of text would lose its line ends."""
    key = f"paste_{dimension}"
    with st.popover(t("filter.paste"), width="stretch"):
        st.text_area(t("filter.pasted", what=dimension_label(dimension)), key=key,
                     help=t("filter.pasted_help"))  # fmt: skip
        st.button(t("filter.use"), key=f"use_{key}", on_click=_use_pasted, args=(dimension,))


def _use_pasted(dimension: str) -> None:
    if values := pasted(st.session_state[f"paste_{dimension}"]):
        narrow(dimension, values)
    st.session_state[f"paste_{dimension}"] = ""


def _labels(values: Mapping[str, str]) -> dict[str, str]:
    """What each value is shown as; a label that two values share also says which one it is."""
    found = {value: value_label(value, label) for value, label in values.items()}
    shared = Counter(found.values())
    return {
        value: label if shared[label] == 1 else f"{label} · {value}"
        for value, label in found.items()
    }
