"""What a page showed, in its order: what files are made of.

Pages note what they draw while they draw it, so an export holds what its viewer saw and asks the
warehouse nothing. The table of a chart that nobody unfolded is noted as the function that would
draw it, and made only when somebody wants the file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import polars as pl


@dataclass(frozen=True)
class Column:
    """A column of a table: its heading, how its values are written (`columns.KINDS`), and what they
    mean where that needs saying."""

    heading: str
    kind: str = "text"
    note: str = ""


PRINTED_ROWS = 60
"""Rows of a table that go on paper."""

Made = Callable[[pl.DataFrame], pl.DataFrame]


def as_it_is(frame: pl.DataFrame) -> pl.DataFrame:
    """Rows that need nothing more."""
    return frame


@dataclass(frozen=True)
class Table:
    """All rows of a table in exact values, and what has to be `made` of them first: a page shows
    few, and what takes long for many is left to whoever wants them all. In a column of the kind
    `figure` each row is the figure that the frame's column `key` names."""

    title: str
    rows: pl.DataFrame
    columns: Mapping[str, Column]
    made: Made = as_it_is

    @cached_property
    def frame(self) -> pl.DataFrame:
        """All rows with all columns."""
        return self.made(self.rows)


@dataclass(frozen=True)
class Heading:
    """A sentence above what follows, and a note on how to read that."""

    title: str
    note: str = ""


@dataclass(frozen=True)
class Chart:
    """A picture under a title that states the answer; `table` draws its figures in rows."""

    title: str
    note: str
    figure: Any
    table: Callable[[], None] | None = None


Part = Table | Heading | Chart


@dataclass
class Paper:
    """A page as it was shown. `name` is the page's in its address; `said` is what it looked at in
    one line, `facts` the same by name: scope, period, filters; `feeds` is how fresh each feed was.
    Nothing is drawn on the page itself while `is_drawn` is False."""

    name: str = ""
    title: str = ""
    said: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    feeds: Table | None = None
    parts: list[Part] = field(default_factory=list)
    is_drawn: bool = True


@dataclass
class Section:
    """What stands under one title."""

    title: str
    note: str = ""
    figure: Any = None
    tables: list[Table] = field(default_factory=list)


_PAPER: ContextVar[Paper | None] = ContextVar("paper", default=None)


@contextmanager
def recording(paper: Paper | None) -> Iterator[None]:
    """What is drawn inside the block is noted on this paper; nowhere with None."""
    token = _PAPER.set(paper)
    try:
        yield
    finally:
        _PAPER.reset(token)


def current() -> Paper | None:
    """The paper this run is noted on."""
    return _PAPER.get()


def record(part: Part) -> bool:
    """Note a part; True where it is to be drawn as well."""
    paper = _PAPER.get()
    if paper is None:
        return True
    paper.parts.append(part)
    return paper.is_drawn


def sections(paper: Paper) -> list[Section]:
    """A page's parts under their titles, the tables of charts made now. A table that follows no
    heading of its own stands under its own title."""
    found: list[Section] = []
    for part in paper.parts:
        if isinstance(part, Table):
            if not found or found[-1].tables or found[-1].figure is not None:
                found.append(Section(part.title))
            found[-1].tables.append(part)
        elif isinstance(part, Heading):
            found.append(Section(part.title, part.note))
        else:
            found.append(Section(part.title, part.note, part.figure, _unfolded(part)))
    return found


def _unfolded(chart: Chart) -> list[Table]:
    if chart.table is None:
        return []
    inside = Paper(is_drawn=False)
    with recording(inside):
        chart.table()
    return [part for part in inside.parts if isinstance(part, Table)]
