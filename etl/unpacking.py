"""What may be unpacked: archives that are whole, and not many times as large as they look."""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from pathlib import Path
from typing import Any, BinaryIO

from etl.errors import SourceError

FREE = 16 << 20
"""Bytes that any archive may unpack to, however small it is."""
RATIO = 200
"""Times its own size that a larger one may unpack to; sales compress to about a tenth."""
LARGEST = 64 << 30
COLUMNS_FREE = 1 << 30
"""The same of a Parquet file, where what repeats takes next to nothing."""
SHEET_LARGEST = 2 << 30
"""Bytes that no archive, and no workbook, may unpack to: a workbook is held in memory."""


def unzipped(path: Path) -> BinaryIO:
    """The content of a .gz file. Reading raises SourceError where it is damaged, or a bomb."""
    return io.BufferedReader(_Unzipped(path), 1 << 20)


class _Unzipped(io.RawIOBase):
    """Counts what comes out of an archive and tells what is wrong with it in our words."""

    def __init__(self, path: Path) -> None:
        self._path, self._file, self._done = path, gzip.open(path, "rb"), 0  # noqa: SIM115
        self._most = _most(path)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            count = self._file.readinto(buffer)
        except EOFError:
            raise _cut_off(self._path) from None
        except (gzip.BadGzipFile, zlib.error):
            raise SourceError(
                f"{self._path.name} is not a gzip archive, or a damaged one; deliver it again"
            ) from None
        self._done += count
        if self._done > self._most:
            raise _bomb(self._path)
        return count

    def close(self) -> None:
        self._file.close()
        super().close()


def _most(path: Path, free: int = FREE, largest: int = LARGEST) -> int:
    return min(max(free, RATIO * path.stat().st_size), largest)


class Counted:
    """Counts what comes out of a Parquet file, whose texts may stand in any number of rows."""

    def __init__(self, path: Path) -> None:
        self._path, self._left = path, _most(path, COLUMNS_FREE)

    def out(self, size: int) -> None:
        """So many bytes or cells more. Raises SourceError when they are too many."""
        self._left -= size
        if self._left < 0:
            raise _bomb(self._path)


def check_book(path: Path) -> None:
    """Unpack a workbook part by part to see that it is whole. Raises SourceError."""
    try:
        with zipfile.ZipFile(path) as book:
            size = sum(part.file_size for part in book.infolist())
            if size > _most(path, largest=SHEET_LARGEST):
                raise _bomb(path)
            sound = all(_is_sound(book, part) for part in book.infolist())
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError):
        sound = False
    if not sound:
        raise no_workbook(path)


def _is_sound(book: zipfile.ZipFile, part: zipfile.ZipInfo) -> bool:
    """Read a part to its end, where its checksum is compared; no more than the size it states.
    None declares entities of its own, which could multiply."""
    with book.open(part) as stream:
        plain = b"<!DOCTYPE" not in stream.read(4096)
        while stream.read(1 << 20):
            pass
    return plain


def no_workbook(path: Path) -> SourceError:
    """A file that ends in .xlsx and is none."""
    return SourceError(
        f"{path.name} is no workbook that can be read: it is damaged, locked with a password or"
        " of an older kind; save it again as .xlsx"
    )


def no_parquet(path: Path) -> SourceError:
    """A file that ends in .parquet and is none."""
    return SourceError(
        f"{path.name} is no Parquet file that can be read: it is damaged or of another kind;"
        " deliver it again"
    )


def _cut_off(path: Path) -> SourceError:
    return SourceError(f"{path.name} is an archive that was cut off; deliver it again")


def _bomb(path: Path) -> SourceError:
    return SourceError(
        f"{path.name} unpacks to more than {RATIO} times its size, or more than can be read;"
        " deliver it unpacked, or in parts"
    )
