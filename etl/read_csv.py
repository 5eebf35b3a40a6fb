"""Separated text: fast where records are whole, never silent where they are not.

pyarrow reads it, because of the fast readers it alone reports every record whose number of fields
is wrong; polars fills short ones up and DuckDB guesses again.
"""

from __future__ import annotations

import csv
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.csv as pc

from etl.encodings import Text, as_utf8, lines, open_bytes, open_text, probe, too_long
from etl.errors import SourceError
from etl.readers import (
    LINE,
    Choose,
    Layout,
    broken_frame,
    empty_frame,
    format_of,
    marked,
    named_columns,
)

_BLOCK = 4 << 20
_SEPARATORS = ",;\t|"


@dataclass(frozen=True)
class _Header:
    """Column names, the separator, physical lines before the first record, any record at all."""

    names: list[str]
    separator: str
    lines: int
    has_records: bool


@dataclass
class _Misfits:
    """Records with a wrong number of fields, in file order, as pyarrow meets them."""

    fields: int
    rows: list[tuple[int, str, str]] = field(default_factory=list)

    def __call__(self, row: Any) -> str:
        reason = f"{row.actual_columns} fields where the header has {self.fields}"
        self.rows.append((row.number, reason, row.text))
        return "skip"

    def due(self, before: float) -> list[tuple[int, str, str]]:
        """Take out those on lines below `before`."""
        ready = [row for row in self.rows if row[0] < before]
        self.rows = self.rows[len(ready) :]
        return ready


def read_csv(path: Path, layout: Layout, choose: Choose) -> Iterator[pl.DataFrame]:
    """Records of a separated file. Line: physical line, but a record counts one whatever it spans
    and blank lines do not count. Raises SourceError."""
    text = probe(path, layout.encoding)
    header = _header(path, text, layout)
    kept = choose(header.names) or header.names[:1]
    if not header.has_records:
        yield empty_frame(kept)
        return
    for frame in _records(path, text, header, kept):
        yield frame.select(*kept, *frame.columns[-3:])


def _header(path: Path, text: Text, layout: Layout) -> _Header:
    with open_text(path, text.encoding) as stream:
        rest = lines(path, stream)
        for _ in range(layout.skip_lines):
            next(rest, "")
        if layout.header:
            line = next(rest, "")
            separator = layout.separator or _separator(path, layout, line)
            names = named_columns(path, layout.header)
            return _Header(names, separator, layout.skip_lines, bool(line.strip()))
        return _header_line(path, rest, layout)


def _header_line(path: Path, rest: Iterator[str], layout: Layout) -> _Header:
    """The first line that is not blank names the columns."""
    blank, line = 0, next(rest, "")
    while line and not line.strip():
        blank, line = blank + 1, next(rest, "")
    separator = layout.separator or _separator(path, layout, line)
    reader = csv.reader(itertools.chain([line], rest), delimiter=separator)
    try:
        cells = next(reader, None)
    except csv.Error:
        raise _unclosed(path, layout.skip_lines + blank + 1) from None
    if not cells:
        raise SourceError(f"{path.name} is empty below line {layout.skip_lines}; it needs a header")
    names = named_columns(path, cells)
    above = layout.skip_lines + blank + reader.line_num
    return _Header(names, separator, above, any(line.strip() for line in rest))


def _separator(path: Path, layout: Layout, line: str) -> str:
    """The candidate that occurs most often in the header, outside quotes."""
    if (layout.format or format_of(path.name)) == "tsv":
        return "\t"
    bare = re.sub(r'"[^"]*"', "", line)
    return max(_SEPARATORS, key=bare.count)


def _records(path: Path, text: Text, header: _Header, kept: list[str]) -> Iterator[pl.DataFrame]:
    """Blocks of records in file order. What a stray quotation mark does shows in any column, so a
    file with quotes is converted whole."""
    columns = header.names if text.quoted else kept
    misfits = _Misfits(len(header.names))
    start, last = header.lines + 1, None
    with as_utf8(path, text) as plain, _source(plain) as source:
        for batch in _reader(path, source, header, columns, misfits, text):
            if batch.num_rows:
                good = _as_frame(batch)
                lines = _lines(start, good.height, misfits.rows)
                start, last = int(lines[-1]) + 1, good.row(-1)
                frame = marked(good, lines)
                frame = _unswallowed(frame, header) if text.quoted else frame
                yield _merged(path, frame, misfits.due(start))
        if last and not misfits.rows and "\n" in (last[-1] or ""):
            _check_last_quote(path, plain, start - 1)
    if misfits.rows or last is None:
        yield _merged(path, empty_frame(columns), misfits.due(float("inf")))


def _check_last_quote(path: Path, plain: Path, line: int) -> None:
    """A last cell with a line end in it must end in a quote; pyarrow does not ask for one."""
    tail = b""
    with open_bytes(plain) as stream:
        while block := stream.read(_BLOCK):
            tail = (tail + block)[-_BLOCK:]
    if not tail.rstrip().endswith(b'"'):
        raise _unclosed(path, line)


def _source(path: Path) -> Any:
    file = pa.OSFile(str(path))
    return pa.CompressedInputStream(file, "gzip") if path.name.lower().endswith(".gz") else file


def _reader(
    path: Path, source: Any, header: _Header, columns: list[str], misfits: _Misfits, text: Text
) -> Iterator[Any]:
    try:
        yield from pc.open_csv(
            source,
            # One thread: only then does pyarrow number the records it complains of.
            read_options=pc.ReadOptions(
                use_threads=False,
                block_size=_BLOCK,
                skip_rows=header.lines,
                column_names=header.names,
            ),
            parse_options=pc.ParseOptions(
                delimiter=header.separator, newlines_in_values=True, invalid_row_handler=misfits
            ),
            convert_options=pc.ConvertOptions(
                column_types={name: pa.string() for name in columns},
                include_columns=columns,
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
                check_utf8=False,
            ),
        )
    except pa.ArrowInvalid as error:
        if "straddl" not in str(error):
            raise
        raise (_unclosed(path, None) if text.quoted else too_long(path)) from None


def _unclosed(path: Path, line: int | None) -> SourceError:
    where = f"in the record on line {line}" if line else "in it"
    return SourceError(
        f"{path.name} cannot be taken apart: a quotation mark opened {where} is never closed,"
        " or a record is longer than 4 MB; have the file exported again"
    )


def _as_frame(batch: Any) -> pl.DataFrame:
    frame = pl.from_arrow(batch)
    assert isinstance(frame, pl.DataFrame)
    return frame


def _lines(start: int, height: int, misfits: list[tuple[int, str, str]]) -> pl.Series:
    """Lines of the next `height` whole records: those pyarrow complained of are left out."""
    lines = pl.int_range(start, start + height + len(misfits), eager=True)
    if misfits:
        lines = lines.filter(~lines.is_in([row[0] for row in misfits]))
    return lines.head(height)


def _merged(path: Path, good: pl.DataFrame, misfits: list[tuple[int, str, str]]) -> pl.DataFrame:
    if not misfits:
        return good
    for line, _, raw in misfits:
        if "\n" in raw and raw.count('"') % 2:
            raise _unclosed(path, line)
    return pl.concat([good, broken_frame(misfits, good.columns[:-3])]).sort(LINE)


def _unswallowed(frame: pl.DataFrame, header: _Header) -> pl.DataFrame:
    """Mark the records that swallowed others between two stray quotation marks.

    A cell with k line ends and at least k·(n−1) separators is k records of n fields, not prose.
    """
    columns = frame.columns[:-3]
    multiline = pl.any_horizontal(pl.col(columns).str.contains("\n", literal=True))
    suspects = frame.filter(multiline.fill_null(False)) if len(columns) > 2 else frame.clear()
    if suspects.is_empty():
        return frame
    swallowing = [
        (row[-3], "a stray quotation mark joins several records", header.separator.join(cells))
        for row in suspects.iter_rows()
        if _swallows(cells := ["" if cell is None else cell for cell in row[:-3]], header.separator)
    ]
    sound = frame.filter(~pl.col(LINE).is_in([row[0] for row in swallowing]))
    return pl.concat([sound, broken_frame(swallowing, columns)]).sort(LINE)


def _swallows(cells: list[str], separator: str) -> bool:
    return any(
        cell.count(separator) >= ends * (len(cells) - 1)
        for cell in cells
        if (ends := cell.count("\n"))
    )
