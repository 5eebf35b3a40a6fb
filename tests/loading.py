"""Loading into memory: the loader's own steps without files, ledger and publishing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import natural
import polars as pl
import pytest
from rows import Cells, judged
from sqlalchemy import delete, select

from etl import checks, derive, publish, upsert
from etl.touched import Touched
from warehouse.engine import Build
from warehouse.feeds import FEEDS
from warehouse.schema import DERIVED, LOADED, METADATA
from warehouse.settings import Settings

SETTINGS = Settings(timezone="Asia/Shanghai")


def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let runs leave derived tables and calendar empty: for claims about files, not figures."""
    no_dates = publish.calendar.dates().clear()
    monkeypatch.setattr(derive, "derive", lambda *_: None)
    monkeypatch.setattr(checks, "check", lambda *_: None)
    monkeypatch.setattr(publish.calendar, "dates", lambda: no_dates)


class Loading:
    """A warehouse in memory; every file gets the next file_key, as in the order of recording."""

    def __init__(self) -> None:
        self.build = Build(Path(":memory:"))
        self.files = 0
        self.follows = False
        self.touched: Touched | None = None
        for table in METADATA.sorted_tables:
            self.build.create(table)

    def emptied(self) -> Loading:
        """Itself without rows: sooner had than a new one."""
        self.files, self.follows, self.touched = 0, False, None
        for table in METADATA.sorted_tables:
            self.build.run(delete(table))
        return self

    def run(self, feed: str, *files: Sequence[Cells]) -> list[dict[str, int]]:
        """Load files in one run; for each what became of its rows, outcomes of none left out."""
        stage = upsert.stage_table(FEEDS[feed])
        self.build.create(stage, temporary=True)
        first = self.files + 1
        for rows in files:
            self.files += 1
            done = judged(feed, *rows)
            assert done.rejected.rows() == []
            key = pl.lit(self.files, pl.Int32).alias("file_key")
            staged = done.accepted.rename({"line": "file_line"}).with_columns(key)
            self.build.append(stage, staged)
        changed = self._noting().rows[feed] if self.follows else None
        counts = upsert.merge(self.build, FEEDS[feed], stage, changed)
        self.build.drop(stage)
        told = {row["file_key"]: row for row in counts.iter_rows(named=True)}
        return [
            {name: int(told[key][name]) for name in upsert.OUTCOMES if told[key][name]}
            for key in range(first, self.files + 1)
        ]

    def load(self, feed: str, *rows: Cells) -> dict[str, int]:
        """Load one file in a run of its own."""
        return self.run(feed, rows)[0]

    def live(self, feed: str, column: str) -> list[object]:
        """A column of the rows of a feed that are not taken out, in the order of their keys."""
        table = LOADED[feed]
        place = [one.name for one in table.c if one.name not in ("file_key", "file_line")]
        rows = natural.contents(self.build, table)
        return [row[place.index(column)] for row in rows if row[-1] is False]

    def tables(self) -> dict[str, natural.Rows]:
        """Every loaded and derived table by natural identifiers, derived anew."""
        derive.derive(self.build, SETTINGS)
        return natural.tables(self.build)

    def follow(self) -> Touched | None:
        """Bring derived tables up to date with what was loaded since the last time (all, the first
        time), and note from here on what loads touch. Returns what was touched."""
        touched = derive.derive(self.build, SETTINGS, self._noting() if self.follows else None)
        self.follows, self.touched = True, None
        return touched

    def _noting(self) -> Touched:
        self.touched = self.touched or Touched(self.build)
        return self.touched

    def derived(self) -> dict[str, natural.Rows]:
        """Every derived table as it is stored, its rows in one order."""
        return {
            table.name: sorted(self.build.fetch(select(table)).rows(), key=repr)
            for table in DERIVED
        }

    def rebuilt(self) -> dict[str, natural.Rows]:
        """Every derived table as a rebuild stores it; what is stored stays as it is."""
        before = [(table, self.build.fetch(select(table))) for table in DERIVED]
        derive.derive(self.build, SETTINGS)
        anew = self.derived()
        for table, rows in before:
            self.build.run(delete(table))
            self.build.append(table, rows)
        return anew


def check_rebuilt(loading: Loading) -> None:
    """Every derived table is stored as a rebuild would store it."""
    followed, rebuilt = loading.derived(), loading.rebuilt()
    for name, rows in rebuilt.items():
        assert followed[name] == rows, name
