"""Delivered files as frames of text, a bounded part at a time.

Every reader yields frames whose columns are all text, plus LINE (Int64, the record's line), BROKEN
(why the record could not be taken apart, else null) and RAW (the text of a broken record).
A reader asks `choose` which columns of the header are wanted; it may refuse the file.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from etl.errors import SourceError

LINE, BROKEN, RAW = "__line", "__broken", "__raw"
MARKS = {LINE: pl.Int64(), BROKEN: pl.String(), RAW: pl.String()}

Choose = Callable[[list[str]], list[str]]
Reader = Callable[[Path, "Layout", Choose], Iterator[pl.DataFrame]]

ENDINGS = {
    ".csv": "csv",
    ".csv.gz": "csv",
    ".tsv": "tsv",
    ".tsv.gz": "tsv",
    ".parquet": "parquet",
    ".jsonl": "jsonl",
    ".jsonl.gz": "jsonl",
    ".xlsx": "xlsx",
}
FORMATS = tuple(dict.fromkeys(ENDINGS.values()))


@dataclass(frozen=True)
class Layout:
    """How a file is written; what is None is found out from the file.

    `skip_lines` physical lines stand above the header; `header` names the columns of a file
    that has no header line.
    """

    format: str | None = None
    encoding: str | None = None
    separator: str | None = None
    skip_lines: int = 0
    header: tuple[str, ...] = ()
    sheet: str | None = None


def format_of(name: str) -> str | None:
    """The format a file's ending stands for, None for an ending nobody reads.

    >>> format_of("Sales 2024.CSV.gz")
    'csv'
    """
    lower = name.lower()
    return next((kind for ending, kind in ENDINGS.items() if lower.endswith(ending)), None)


def read_file(path: Path, layout: Layout, choose: Choose) -> Iterator[pl.DataFrame]:
    """The file's records as frames of text; at least one frame, if an empty one.

    Raises SourceError, also after some frames, when the file cannot be understood.
    """
    from etl import read_csv, read_jsonl, read_other

    readers: dict[str, Reader] = {
        "csv": read_csv.read_csv,
        "tsv": read_csv.read_csv,
        "jsonl": read_jsonl.read_jsonl,
        "parquet": read_other.read_parquet,
        "xlsx": read_other.read_xlsx,
    }
    kind = layout.format or format_of(path.name)
    if kind is None:
        raise SourceError(f"{path.name} has an ending nobody reads; use {', '.join(ENDINGS)}")
    yield from readers[kind](path, layout, choose)


def named_columns(path: Path, header: Sequence[str | None]) -> list[str]:
    """Header cells as column names. Raises SourceError for a name given twice."""
    names = [
        (cell or "").replace("\ufeff", "").strip() or f"column_{number}"
        for number, cell in enumerate(header, 1)
    ]
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if twice:
        raise SourceError(
            f"{path.name} has the column {twice[0]!r} twice in its header; rename or remove one"
        )
    return names


def empty_frame(columns: Iterable[str]) -> pl.DataFrame:
    """No rows under these columns and the marks."""
    return pl.DataFrame(schema={**{name: pl.String() for name in columns}, **MARKS})


def marked(frame: pl.DataFrame, lines: pl.Series) -> pl.DataFrame:
    """Sound records with their lines."""
    nothing = pl.lit(None, pl.String)
    return frame.with_columns(
        lines.cast(pl.Int64).alias(LINE), nothing.alias(BROKEN), nothing.alias(RAW)
    )


def nulled(frame: pl.DataFrame) -> pl.DataFrame:
    """An empty text is no value."""
    cells = pl.col(frame.columns[:-3])
    return frame.with_columns(pl.when(cells != "").then(cells).name.keep())


def broken_frame(rows: Sequence[tuple[int, str, str]], columns: Iterable[str]) -> pl.DataFrame:
    """Records that could not be taken apart: line, reason, raw text; their cells are null."""
    broken = pl.DataFrame(rows, schema=MARKS, orient="row")
    cells = [pl.lit(None, pl.String).alias(name) for name in columns]
    return broken.select(*cells, *MARKS)


def nearest(name: str, names: Iterable[str], cutoff: float = 0.4) -> str | None:
    """The name most like another one, whatever the case; None when none is like it."""
    folded = {known.casefold(): known for known in names}
    close = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=cutoff)
    return folded[close[0]] if close else None


def hint(name: str, names: Iterable[str]) -> str:
    """The nearest name in brackets, or nothing."""
    near = nearest(name, names)
    return f" (nearest is {near!r})" if near else ""
