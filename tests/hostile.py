"""Odd files for an inbox, and how one is written: each with the end it must come to."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
import xlsxwriter
from rows import ROWS, Cells

from warehouse.feeds import FEEDS, Kind

SECRET_PLACE = "outside"
"""A folder beside the inbox, for links to lead to."""


# Ends ------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Loaded:
    """Every row is loaded; `cells` are what the last one holds."""

    rows: int = 2
    cells: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Rejected:
    """One row is rejected by `rule` on `line`, the others are loaded."""

    rule: str
    line: int = 3
    loaded: int = 1
    says: str = ""


@dataclass(frozen=True)
class Refused:
    """The whole file is refused; `says` stands in the reason."""

    says: str


@dataclass(frozen=True)
class Untouched:
    """The file is not a delivery yet, or never."""


End = Loaded | Rejected | Refused | Untouched
Content = str | bytes | Callable[[Path], object]
Table = Iterator[tuple[str, str, Content, End]]
"""What cases are made of."""


@dataclass(frozen=True)
class Case:
    """A file below the inbox and its end."""

    claim: str
    file: str
    content: Content
    end: End

    def write(self, inbox: Path) -> None:
        """Put it where it belongs."""
        path = inbox / self.file
        path.parent.mkdir(parents=True, exist_ok=True)
        if callable(self.content):
            self.content(path)
        else:
            path.write_bytes(
                self.content if isinstance(self.content, bytes) else self.content.encode()
            )


# Rows ------------------------------------------------------------------------------------------
def key_of(feed: str) -> str:
    """The identifier in the key of a feed."""
    return next(one.name for one in FEEDS[feed].key if one.kind is Kind.ID)


def sound(feed: str, key: str, **changes: str) -> Cells:
    """The feed's sound row under a key of its own, without cells that a format cannot hold."""
    return ROWS[feed] | {key_of(feed): key} | changes


def pair(feed: str, key: str, **changes: str) -> list[Cells]:
    """A sound row and one with some cells changed."""
    return [sound(feed, f"{key}-1"), sound(feed, f"{key}-2", **changes)]


# Formats ---------------------------------------------------------------------------------------
def separated(rows: Sequence[Cells], separator: str = ",", end: str = "\n") -> str:
    """The rows as separated text."""
    text = io.StringIO()
    columns = list(dict.fromkeys(name for row in rows for name in row))
    writer = csv.DictWriter(text, columns, delimiter=separator, lineterminator=end)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def objects(rows: Sequence[Mapping[str, Any]]) -> str:
    """The rows as JSON lines."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def parquet(rows: Sequence[Cells], **more: pl.Series) -> Callable[[Path], object]:
    """The rows as a Parquet file of texts, with columns of other types on top."""
    return lambda path: pl.DataFrame(rows).with_columns(**more).write_parquet(path)


def parquet_bytes(rows: Sequence[Cells]) -> bytes:
    """The content of that file."""
    buffer = io.BytesIO()
    pl.DataFrame(rows).write_parquet(buffer)
    return buffer.getvalue()


def workbook(rows: Sequence[Mapping[str, Any]], **cells: Any) -> Callable[[Path], object]:
    """The rows as a sheet; `cells` such as `C3="=1/0"` are written over it."""

    def write(path: Path) -> None:
        with xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd"}) as book:
            sheet = book.add_worksheet()
            sheet.write_row(0, 0, list(rows[0]))
            for number, row in enumerate(rows, 1):
                for column, value in enumerate(row.values()):
                    sheet.write(number, column, value)
            for place, value in cells.items():
                sheet.write(place, *(value if isinstance(value, tuple) else (value,)))

    return write


def workbook_bytes(rows: Sequence[Cells]) -> bytes:
    """The content of a workbook."""
    buffer = io.BytesIO()
    workbook(rows)(buffer)  # type: ignore[arg-type]
    return buffer.getvalue()


WRITTEN: Mapping[str, Callable[[Sequence[Cells]], Content]] = {
    ".csv": separated,
    ".csv.gz": lambda rows: gzip.compress(separated(rows).encode()),
    ".tsv": lambda rows: separated(rows, "\t"),
    ".tsv.gz": lambda rows: gzip.compress(separated(rows, "\t").encode()),
    ".jsonl": objects,
    ".jsonl.gz": lambda rows: gzip.compress(objects(rows).encode()),
    ".parquet": parquet,
    ".xlsx": workbook,
}
"""A writer for every ending."""


# Tills -----------------------------------------------------------------------------------------
HEAD = "store_id,receipt_id,line_number,sold_at,product_id,quantity,net_amount,tender"


def till(key: str, *more: str, head: str = HEAD, tender: str = "cash") -> str:
    """Receipts of a till: one sound line and more; `@` is the key."""
    lines = [head, f"S1,@,1,2026-03-01T10:00:00,P1,1,10.00,{tender}", *more]
    return "\n".join(lines).replace("@", key) + "\n"


def other(key: str, **cells: str) -> str:
    """A second line with other cells."""
    row = f"S1,{key}x,1,2026-03-01T10:00:00,P1,1,10.00,cash".split(",")
    return ",".join((dict(zip(HEAD.split(","), row, strict=True)) | cells).values())
