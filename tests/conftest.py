"""Shared fixtures: a company from hand-written rows, and a small simulated one."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import engines
import pytest
from browsing import browser, server, visit, window  # noqa: F401
from loading import Loading

from etl import job, touched
from etl.simulate import simulate
from warehouse import answers, engine, show
from warehouse.access import EVERYTHING, Scope
from warehouse.engine import Snapshot
from warehouse.filters import Question
from warehouse.settings import Settings

SAMPLE_END = date(2025, 11, 20)
"""A fixed day after Double 11, so that no test depends on today's date."""

Row = Mapping[str, object]


@dataclass(frozen=True)
class Company:
    """An inbox and a warehouse of their own."""

    settings: Settings

    def deliver(self, feed: str, *rows: Row, name: str = "delivery.csv") -> Path:
        """Write rows as a CSV delivery; columns are all that any row names."""
        path = self.settings.inbox / feed / name
        path.parent.mkdir(parents=True, exist_ok=True)
        columns = list(dict.fromkeys(column for row in rows for column in row))
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows(rows)
        return path

    def load(self, *feeds: str, **how: bool) -> job.Outcome:
        """Run a load."""
        return job.run(self.settings, feeds, **how)

    def ask(
        self, keys: str, start: str, end: str, *, by: Sequence[str] = (), scope: Scope = EVERYTHING,
        where: Mapping[str, Sequence[str]] | None = None, compare: str | None = None,
        org: str = "as_was",
    ) -> list[dict[str, Any]]:  # fmt: skip
        """Rows as `python -m warehouse query --format json` prints them."""
        narrowed = tuple((name, tuple(values)) for name, values in (where or {}).items())
        question = Question(
            tuple(keys.split(",")), date.fromisoformat(start), date.fromisoformat(end),
            tuple(by), narrowed, compare, org,
        )  # fmt: skip
        with self.reading() as snapshot:
            return show.records(answers.answer(snapshot, question, scope, self.settings))

    def figure(self, key: str, start: str, end: str, **how: Any) -> Any:
        """One figure without grouping."""
        return self.ask(key, start, end, **how)[0][key]

    def reading(self) -> Any:
        """A snapshot of what is published, through every engine there is, as a context manager."""
        return engines.reading(self.settings.warehouse)

    def stored(self) -> AbstractContextManager[Snapshot]:
        """The same as the dashboard has it, to look at what is stored."""
        return engine.reading(self.settings.warehouse)


@pytest.fixture
def company(tmp_path: Path) -> Company:
    """An empty company; deliver rows and load them."""
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    return Company(Settings(warehouse=tmp_path / "warehouse", inbox=inbox, secret="a test key"))


@pytest.fixture(scope="session")
def sample_company(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """Six simulated stores over 120 days, loaded and published."""
    root = tmp_path_factory.mktemp("sample")
    simulate(root / "inbox", stores=6, days=120, seed=1, end=SAMPLE_END)
    company = Company(Settings(warehouse=root / "warehouse", inbox=root / "inbox"))
    outcome = company.load()
    assert outcome.exit_code == job.NEEDS_A_PERSON, (
        outcome.summary()
    )  # a few rows are bad on purpose
    return company


@pytest.fixture(scope="session")
def sample_warehouse(sample_company: Company) -> Path:
    """Directory of the simulated company's published warehouse."""
    return sample_company.settings.warehouse


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Open a page of the dashboard without a browser: opened(warehouse, page, **link)."""
    from opening import opening

    yield from opening(monkeypatch)


@pytest.fixture(scope="module")
def loading() -> Iterator[Loading]:
    """One warehouse, emptied for each test or example."""
    made = Loading()
    yield made
    made.build.abandon()


@pytest.fixture
def always_follow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every load is large for the little that is there; make nothing anew for that."""
    monkeypatch.setattr(touched, "REBUILD_SHARE", float("inf"))


@pytest.fixture
def clean_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Callable[[Mapping[str, str]], None]]:
    """Set GUIDEPOST_… variables for one test, none left over from outside."""
    import os

    for name in [name for name in os.environ if name.startswith("GUIDEPOST_")]:
        monkeypatch.delenv(name)
    yield lambda values: [monkeypatch.setenv(name, value) for name, value in values.items()]  # type: ignore[misc]
