"""Typed formats as text: Parquet, Excel workbooks."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import fastexcel
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from etl.errors import SourceError
from etl.readers import (
    LINE,
    Choose,
    Layout,
    empty_frame,
    hint,
    marked,
    named_columns,
    nulled,
)
from etl.unpacking import Counted, check_book, no_parquet, no_workbook

_ROWS = 131_072
_AT_ONCE = 64 << 20
"""Bytes of text that are taken out of a Parquet file at a time."""


# Parquet ---------------------------------------------------------------------------------------
def read_parquet(path: Path, layout: Layout, choose: Choose) -> Iterator[pl.DataFrame]:
    """Values as exact text; a NaN is no value. Line: the row's number. Raises SourceError."""
    with _parquet(path) as (file, schema):
        names = named_columns(path, schema.names)
        kept = choose(names) or names[:1]
        yield empty_frame(kept)
        wanted = [schema.names[names.index(name)] for name in kept]
        start = 1
        for batch in _batches(path, file, wanted):
            columns = [_plain(batch.column(name), schema.field(name).type) for name in wanted]
            texts = [_text(values.alias(new)) for values, new in zip(columns, kept, strict=True)]
            lines = pl.int_range(start, start + batch.num_rows, eager=True)
            yield nulled(marked(pl.DataFrame(texts), lines))
            start += batch.num_rows


@contextmanager
def _parquet(path: Path) -> Iterator[tuple[Any, Any]]:
    """An open Parquet file and its schema; texts stay in dictionaries as they are stored. Its
    damage is told in our words wherever it shows."""
    try:
        with pq.ParquetFile(path) as file:
            schema, leaves = (
                file.schema_arrow,
                [file.schema.column(n) for n in range(len(file.schema))],
            )
        texts = [leaf.path for leaf in leaves if leaf.physical_type == "BYTE_ARRAY"]
        with pq.ParquetFile(path, page_checksum_verification=True, read_dictionary=texts) as file:
            yield file, schema
    except (pa.ArrowException, pl.exceptions.PolarsError, OSError, ValueError):
        raise no_parquet(path) from None


def _batches(path: Path, file: Any, wanted: Sequence[str]) -> Iterator[Any]:
    """Rows in parts of bounded size: a text that is stored once may stand in every row, and a run
    of rows takes no space at all."""
    counted = Counted(path)
    counted.out(file.metadata.num_rows * len(wanted))
    for batch in file.iter_batches(batch_size=_ROWS, columns=wanted):
        counted.out(_size(batch))
        yield from _parts(batch)


def _parts(batch: Any) -> Iterator[Any]:
    if batch.num_rows < 2 or _size(batch) <= _AT_ONCE:
        yield batch
        return
    half = batch.num_rows // 2
    yield from _parts(batch.slice(0, half))
    yield from _parts(batch.slice(half))


def _size(values: Any) -> int:
    """Bytes that Arrow's values take once their texts stand in every row."""
    if isinstance(values, pa.RecordBatch):
        return sum(map(_size, values.columns))
    if pa.types.is_dictionary(values.type):
        lengths = pc.binary_length(values.dictionary.cast(pa.large_binary()))
        return int(pc.sum(lengths.take(values.indices)).as_py() or 0)
    if pa.types.is_map(values.type):
        return _size(values.keys) + _size(values.items)
    if pa.types.is_struct(values.type):
        return sum(map(_size, values.flatten()))
    return _size(values.flatten()) if pa.types.is_nested(values.type) else int(values.nbytes)


def _plain(values: Any, kind: Any) -> pl.Series:
    """Arrow's values with their texts in every row."""
    return pl.Series(values if values.type == kind else values.cast(kind))


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
    yield nulled(marked(cells.select(kept), records[LINE]))


def _sheet(path: Path, name: str | None) -> pl.DataFrame:
    """Every row that is not blank, its number in LINE (counted from the first used row)."""
    check_book(path)
    try:
        return _rows(path, fastexcel.read_excel(path), name)
    except (fastexcel.FastExcelError, pl.exceptions.PolarsError):
        raise no_workbook(path) from None


def _rows(path: Path, book: fastexcel.ExcelReader, name: str | None) -> pl.DataFrame:
    if name is not None and name not in book.sheet_names:
        raise SourceError(
            f"{path.name} has no sheet {name!r}{hint(name, book.sheet_names)}; correct the mapping"
        )
    sheet = book.load_sheet(name or 0, header_row=None, dtypes="string")
    cells, errors = sheet.to_arrow_with_errors()
    table = _with_errors(pl.DataFrame(cells), errors.errors if errors else [])
    rows = table.with_columns(pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias(LINE))
    return rows.filter(pl.any_horizontal(pl.exclude(LINE).is_not_null()))


def _with_errors(cells: pl.DataFrame, errors: Sequence[fastexcel.CellError]) -> pl.DataFrame:
    """Cells that show an error, such as #REF!, would be told as empty ones."""
    for column in {error.offset_position[1] for error in errors}:
        rows = [error.offset_position[0] for error in errors if error.offset_position[1] == column]
        cells = cells.with_columns(cells.to_series(column).scatter(rows, "#ERROR!"))
    return cells
