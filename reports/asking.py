"""What may be asked in one go, a page's run or one recipient's digest: always of one version and
for one scope."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

import polars as pl

from reports import frames
from reports.i18n import t, value_label
from reports.view import View, Where
from warehouse import answers, freshness
from warehouse.access import Scope
from warehouse.answers import Reader
from warehouse.filters import Question
from warehouse.joined import UNASSIGNED
from warehouse.settings import Settings

ALL_VALUES = 100_000
A = TypeVar("A")
Period = tuple[date, date]


class Asking(ABC):
    """Answers within a scope."""

    scope: Scope
    settings: Settings

    @property
    @abstractmethod
    def view(self) -> View:
        """What is looked at."""

    @abstractmethod
    def _recall(self, ask: Callable[..., A], *arguments: Any, **more: Any) -> A:
        """What `ask` answers, given a reader before these arguments."""

    def answer(self, question: Question) -> pl.DataFrame:
        """The figures of a question."""
        return self._recall(answers.answer, question, self.scope, self.settings)

    def ranking(self, question: Question) -> pl.DataFrame:
        """The figures of a question, best first, and how sure the first one and its rank are."""
        return self._recall(answers.ranking, question, self.scope, self.settings)

    def ask(self, what: Callable[..., pl.DataFrame], *arguments: Any, **more: Any) -> pl.DataFrame:
        """Any answer of the warehouse that takes a reader, these, the scope and the settings."""
        return self._recall(what, *arguments, self.scope, self.settings, **more)

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

    def known(self, dimension: str, wanted: Sequence[str]) -> pl.DataFrame:
        """Those of some values of a dimension that exist: value, label."""
        return self._recall(answers.known, dimension, tuple(wanted), self.scope)

    def called(self, dimension: str, wanted: Sequence[str]) -> list[str]:
        """What those of some values that exist are called."""
        return [value_label(*pair) for pair in self.known(dimension, wanted).iter_rows()]

    def labels(self, dimension: str) -> pl.DataFrame:
        """The label of every value of a dimension."""
        return self.values(dimension, limit=ALL_VALUES)

    def bounds(self) -> Period | None:
        """First and last business date with sales."""
        return self._recall(answers.bounds, self.scope)

    def is_sample(self) -> bool:
        """True while a made-up company is shown."""
        return self._recall(answers.is_sample)

    def freshness(self) -> pl.DataFrame:
        """How new each feed's data is."""
        return freshness.judged(self._recall(freshness.newest, self.settings), self.settings)


@dataclass(frozen=True)
class Reading(Asking):
    """Answers of a reader, asked once and not kept."""

    scope: Scope
    settings: Settings
    reader: Reader
    _view: View

    @property
    def view(self) -> View:
        """What is looked at."""
        return self._view

    def _recall(self, ask: Callable[..., A], *arguments: Any, **more: Any) -> A:
        return ask(self.reader, *arguments, **more)
