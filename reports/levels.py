"""How far down one looks: the widest level of places of which there are several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from reports import frames
from reports.asking import Asking
from reports.regions import LEVELS, NARROWS


@dataclass(frozen=True)
class Level:
    """A level and its places: `name` the dimension, `narrows` the filter a place of it is, `rows`
    with the figures asked for that have a meaning (`figures`), `label`, and of the first one
    `change`, `delta` and `share`, in order of the first figure."""

    name: str
    figures: tuple[str, ...]
    rows: pl.DataFrame

    @property
    def narrows(self) -> str:
        """The filter a place of this level is."""
        return NARROWS.get(self.name, self.name)


def seen(desk: Asking, keys: Sequence[str], levels: Sequence[str] = LEVELS) -> Level:
    """The first of some levels at which the view has several places, else the last one."""
    view, first = desk.view, keys[0]
    name = next((one for one in levels[:-1] if _several(desk, one, first)), levels[-1])
    figures = view.askable(keys, name)
    moved = desk.answer(view.question((first,), name, compare=view.compare))
    rest = desk.answer(view.question(figures[1:], name)) if figures[1:] else moved.select(name)
    rows = moved.drop_nulls(first).join(rest, on=name, how="left", nulls_equal=True)
    known = frames.with_share(frames.with_change(desk.named(name, rows), first), first)
    return Level(name, figures, known.sort(first, descending=True))


def _several(desk: Asking, level: str, key: str) -> bool:
    view = desk.view
    found = desk.answer(view.question((key,), level, compare=view.compare))
    return found.drop_nulls((level, key)).height > 1
