"""Deliveries: what lies in the inbox, and each file as batches of rows in the feed's own columns.

Every cell is text; typing and rejecting is the contract's business. A file with the feed's column
names needs no configuration, any other is described by a source mapping (docs/mappings.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import polars as pl
import pyarrow as pa

from etl import as_rows
from etl.errors import SourceError, StillWriting
from etl.inbox import Delivery, Problem, content_hash, find_deliveries, kept_delivery
from etl.mapped import MappedTable
from etl.mapping import SourceMapping, TableMapping
from etl.mapping_file import load_mappings
from etl.readers import BROKEN, LINE, RAW, Layout, read_file

__all__ = [
    "Delivery",
    "Problem",
    "SourceError",
    "SourceMapping",
    "StillWriting",
    "TableMapping",
    "check_sizes",
    "content_hash",
    "find_deliveries",
    "kept_delivery",
    "load_mappings",
    "read",
]

_LARGE = 256 << 20
"""Bytes of rows that are not held any longer to make a frame full."""
_UNREADABLE = (
    OSError, UnicodeError, ValueError, pa.ArrowException, pl.exceptions.PolarsError,
    pl.exceptions.PanicException,
)  # fmt: skip


def read(delivery: Delivery, *, timezone: str, batch_rows: int = 500_000) -> Iterator[pl.DataFrame]:
    """The delivery's rows, at most `batch_rows` a frame, and always at least one frame.

    Columns: text, named as in the feed (a canonical file's unknown ones pass through), and "line"
    (Int64). A batch with records that could not be taken apart, or whose sums cannot be computed,
    has "_broken" (why, else null) and "_raw" (the record's text) too. `timezone` is the business
    zone. Raises SourceError, also after some batches: the file is then refused whole; StillWriting
    when its size is not the one listed.
    """
    check_sizes(delivery)
    try:
        if delivery.path.name.endswith(as_rows.ENDING):
            yield from as_rows.read(delivery.path, batch_rows)
        else:
            yield from _filled(_frames(delivery, timezone, batch_rows))
    except SourceError:
        check_sizes(delivery)
        raise
    except UnicodeDecodeError as error:
        check_sizes(delivery)
        raise SourceError(
            f"{delivery.name} is not text in {error.encoding}, nor in another encoding we try;"
            " name its encoding in a source mapping"
        ) from None
    except _UNREADABLE as error:
        check_sizes(delivery)
        why = error.strerror if isinstance(error, OSError) and error.strerror else "it is damaged"
        raise SourceError(f"{delivery.name} cannot be read ({why}); deliver it again") from error
    check_sizes(delivery)


def check_sizes(delivery: Delivery) -> None:
    """Raises StillWriting unless its files have the sizes that were listed."""
    listed = [(delivery.path, delivery.size), *((s.path, s.size) for s in delivery.siblings)]
    for path, size in listed:
        if _size(path) != size:
            raise StillWriting(f"{delivery.name}: {path.name} is still being written; it must wait")


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else -1


def _frames(delivery: Delivery, timezone: str, batch_rows: int) -> Iterator[pl.DataFrame]:
    if delivery.table is None:
        yield from _rebatched(read_file(delivery.path, Layout(), list), batch_rows)
        return
    lookups: dict[str, list[Path]] = {}
    for sibling in delivery.siblings:
        lookups.setdefault(sibling.join, []).append(sibling.path)
    mapped = MappedTable(delivery.table, delivery.path, lookups, timezone, delivery.reports_broken)
    records = read_file(delivery.path, delivery.table.layout, mapped.choose)
    for batch in _rebatched(records, None if delivery.table.whole else batch_rows):
        yield from _rebatched([mapped.rows(batch)], batch_rows)
        if mapped.done:
            return


def _rebatched(frames: Iterable[pl.DataFrame], rows: int | None) -> Iterator[pl.DataFrame]:
    """The same rows in frames of `rows` (None: one frame), shorter where they are large, and the
    last one; at least one."""
    held: list[pl.DataFrame] = []
    height, size, some = 0, 0.0, False
    for frame in frames:
        held.append(frame)
        height, size = height + frame.height, size + frame.estimated_size()
        if rows is not None and (height >= rows or size > _LARGE):
            whole = pl.concat(held)
            full = height if size > _LARGE else height // rows * rows
            yield from (whole.slice(start, rows) for start in range(0, full, rows))
            held, height, size, some = [whole.slice(full)], height - full, 0.0, True
    if height or not some:
        yield pl.concat(held)


def _filled(frames: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """Frames as others see them, without the empty ones, unless there is no other."""
    empty: pl.DataFrame | None = None
    some = False
    for frame in frames:
        if frame.is_empty():
            empty = frame
        else:
            some = True
            yield _delivered(frame)
    if not some and empty is not None:
        yield _delivered(empty)


def _delivered(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame under the names others know; the marks of broken records only where there are any.

    A file's own column named like one of ours steps aside.
    """
    ours = {LINE: "line", BROKEN: "_broken", RAW: "_raw"}
    aside = {name: f"{name} (column)" for name in ours.values() if name in frame.columns}
    if frame[BROKEN].null_count() == frame.height:
        frame = frame.drop(BROKEN, RAW)
    named = {old: new for old, new in ours.items() if old in frame.columns}
    return frame.rename(aside).rename(named)
