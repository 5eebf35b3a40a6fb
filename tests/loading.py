"""Loading into memory: the loader's own steps without files, ledger and publishing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import natural
import polars as pl
import pytest
from rows import Cells, judged
from sqlalchemy import delete

from etl import checks, derive, publish, upsert
from warehouse.engine import Build
from warehouse.feeds import FEEDS
from warehouse.schema import LOADED, METADATA

TIMEZONE = "Asia/Shanghai"


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
        for table in METADATA.sorted_tables:
            self.build.create(table)

    def emptied(self) -> Loading:
        """Itself without rows: sooner had than a new one."""
        self.files = 0
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
        counts = upsert.merge(self.build, FEEDS[feed], stage)
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
        derive.derive(self.build, TIMEZONE)
        return natural.tables(self.build)
