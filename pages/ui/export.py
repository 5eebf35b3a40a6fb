"""The page as a file: one control a page, which makes nothing before somebody asks for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import streamlit as st

from pages.ui.session import Desk
from reports import excel, facts, i18n, paper, texts
from reports.i18n import t
from reports.paper import Paper

Make = Callable[[Paper], bytes]


def _pdf(page: Paper) -> bytes:
    """Imported only now: what draws and prints takes a second to load, and few viewers print."""
    from reports import pdf

    return pdf.made(page)


FILES: Mapping[str, tuple[Make, str]] = {
    "xlsx": (excel.made, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "pdf": (_pdf, "application/pdf"),
    "zip": (texts.made, "application/zip"),
}


@dataclass
class Offered(Paper):
    """A page's paper, and the place on the page where it is offered."""

    place: Any = None


@contextmanager
def offered() -> Iterator[None]:
    """Notes what is shown inside the block, and offers it as files where there is something."""
    page = Offered()
    with paper.recording(page):
        try:
            yield
        finally:
            if page.parts and page.place is not None:
                _offer(page)


def place(desk: Desk, title: str) -> None:
    """Where the control is to stand, on a page of this title; nowhere before there is data."""
    page = paper.current()
    if isinstance(page, Offered) and desk.bounds():
        facts.head(page, desk, desk.page, title)
        page.place = st.container(width="content")


def _offer(page: Offered) -> None:
    with page.place.popover(t("export.title"), type="tertiary"):
        st.caption(t("export.note", most=paper.PRINTED_ROWS))
        for kind, (make, mime) in FILES.items():
            st.download_button(
                t(f"export.{kind}"), partial(_made, make, page, i18n.language()),
                f"guidepost-{page.name}.{kind}", mime, on_click="ignore", width="stretch",
                key=f"export_{kind}",
            )  # fmt: skip


def _made(make: Make, page: Paper, language: str) -> bytes:
    """The file, made in the thread of the download, which does not know the viewer's language."""
    i18n.speak(language)
    return make(page)
