"""The glossary: every figure and funnel by name, with what it means and how it is computed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial

import polars as pl
import streamlit as st
from streamlit.elements.lib.mutable_expander_container import ExpanderContainer

from reports import frames, paper
from reports.formats import plain
from reports.i18n import (
    dimension_label,
    funnel_label,
    metric_definition,
    metric_edge_cases,
    metric_label,
    t,
)
from reports.paper import Column
from warehouse import glossary
from warehouse.funnels import SHIPPED, Funnel
from warehouse.metrics import METRICS
from warehouse.settings import Settings


def found(search: str) -> list[str]:
    """Keys of the figures whose key, name or definition contains all words of a search."""
    words = search.lower().split()
    texts = {key: f"{key} {metric_label(key)} {metric_definition(key)}".lower() for key in METRICS}
    return [key for key, text in texts.items() if all(word in text for word in words)]


def show(search: str, settings: Settings) -> None:
    """The figures that match a search, one card each; without one the funnels too."""
    keys = found(search)
    rows = pl.DataFrame({"key": keys}, {"key": pl.String})
    paper.record(paper.Table(t("page.glossary"), rows, _columns(), partial(_told, settings)))
    if not keys:
        st.info(t("glossary.nothing", search=plain(search)))
    with st.grid(2, min_column_width=300, border=True) as grid:
        for key in keys:
            with grid.cell():
                _card(key, settings)
    if not search:
        st.markdown(f"**{t('cohorts.term')}** &nbsp; :gray[`cohorts`]")
        st.markdown(plain(t("cohorts.definition")))
        st.markdown(f"**{t('rfm.term')}** &nbsp; :gray[`rfm`]")
        st.markdown(plain(t("rfm.definition")))
        st.subheader(t("glossary.funnels"))
        for funnel in {**SHIPPED, **settings.funnels}.values():
            _funnel(funnel, settings)


def _columns() -> dict[str, Column]:
    """What a file has of the figures."""
    names = ("key", "unit", "definition", "cautions", "formula")
    named = {name: Column(t(f"glossary.{name}")) for name in names}
    return {"label": Column(t("column.figure")), **named}


def _told(settings: Settings, rows: pl.DataFrame) -> pl.DataFrame:
    write: Mapping[str, Callable[[str], str]] = {
        "label": metric_label,
        "unit": _unit,
        "definition": metric_definition,
        "cautions": lambda key: " ".join(cautions(key)),
        "formula": lambda key: glossary.formula(key, settings),
    }
    return rows.with_columns(
        frames.written(rows, one, "key").alias(name) for name, one in write.items()
    )


def _unit(key: str) -> str:
    return t(f"unit.{METRICS[key].unit.name.lower()}")


def _card(key: str, settings: Settings) -> None:
    st.markdown(f"**{metric_label(key)}** &nbsp; :gray[`{key}` · {_unit(key)}]")
    st.markdown(plain(metric_definition(key)))
    if told := " ".join(cautions(key)):
        st.caption(plain(told))
    how = _how(key)
    if how.open:
        how.code(glossary.formula(key, settings), language=None, wrap_lines=True)
        refused = t("format.comma").join(map(dimension_label, glossary.refusals(key)))
        how.caption(t("glossary.refused", names=refused))
        how.code(glossary.sql(key, settings), language="sql")


def _how(key: str) -> ExpanderContainer:
    """What is worked out only when somebody looks."""
    return st.expander(t("glossary.how"), key=f"how_{key}", on_change="rerun")


def cautions(key: str) -> Iterator[str]:
    """What one may trip over: what is said of the figure, then what follows from its making."""
    if told := metric_edge_cases(key):
        yield told
    if glossary.counts_once(key):
        yield t("glossary.once")
    yield from (t("glossary.empty", part=part.name) for part in METRICS[key].denominator)


def _funnel(funnel: Funnel, settings: Settings) -> None:
    st.markdown(f"**{funnel_label(funnel.name)}** &nbsp; :gray[`{funnel.name}`]")
    st.code(glossary.steps(funnel), language=None, wrap_lines=True)
    how = _how(funnel.name)
    if how.open:
        how.code(glossary.funnel_sql(funnel.name, settings), language="sql")
