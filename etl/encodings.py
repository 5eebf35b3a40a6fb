"""How the bytes of a delivered file become text: compression and encoding."""

from __future__ import annotations

import codecs
import io
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from etl.errors import SourceError
from etl.unpacking import unzipped

_BLOCK = 1 << 20
_LONGEST = 4 << 20
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_UTF32 = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)


@dataclass(frozen=True)
class Text:
    """How to read a file as text. `quoted` is whether a double quote may occur in it."""

    encoding: str
    quoted: bool = True


def open_bytes(path: Path) -> BinaryIO:
    """The file's content, decompressed where its name ends in .gz."""
    if path.name.lower().endswith(".gz"):
        return unzipped(path)
    return path.open("rb")


def open_text(path: Path, encoding: str) -> io.TextIOWrapper:
    """The file as text; line ends are kept as they are."""
    return io.TextIOWrapper(open_bytes(path), encoding=encoding, newline="")


def lines(path: Path, stream: io.TextIOWrapper) -> Iterator[str]:
    """What is left of a file, line by line. Raises SourceError rather than hold a giant one."""
    while line := stream.readline(_LONGEST):
        if len(line) == _LONGEST:
            raise too_long(path)
        yield line


def too_long(path: Path, line: int | None = None) -> SourceError:
    """A file with a line that no table has."""
    where = f" (line {line})" if line else ""
    return SourceError(
        f"{path.name} has a line{where} longer than 4 MB, which no row is; have it exported again"
    )


def probe(path: Path, named: str | None = None) -> Text:
    """The encoding of a file: the one named, else UTF-8, UTF-16 with a byte-order mark, GB18030.

    Reads the file once, because a wrong guess would show only at the first odd character.
    Raises SourceError when it is empty or not text.
    """
    with open_bytes(path) as stream:
        start = stream.read(_BLOCK)
        if not start.strip(b" \r\n\t\xef\xbb\xbf"):
            raise SourceError(f"{path.name} is empty; deliver it again with a header line")
        if named and codecs.lookup(named).name not in ("utf-8", "utf-8-sig"):
            return Text(named)
        if start.startswith(_UTF16) and not start.startswith(_UTF32):
            return Text("utf-16")
        _refuse_binary(path, start)
        return _utf8_or_gb18030(path, stream, start, bool(named))


def _refuse_binary(path: Path, start: bytes) -> None:
    if b"\0" in start[: max(start.find(b"\n"), 16)]:  # the header, or a mark of another format
        raise SourceError(
            f"{path.name} is not text in UTF-8 or GB18030; if it is a workbook give it its own"
            " ending, else name its encoding in a source mapping"
        )


def _utf8_or_gb18030(path: Path, stream: BinaryIO, start: bytes, must: bool) -> Text:
    """UTF-8 if every byte of the file is; GB18030 is the rest of what tills in China write."""
    must = must or start.startswith(codecs.BOM_UTF8)
    decoder = codecs.getincrementaldecoder("utf-8")()
    quoted = False
    try:
        for block in _blocks(stream, start):
            quoted = quoted or b'"' in block
            if not block.isascii() or decoder.getstate()[0]:
                decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        if must:
            raise SourceError(
                f"{path.name} is not the UTF-8 it says it is: {error.reason}"
            ) from None
        return Text("gb18030")
    return Text("utf-8-sig", quoted)


def _blocks(stream: BinaryIO, start: bytes) -> Iterator[bytes]:
    block = start
    while block:
        yield block
        block = stream.read(_BLOCK)


@contextmanager
def as_utf8(path: Path, text: Text) -> Iterator[Path]:
    """The file as UTF-8: itself (it may be compressed), else a copy that lasts as long as needed.

    Not a stream that recodes as it goes: pyarrow reads ahead in threads of its own, and a Python
    stream in their hands aborts the interpreter at exit after any error (pyarrow 26).
    """
    if text.encoding == "utf-8-sig":
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="guidepost-") as folder:
        copy = Path(folder) / path.name.lower().removesuffix(".gz")
        with (
            open_text(path, text.encoding) as old,
            copy.open("w", encoding="utf-8", newline="") as new,
        ):
            shutil.copyfileobj(old, new, _BLOCK)
        yield copy
