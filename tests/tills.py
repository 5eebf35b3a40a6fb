"""A made-up till: an inbox, its files and the mapping that describes them."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from etl import sources
from etl.sources import Delivery, SourceMapping
from warehouse.feeds import FEEDS, feed_columns


class Till:
    """An inbox with files of a till, and the mapping that describes them."""

    def __init__(self, folder: Path, mapping: str, **files: str | bytes) -> None:
        self.inbox, self.sources = folder / "inbox", folder / "sources"
        self.sources.mkdir(parents=True)
        (self.sources / "till.toml").write_text(mapping, encoding="utf-8")
        for name, content in files.items():
            self.put(name.replace("__", "."), content)

    def put(self, name: str, content: str | bytes) -> None:
        path = self.inbox / "till" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)

    @property
    def mappings(self) -> tuple[SourceMapping, ...]:
        return sources.load_mappings(self.sources, feed_columns())

    def deliveries(self) -> list[Delivery]:
        return sources.find_deliveries(self.inbox, list(FEEDS), self.mappings)[0]

    def problems(self) -> dict[str, str]:
        _, problems = sources.find_deliveries(self.inbox, list(FEEDS), self.mappings)
        return {one.name: one.reason for one in problems}

    def frame(self, feed: str = "pos_sales", batch_rows: int = 500_000) -> pl.DataFrame:
        return frames(self.deliveries(), feed, batch_rows)

    def column(self, name: str, batch_rows: int = 500_000) -> list[str | None]:
        return self.frame(batch_rows=batch_rows)[name].to_list()


def frames(deliveries: list[Delivery], feed: str, batch_rows: int = 500_000) -> pl.DataFrame:
    """All rows of a feed; every frame the contract will see has fields and line only."""
    found = [
        batch
        for delivery in deliveries
        if delivery.feed == feed
        for batch in sources.read(delivery, timezone="Asia/Shanghai", batch_rows=batch_rows)
    ]
    for batch in found:
        assert batch.schema.pop("line") == pl.Int64
        assert set(batch.drop("line").dtypes) <= {pl.String}
        assert set(batch.columns) <= {*FEEDS[feed].columns, "line", "_broken", "_raw"}
    return pl.concat(found, how="diagonal")


def field(folder: Path, rule: str, cells: str, table: str = "") -> list[str | None]:
    """What one field becomes: `cells` is a file's text."""
    mapping = f'[[tables]]\nfeed = "pos_sales"\nfiles = "t.csv"\n{table}\n[tables.fields]\n{rule}\n'
    name = rule.split(" = ", maxsplit=1)[0].strip()
    return Till(folder, mapping, t__csv=cells).column(name)


TWO_OF_ONE = """
[[tables]]
feed = "members"
files = "t.csv"
distinct = "card"
fields = { member_id = "card", joined_at = "at" }

[[tables]]
feed = "regions"
files = "t.csv"
distinct = []
fields = { region_id = { constant = "R" }, region_name = { constant = "All" } }
"""
