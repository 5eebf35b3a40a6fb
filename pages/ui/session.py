"""One page run: the scope it sees, the one version it reads, and the only caches.

`app.py` opens the desk; a page gets at it through `require` and sees nothing without it, however
the page's script came to be run.
"""

from __future__ import annotations

import gc
import logging
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import sleep
from typing import Any, TypeVar

import polars as pl
import streamlit as st

from pages.ui import sign_in
from pages.ui.sign_in import Viewer
from reports.asking import Asking
from reports.i18n import t
from reports.view import View
from warehouse import access, accounts, answers, places, receipts, settings
from warehouse.access import Scope
from warehouse.engine import Hub, NothingPublished, QueryTimeout, Snapshot
from warehouse.filters import Question
from warehouse.settings import Settings
from warehouse.turns import Busy

LOG = logging.getLogger("guidepost.pages")
KEPT_ANSWERS = 1000
RETRIES, RETRY_SECONDS = 5, 3
A = TypeVar("A")


@dataclass(frozen=True)
class Desk(Asking):
    """What one run may ask, always of the same version and for the same scope; `page` is the name
    of the page that asks."""

    scope: Scope
    settings: Settings
    viewer: Viewer
    _snapshot: Snapshot
    _view: View | None = field(default=None)
    page: str = ""

    @property
    def view(self) -> View:
        """What the viewer chose; without any data to choose from the page ends here."""
        if self._view is None:
            st.info(t("empty.nothing_loaded"))
            st.stop()
        return self._view

    def cohorts(self, question: Question) -> pl.DataFrame:
        """Who first bought in the question's period, and who of them bought month after month."""
        return self._recall(answers.cohorts, question, self.scope)

    def rfm(self, question: Question, by: str) -> pl.DataFrame:
        """Members by how lately, how often and for how much they bought up to the end."""
        return self._recall(answers.rfm, question, by, self.scope)

    def located(self) -> pl.DataFrame:
        """Where the stores stand: store, longitude, latitude."""
        return self._recall(places.located, self.scope)

    def trail(self, dimension: str, value: str) -> pl.DataFrame:
        """What a place or guide lies in, the widest first: dimension, value, label."""
        return self._recall(places.trail, dimension, value, self.scope)

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

    def users(self) -> dict[str, Scope]:
        """Every user of the users file; none for a role that may not see them."""
        return access.read_users(self.settings.users) if self._lists_users() else {}

    def _lists_users(self) -> bool:
        return self.settings.users is not None and "users" in self.scope.pages

    def runs(self) -> pl.DataFrame:
        """Loads that published, newest first."""
        return self._recall(answers.runs)

    def files(self) -> pl.DataFrame:
        """What became of every delivery, row by row and to the fen."""
        return self._recall(accounts.files, self.scope)

    def restatements(self) -> pl.DataFrame:
        """Which closed months the last loads restated."""
        return self._recall(accounts.restatements, self.scope)

    def last_runs(self) -> list[dict[str, Any]]:
        """The last runs, also those that published nothing; none for who sees no rejects."""
        sees = self.scope.everything and "rejects" in self.scope.pages
        return accounts.last_runs(self.settings.warehouse) if sees else []

    def receipts(self, question: Question, order: str, page: int = 1) -> pl.DataFrame:
        """A page of the receipts and orders behind a question."""
        return self._recall(receipts.behind, question, self.scope, order=order, page=page)

    def receipt_lines(self, question: Question, receipt_key: int) -> pl.DataFrame:
        """The lines of one receipt that lie behind a question."""
        return self._recall(receipts.lines, question, receipt_key, self.scope)

    def _recall(self, ask: Callable[..., A], *arguments: Any, **more: Any) -> A:
        """An answer, kept under the version it came from, the scope and everything asked."""
        key = (str(self.settings.warehouse), self._snapshot.version, ask.__name__, arguments, more)
        reader = _Reader(self._snapshot, self._recall)
        return _kept(repr(key), lambda: ask(reader, *arguments, **more))  # type: ignore[no-any-return]


@dataclass(frozen=True)
class _Reader:
    """A version, read by answers that ask for others on the way: these are kept as well."""

    snapshot: Snapshot
    recall: Callable[..., Any]

    def fetch(self, statement: Any) -> pl.DataFrame:
        """Rows of a SELECT as a frame."""
        return self.snapshot.fetch(statement)


@st.cache_resource(max_entries=KEPT_ANSWERS, show_spinner=False)
def _kept(key: str, _find: Callable[[], Any]) -> Any:
    return _find()


@st.cache_resource(show_spinner=False)
def _hub(directory: str, memory_share: float) -> Hub:
    """One for the process: it lets every session read while a load publishes."""
    return Hub(Path(directory), f"{100 * memory_share}%")


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
    return replace(desk, page=page)


@contextmanager
def opened(said: Mapping[str, str] = sign_in.NOBODY) -> Iterator[Desk | None]:
    """The desk of whoever is looking (the link says of sign_in.WHO who), held until the run ends;
    None, and said why, for nobody."""
    current = settings.load()
    viewer = sign_in.viewer(current, said)
    if viewer is None:
        yield None
        return
    with _hub(str(current.warehouse), current.memory_share).snapshot() as snapshot:
        yield Desk(viewer.scope, current, viewer, snapshot)


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
    tried = st.session_state.pop("tried", 0)
    try:
        yield
    except NothingPublished:
        st.info(t("empty.nothing_published"))
    except Busy as busy:
        _try_again(busy, tried + 1)
    except Exception as error:
        explain(error)


def _try_again(busy: Busy, tried: int) -> None:
    """Run once more a moment later, some times; nothing is held meanwhile."""
    if tried > RETRIES:
        explain(busy)
        return
    LOG.warning("Busy: %s", busy)
    st.info(t("error.busy_retrying"))
    st.session_state["tried"] = tried
    sleep(RETRY_SECONDS)
    st.rerun()


def explain(error: Exception) -> bool:
    """Say that something failed, in one sentence with an id under which the log has the rest."""
    if isinstance(error, (Busy, QueryTimeout)):
        LOG.warning("%s: %s", type(error).__name__, error)
        st.warning(t("error.busy" if isinstance(error, Busy) else "error.too_long"))
        return True
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
