"""Copies of deliveries that hold no file but the rows of one feed that were read from it.

A file that members are read from is kept like this, so that no phone is kept in clear; and any file
that named somebody who was forgotten. What a mapping made of a file cannot be put back into it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from hashlib import file_digest
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq

from warehouse import versions

ENDING = ".rows.parquet"
"""Ending of their names."""
_KINDS = {"line": pl.Int64(), "_broken": pl.String(), "_raw": pl.String()}


class Rows:
    """Rows on their way into such a copy below `directory`; nothing is left of what is not kept."""

    def __init__(self, directory: Path) -> None:
        self._directory, self._path = directory, directory / ".rows"
        self._nothing = pl.DataFrame()
        self._file: pq.ParquetWriter | None = None

    def add(self, batch: pl.DataFrame) -> None:
        """Add rows as `sources.read` yields them; the first batch says which columns there are."""
        if self._file is None:
            self._directory.mkdir(mode=0o700, exist_ok=True)
            names = dict.fromkeys([*batch.columns, *_KINDS])
            kinds = {name: _KINDS.get(name, pl.String()) for name in names}
            self._nothing = pl.DataFrame(schema=kinds)
            schema = self._nothing.to_arrow().schema
            self._file = pq.ParquetWriter(self._path, schema, compression="zstd")
        self._file.write_table(pl.concat([self._nothing, batch], how="diagonal").to_arrow())

    def keep(self, name: str) -> str:
        """The copy's name below the directory; it is on the disk when this returns."""
        assert self._file is not None
        self._file.close()
        with self._path.open("rb") as file:
            folder = file_digest(file, "sha256").hexdigest()
            os.fsync(file.fileno())
        target = self._directory / folder / f"{name.removesuffix(ENDING)}{ENDING}"
        target.parent.mkdir(exist_ok=True)
        os.replace(self._path, target)
        for directory in (target.parent, self._directory):
            versions.sync(directory)
        return target.relative_to(self._directory).as_posix()

    def discard(self) -> None:
        """Take away what was not kept."""
        if self._file is not None:
            self._file.close()
        with suppress(FileNotFoundError):
            self._path.unlink()


def read(path: Path, batch_rows: int) -> Iterator[pl.DataFrame]:
    """The same rows again."""
    with pq.ParquetFile(path, page_checksum_verification=True) as file:
        if not file.metadata.num_rows:
            yield _frame(file.schema_arrow.empty_table())
        for batch in file.iter_batches(batch_rows):
            yield _frame(batch)


def _frame(rows: object) -> pl.DataFrame:
    frame = pl.from_arrow(rows)  # type: ignore[arg-type]
    assert isinstance(frame, pl.DataFrame)
    return frame
