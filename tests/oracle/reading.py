"""Files of an inbox as raw rows: no meaning yet, only columns and values."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

RawRow = dict[str, Any]

_UNFINISHED = (".tmp", ".part", ".crdownload")
_READABLE = (".csv", ".csv.gz", ".tsv", ".jsonl", ".jsonl.gz", ".parquet")


class Unreadable(ValueError):
    """The file is refused whole."""


def deliveries(folder: Path) -> list[Path]:
    """The folder's files in name order, each content once.

    A delivery is known by its content, so the same bytes under a later name do nothing.
    CHOICE: name order is the order of the path below the feed's folder.
    """
    seen: set[str] = set()
    found: list[Path] = []
    for path in sorted(folder.rglob("*"), key=lambda p: p.relative_to(folder).as_posix()):
        name = path.name
        if not path.is_file() or name.startswith(".") or name.endswith(_UNFINISHED):
            continue
        if not name.endswith(_READABLE):
            continue
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        if digest not in seen:
            seen.add(digest)
            found.append(path)
    return found


def raw_rows(path: Path) -> tuple[set[str], list[RawRow | None]]:
    """The file's columns and rows in order; a row that cannot be taken apart is None."""
    if path.name.endswith(".parquet"):
        return _parquet(path)
    content = path.read_bytes()
    if path.name.endswith(".gz"):
        content = gzip.decompress(content)
    text = _decode(content)
    if ".jsonl" in path.name:
        return _jsonl(text)
    return _delimited(text, "\t" if path.name.endswith(".tsv") else ",")


def _decode(content: bytes) -> str:
    """UTF-8 (with or without byte-order mark), UTF-16 with one, else GB18030."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    try:
        return content.decode("gb18030")
    except UnicodeDecodeError as error:
        raise Unreadable("neither UTF-8, UTF-16 nor GB18030") from error


def _delimited(text: str, delimiter: str) -> tuple[set[str], list[RawRow | None]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    header = [name.strip() for name in next(reader, [])]
    rows: list[RawRow | None] = []
    for cells in reader:
        if not cells:
            continue  # a blank line is not a row
        row = dict(zip(header, cells, strict=False))  # cells absent at the end are empty
        rows.append(row if len(cells) <= len(header) else None)
    return set(header), rows


def _jsonl(text: str) -> tuple[set[str], list[RawRow | None]]:
    rows: list[RawRow | None] = []
    columns: set[str] = set()
    for line in text.splitlines():
        if not line.strip():
            continue
        try:
            row = json.loads(line, parse_float=Decimal)
        except ValueError:
            row = None
        if isinstance(row, dict):
            columns |= row.keys()
        rows.append(row if isinstance(row, dict) else None)
    return columns, rows


def _parquet(path: Path) -> tuple[set[str], list[RawRow | None]]:
    import polars  # only Parquet needs it

    frame = polars.read_parquet(path)
    return set(frame.columns), list(frame.to_dicts())
