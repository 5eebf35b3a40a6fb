"""A page in words and pictures, for what cannot be clicked: sheets of paper and mails."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader

from reports import columns, formats, i18n, pictures
from reports.i18n import t
from reports.paper import Paper, Section, Table, sections

LOG = logging.getLogger("guidepost.reports")
LANGUAGES = {"zh": "zh-Hans"}
"""What a language is called in HTML, where not as here."""
_TEMPLATES = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True)


@dataclass(frozen=True)
class Heading:
    """The heading of a column; numbers stand to the right."""

    text: str
    is_number: bool


@dataclass(frozen=True)
class Rows:
    """A table in words. `cut` says how many of its rows these are, if not all."""

    headings: Sequence[Heading]
    rows: Sequence[Sequence[str]]
    cut: str


@dataclass(frozen=True)
class Printed:
    """A section: the PNG of its chart, or `missing`, which says that it could not be drawn."""

    title: str
    note: str
    picture: bytes | None
    missing: str
    tables: Sequence[Rows]

    @property
    def columns(self) -> int:
        """How many columns the widest table has."""
        return max((len(table.headings) for table in self.tables), default=0)


def printed(paper: Paper, width: int, most: int) -> list[Printed]:
    """Every section, its chart `width` pixels wide, at most so many rows of each table."""
    found = sections(paper)
    drawn = _drawn(found, width)
    return [_printed(section, drawn.get(place), most) for place, section in enumerate(found)]


def filled(name: str, paper: Paper, **more: Any) -> str:
    """The template of a name, filled."""
    language = LANGUAGES.get(i18n.language(), i18n.language())
    return _TEMPLATES.get_template(name).render(paper=paper, language=language, **more)


def _drawn(found: Sequence[Section], width: int) -> dict[int, bytes]:
    """The picture of each section that has a chart, by its place; none where none can be drawn."""
    figures = {place: one.figure for place, one in enumerate(found) if one.figure is not None}
    try:
        drawn = pictures.STUDIO.drawn(list(figures.values()), width)
    except pictures.NoPicture as error:
        LOG.error("%s", error)
        return {}
    return dict(zip(figures, drawn, strict=True))


def _printed(section: Section, picture: bytes | None, most: int) -> Printed:
    is_missing = section.figure is not None and picture is None
    missing = t("export.no_picture") if is_missing else ""
    tables = [_rows(table, most) for table in section.tables]
    return Printed(section.title, section.note, picture, missing, tables)


def _rows(table: Table, most: int) -> Rows:
    frame, every = table.frame.head(most), table.frame.height
    keys = frame["key"] if "key" in frame.columns else [None] * frame.height
    cells = [
        [columns.written(column, value, key) for value, key in zip(frame[name], keys, strict=True)]
        for name, column in table.columns.items()
    ]
    headings = [
        Heading(column.heading, frame[name].dtype.is_numeric())
        for name, column in table.columns.items()
    ]
    shown, of = formats.decimal(frame.height), formats.decimal(every)
    cut = t("export.cut", shown=shown, all=of) if frame.height < every else ""
    return Rows(headings, list(zip(*cells, strict=True)), cut)
