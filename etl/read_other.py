"""Typed formats as text: JSON lines, Parquet, Excel workbooks."""

from __future__ import annotations

import codecs
import io
import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import fastexcel
import polars as pl
import pyarrow.parquet as pq

from etl.encodings import SourceError, as_utf8, open_bytes, probe
from etl.readers import (
    LINE,
    MARKS,
    Choose,
    Layout,
    broken_frame,
    empty_frame,
    hint,
    marked,
    named_columns,
)

_BLOCK = 8 << 20
_ROWS = 131_072
_MORE_DIGITS_THAN_A_FLOAT = r"\d{15,}\.\d|\d{9,}\.\d{6,}|\.\d{13,}"


# JSON lines ------------------------------------------------------------------------------------
@dataclass(frozen=True)
class _Block:
    """Whole lines of a file; `start` is the number of the first."""

    start: int
    content: bytes

    @property
    def height(self) -> int:
        return self.content.count(b"\n") + (not self.content.endswith(b"\n"))

    @property
    def lines(self) -> Iterator[tuple[int, str]]:
        """The lines that are not blank, with their numbers."""
        texts = self.content.decode().split("\n")
        return ((n, line.strip()) for n, line in enumerate(texts, self.start) if line.strip())


def read_jsonl(path: Path, layout: Layout, choose: Choose) -> Iterator[pl.DataFrame]:
    """One object a line; nested values become JSON text. Blank lines are passed over.

    The file is read twice, first for its keys, so that every frame has the same columns.
    Raises SourceError.
    """
    with as_utf8(path, probe(path, layout.encoding)) as plain:
        keys = list(dict.fromkeys(key for block in _blocks(plain) for key in _keys(block)))
        names = named_columns(path, keys)
        kept = choose(names) or names[:1]
        yield empty_frame(kept)
        for block in _blocks(plain):
            yield _objects(block, keys, names).select(*kept, *MARKS)


def _blocks(path: Path) -> Iterator[_Block]:
    start, rest = 1, b""
    with open_bytes(path) as stream:
        rest = stream.read(_BLOCK).removeprefix(codecs.BOM_UTF8)
        while more := stream.read(_BLOCK):
            end = rest.rfind(b"\n") + 1
            if end:
                yield (block := _Block(start, rest[:end]))
                start += block.height
            rest = rest[end:] + more
    if rest:
        yield _Block(start, rest)


def _keys(block: _Block) -> list[str]:
    try:
        frame = pl.scan_ndjson(io.BytesIO(block.content), infer_schema_length=None)
        return frame.collect_schema().names()
    except pl.exceptions.PolarsError:
        objects = (_object(line) for _, line in block.lines)
        return list(dict.fromkeys(itertools.chain.from_iterable(filter(None, objects))))


def _objects(block: _Block, keys: list[str], names: list[str]) -> pl.DataFrame:
    """polars is much faster, but refuses a block for one bad line and keeps 17 digits."""
    frame = _fast_objects(block, keys)
    if frame is None:
        return _careful_objects(block, keys, names)
    frame.columns = names
    numbers = pl.int_range(block.start, block.start + frame.height, eager=True)
    return _nulled(marked(frame, numbers))


def _fast_objects(block: _Block, keys: list[str]) -> pl.DataFrame | None:
    """None where polars would fail, count lines differently or lose a digit."""
    escaped = b"\\ud" in block.content or b"\\uD" in block.content
    numbers = pl.Series([block.content.decode()]).str.contains(_MORE_DIGITS_THAN_A_FLOAT)
    if escaped or numbers.any() or not keys:
        return None
    try:
        schema = {key: pl.String() for key in keys}
        frame = pl.read_ndjson(io.BytesIO(block.content), schema=schema)
    except pl.exceptions.PolarsError:
        return None
    return frame if frame.height == block.height else None


def _nulled(frame: pl.DataFrame) -> pl.DataFrame:
    """An empty text is no value."""
    cells = pl.col(frame.columns[:-3])
    return frame.with_columns(pl.when(cells != "").then(cells).name.keep())


def _careful_objects(block: _Block, keys: list[str], names: list[str]) -> pl.DataFrame:
    good: list[tuple[int, dict[str, Any]]] = []
    broken: list[tuple[int, str, str]] = []
    for number, line in block.lines:
        record = _object(line)
        if record is None:
            broken.append((number, "the line is not a JSON object", line))
        else:
            good.append((number, record))
    cells = {
        name: pl.Series([_json_text(record.get(key)) for _, record in good], dtype=pl.String)
        for key, name in zip(keys, names, strict=True)
    }
    frame = marked(pl.DataFrame(cells), pl.Series([number for number, _ in good], dtype=pl.Int64))
    return pl.concat([_nulled(frame), broken_frame(broken, names)]).sort(LINE)


class _Exact(float):
    """A JSON number that remembers how it was written."""

    text: str

    def __new__(cls, text: str) -> _Exact:
        number = super().__new__(cls, text)
        number.text = format(Decimal(text), "f")
        return number


_DECODER = json.JSONDecoder(parse_float=_Exact)


def _object(line: str) -> dict[str, Any] | None:
    try:
        record = _DECODER.decode(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) else None


def _json_text(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, _Exact):
        return value.text
    return json.dumps(value, ensure_ascii=False)


# Parquet ---------------------------------------------------------------------------------------
def read_parquet(path: Path, layout: Layout, choose: Choose) -> Iterator[pl.DataFrame]:
    """Values as exact text; a NaN is no value. Line: the row's number. Raises SourceError."""
    with pq.ParquetFile(path) as file:
        names = named_columns(path, file.schema_arrow.names)
        kept = choose(names) or names[:1]
        yield empty_frame(kept)
        wanted = [file.schema_arrow.names[names.index(name)] for name in kept]
        start = 1
        for batch in file.iter_batches(batch_size=_ROWS, columns=wanted):
            frame = pl.from_arrow(batch)
            assert isinstance(frame, pl.DataFrame)
            texts = [_text(frame[old]).alias(new) for old, new in zip(wanted, kept, strict=True)]
            lines = pl.int_range(start, start + frame.height, eager=True)
            yield _nulled(marked(pl.DataFrame(texts), lines))
            start += frame.height


def _text(values: pl.Series) -> pl.Series:
    """A typed column as text: nothing rounded, times in ISO 8601, nested values as JSON."""
    kind = values.dtype
    if isinstance(kind, pl.Datetime):
        offset = "%:z" if kind.time_zone else ""
        return values.dt.to_string(f"%Y-%m-%dT%H:%M:%S%.f{offset}")
    if kind.is_float():
        return values.fill_nan(None).cast(pl.String)
    if kind == pl.Binary:
        return _binary_text(values)
    if kind.is_nested():
        texts = [None if value is None else _nested_text(value) for value in values]
        return pl.Series(values.name, texts, dtype=pl.String)
    return values.dt.to_string("iso") if kind == pl.Duration else values.cast(pl.String)


def _binary_text(values: pl.Series) -> pl.Series:
    """Some writers store text as bytes; bytes that are no text are shown in hexadecimal."""
    try:
        return values.cast(pl.String)
    except pl.exceptions.PolarsError:
        return values.bin.encode("hex")


def _nested_text(value: Any) -> str:
    plain = value.to_list() if isinstance(value, pl.Series) else value
    return json.dumps(plain, ensure_ascii=False, default=str)


# Excel -----------------------------------------------------------------------------------------
def read_xlsx(path: Path, layout: Layout, choose: Choose) -> Iterator[pl.DataFrame]:
    """One sheet of a workbook, the first unless named, as the cells show their values.

    Held in memory whole: a sheet has at most 1,048,576 rows. Raises SourceError.
    """
    rows = _sheet(path, layout.sheet).filter(pl.col(LINE) > layout.skip_lines)
    if not layout.header and rows.is_empty():
        raise SourceError(f"{path.name} is empty; deliver it again with a header row")
    header = layout.header or rows.row(0)[:-1]
    names = named_columns(path, header)
    kept = choose(names) or names[:1]
    records = rows.slice(0 if layout.header else 1)
    cells = records.drop(LINE)
    cells.columns = names + cells.columns[len(names) :]
    yield _nulled(marked(cells.select(kept), records[LINE]))


def _sheet(path: Path, name: str | None) -> pl.DataFrame:
    """Every row that is not blank, its number in LINE (counted from the first used row)."""
    book = fastexcel.read_excel(path)
    if name is not None and name not in book.sheet_names:
        raise SourceError(
            f"{path.name} has no sheet {name!r}{hint(name, book.sheet_names)}; correct the mapping"
        )
    sheet = book.load_sheet(name or 0, header_row=None, dtypes="string").to_polars()
    rows = sheet.with_columns(pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias(LINE))
    return rows.filter(pl.any_horizontal(pl.exclude(LINE).is_not_null()))
