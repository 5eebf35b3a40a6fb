"""JSON lines as text."""

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

import polars as pl

from etl.encodings import as_utf8, open_bytes, probe, too_long
from etl.readers import (
    LINE,
    MARKS,
    Choose,
    Layout,
    broken_frame,
    empty_frame,
    marked,
    named_columns,
    nulled,
)

_BLOCK = 8 << 20
_MORE_DIGITS_THAN_A_FLOAT = r"\d{15,}\.\d|\d{9,}\.\d{6,}|\.\d{13,}"


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
            elif rest:
                raise too_long(path, start)
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
    return nulled(marked(frame, numbers))


def _fast_objects(block: _Block, keys: list[str]) -> pl.DataFrame | None:
    """None where polars would fail, count lines differently, lose a digit or one of two values."""
    escaped = b"\\ud" in block.content or b"\\uD" in block.content
    numbers = pl.Series([block.content.decode()]).str.contains(_MORE_DIGITS_THAN_A_FLOAT)
    if escaped or numbers.any() or not keys:
        return None
    try:
        schema = {key: pl.String() for key in keys}
        frame = pl.read_ndjson(io.BytesIO(block.content), schema=schema)
    except pl.exceptions.PolarsError:
        return None
    whole = frame.height == block.height and not _may_repeat(block, frame)
    return frame if whole else None


def _may_repeat(block: _Block, frame: pl.DataFrame) -> bool:
    """Whether an object may name a key twice: polars takes the first, and says nothing."""
    for key in frame.columns:
        name = json.dumps(key, ensure_ascii=False).encode() + b":"
        more = block.content.count(name) - frame.height + frame[key].null_count()
        if more > 0 and more > sum(
            block.content.count(name + gap + b"null") for gap in (b"", b" ")
        ):
            return True
    return False


def _careful_objects(block: _Block, keys: list[str], names: list[str]) -> pl.DataFrame:
    good: list[tuple[int, dict[str, Any]]] = []
    broken: list[tuple[int, str, str]] = []
    for number, line in block.lines:
        record = _object(line)
        if record is None:
            why = "the line is not a JSON object, or names a key twice"
            broken.append((number, why, line))
        else:
            good.append((number, record))
    cells = {
        name: pl.Series([_json_text(record.get(key)) for _, record in good], dtype=pl.String)
        for key, name in zip(keys, names, strict=True)
    }
    frame = marked(pl.DataFrame(cells), pl.Series([number for number, _ in good], dtype=pl.Int64))
    return pl.concat([nulled(frame), broken_frame(broken, names)]).sort(LINE)


class _Exact(float):
    """A JSON number that remembers how it was written."""

    text: str

    def __new__(cls, text: str) -> _Exact:
        number = super().__new__(cls, text)
        number.text = format(Decimal(text), "f")
        return number


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The object of these pairs. Raises ValueError when a key stands in it twice."""
    if len(made := dict(pairs)) < len(pairs):
        raise ValueError
    return made


_DECODER = json.JSONDecoder(parse_float=_Exact, object_pairs_hook=_once)


def _object(line: str) -> dict[str, Any] | None:
    try:
        record = _DECODER.decode(line)
    except (ValueError, RecursionError):
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
