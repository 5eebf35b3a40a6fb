"""One page run: the scope it sees, the one version it reads, and the only caches.

`app.py` opens the desk; a page gets at it through `require` and sees nothing without it, however
the page's script came to be run.
"""

from __future__ import annotations

import gc
import logging
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, TypeVar

import polars as pl
import streamlit as st

from pages.ui import sign_in
from reports import frames
from reports.i18n import t
from reports.view import View, Where
from warehouse import answers, settings
from warehouse.access import Scope
from warehouse.engine import Hub, NothingPublished, Snapshot
from warehouse.filters import Question
from warehouse.freshness import freshness
from warehouse.joined import UNASSIGNED
from warehouse.settings import Settings

LOG = logging.getLogger("guidepost.pages")
KEPT_ANSWERS = 1000
ALL_VALUES = 20_000
A = TypeVar("A")
Period = tuple[date, date]


@dataclass(frozen=True)
class Desk:
    """What one run may ask, always of the same version and for the same scope."""

    scope: Scope
    settings: Settings
    is_demo: bool
    _snapshot: Snapshot
    _view: View | None = field(default=None)

    @property
    def view(self) -> View:
        """What the viewer chose; without any data to choose from the page ends here."""
        if self._view is None:
            st.info(t("empty.nothing_loaded"))
            st.stop()
        return self._view

    def answer(self, question: Question) -> pl.DataFrame:
        """The figures of a question."""
        return self._recall(answers.answer, question, self.scope, self.settings)

    def ranking(self, question: Question) -> pl.DataFrame:
        """The figures of a question, best first, and how sure the first one and its rank are."""
        return self._recall(answers.ranking, question, self.scope, self.settings)

    def cohorts(self, question: Question) -> pl.DataFrame:
        """Who first bought in the question's period, and who of them bought month after month."""
        return self._recall(answers.cohorts, question, self.scope)

    def rfm(self, question: Question, by: str) -> pl.DataFrame:
        """Members by how lately, how often and for how much they bought up to the end."""
        return self._recall(answers.rfm, question, by, self.scope)

    def total(self, question: Question) -> dict[str, Any]:
        """The one row of a question without dimensions, by column."""
        return self.answer(question).row(0, named=True)

    def named(self, dimension: str, frame: pl.DataFrame) -> pl.DataFrame:
        """Adds `label`, what each value of a dimension is called."""
        none, unknown = t(f"none.{dimension}"), t("value.unassigned")
        named = frames.labelled(frame, self.labels(dimension), dimension, none)
        label = pl.col("label")
        return named.with_columns(
            label=pl.when(label == UNASSIGNED).then(pl.lit(unknown)).otherwise(label)
        )

    def values(
        self, dimension: str, search: str = "", where: Where = (), limit: int = 50
    ) -> pl.DataFrame:
        """What a filter may be set to: value, label."""
        more = {"search": search, "where": where, "limit": limit}
        return self._recall(answers.values, dimension, self.scope, **more)

    def labels(self, dimension: str) -> pl.DataFrame:
        """The label of every value of a dimension."""
        return self.values(dimension, limit=ALL_VALUES)

    def bounds(self) -> Period | None:
        """First and last business date with sales."""
        return self._recall(answers.bounds, self.scope)

    def freshness(self) -> pl.DataFrame:
        """How new each feed's data is."""
        now = datetime.now(UTC).replace(tzinfo=None, second=0, microsecond=0)
        return self._recall(freshness, self.settings, now)

    def is_sample(self) -> bool:
        """True while a made-up company is shown."""
        return self._recall(answers.is_sample)

    def conservation(self) -> pl.DataFrame:
        """Whether all cuts of the period's net sales add up."""
        period = (self.view.start, self.view.end)
        return self._recall(answers.conservation, *period, self.scope, self.settings)

    def deliveries(self) -> pl.DataFrame:
        """What each feed's deliveries became."""
        return self._recall(answers.deliveries, self.scope)

    def rejects(self, feed: str | None = None) -> pl.DataFrame:
        """Rejected rows and why; none for a role that may not see them."""
        found = self._recall(answers.rejects, self.scope, feed)
        return found if "rejects" in self.scope.pages else found.clear()

    def runs(self) -> pl.DataFrame:
        """Loads that published, newest first."""
        return self._recall(answers.runs)

    def _recall(self, ask: Callable[..., A], *arguments: Any, **more: Any) -> A:
        """An answer, kept under the version it came from, the scope and everything asked."""
        key = (str(self.settings.warehouse), self._snapshot.version, ask.__name__, arguments, more)
        return _kept(repr(key), lambda: ask(self._snapshot, *arguments, **more))  # type: ignore[no-any-return]


@st.cache_resource(max_entries=KEPT_ANSWERS, show_spinner=False)
def _kept(key: str, _find: Callable[[], Any]) -> Any:
    return _find()


@st.cache_resource(show_spinner=False)
def _hub(directory: str) -> Hub:
    """One for the process: it lets every session read while a load publishes."""
    return Hub(Path(directory))


_OPEN: ContextVar[Desk | None] = ContextVar("desk", default=None)


def require(page: str) -> Desk:
    """The desk of this run, for a signed-in viewer whose role has this page; else the run ends."""
    desk = _OPEN.get()
    if desk is None or desk.scope.is_empty:
        st.info(t("sign_in.please"))
        st.stop()
    if page not in desk.scope.pages:
        st.warning(t("sign_in.not_your_page"))
        st.stop()
    return desk


@contextmanager
def opened() -> Iterator[Desk | None]:
    """The desk of whoever is looking, held until the run ends; None, and said why, for nobody."""
    current = settings.load()
    viewer = sign_in.viewer(current)
    if viewer is None:
        yield None
        return
    with _hub(str(current.warehouse)).snapshot() as snapshot:
        yield Desk(viewer.scope, current, viewer.is_demo, snapshot)


@contextmanager
def looking_at(desk: Desk, view: View | None) -> Iterator[None]:
    """Lets pages `require` this desk, showing this view, inside the block."""
    token = _OPEN.set(replace(desk, _view=view))
    try:
        yield
    finally:
        _OPEN.reset(token)


@contextmanager
def explained() -> Iterator[None]:
    """Whatever goes wrong inside becomes one sentence with an id; the log has the rest."""
    try:
        yield
    except NothingPublished:
        st.info(t("empty.nothing_published"))
    except Exception as error:
        explain(error)


def explain(error: Exception) -> bool:
    """Say that something failed, in one sentence with an id under which the log has the rest."""
    number = secrets.token_hex(4)
    LOG.error("error %s", number, exc_info=error)
    st.error(t("error.sentence", number=number))
    return True


@st.cache_resource(show_spinner=False)
def settle() -> None:
    """Once everything is imported: keep the garbage collector, which Streamlit calls after every
    run, away from what will never be garbage (three to seven times more runs a second)."""
    gc.collect()
    gc.freeze()
