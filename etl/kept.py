"""Copies of deliveries: a load reads its own copy, so that what was loaded is what is kept."""

from __future__ import annotations

import os
from collections.abc import Collection
from contextlib import suppress
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from etl.errors import StillWriting
from etl.inbox import Delivery, content_of
from warehouse import versions

_BLOCK = 1 << 20


def others(directory: Path, needed: Collection[str]) -> list[Path]:
    """Files below the directory of copies that are none of these."""
    files = (path for path in directory.rglob("*") if path.is_file())
    return [file for file in files if file.relative_to(directory).as_posix() not in needed]


def remove(files: Collection[Path]) -> None:
    """Take away files and the folders they leave empty."""
    for file in files:
        file.unlink()
        with suppress(OSError):  # it may hold the same content under another name
            file.parent.rmdir()


class Copies:
    """The copies of one delivery, main file first, each in a folder named by its content.

    `directory` is where all are kept. Raises StillWriting when the delivery no longer holds what
    was found in it (`content`).
    """

    def __init__(self, directory: Path, delivery: Delivery, content: str) -> None:
        self._directory, self._made = directory, list[Path]()
        directory.mkdir(mode=0o700, exist_ok=True)  # deliveries name persons
        paths = [delivery.path, *delivery.lookups]
        digests, copies = zip(*(self._copy(path) for path in paths), strict=True)
        if content_of(delivery, digests) != content:
            self.remove()
            raise StillWriting(f"{delivery.name} changed after it was found; it must wait")
        siblings = [
            replace(sibling, path=copy)
            for sibling, copy in zip(delivery.siblings, copies[1:], strict=True)
        ]
        self.delivery = replace(delivery, path=copies[0], siblings=tuple(siblings))
        self.names = tuple(copy.relative_to(directory).as_posix() for copy in copies)

    def remove(self) -> None:
        """Take away what nobody needs: what was there before stays."""
        remove(self._made)
        self._made.clear()

    def _copy(self, path: Path) -> tuple[bytes, Path]:
        """Digest and copy of a file, which is on the disk when this returns."""
        temporary, digest = self._directory / ".copying", sha256()
        with path.open("rb") as old, temporary.open("wb") as new:
            while block := old.read(_BLOCK):
                digest.update(block)
                new.write(block)
            new.flush()
            os.fsync(new.fileno())
        target = self._directory / digest.hexdigest() / path.name
        if not target.exists():
            target.parent.mkdir(exist_ok=True)
            temporary.rename(target)
            self._made.append(target)
            for folder in (target.parent, self._directory):
                versions.sync(folder)
        return digest.digest(), target
