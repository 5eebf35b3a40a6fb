"""Published files and the pointer to the live one: names, CURRENT, publish, roll back, sweep.

A version's file name is never used again and its content never changes, so a reader that has it
open stays whole while the pointer moves on.
"""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

CURRENT = "CURRENT"
KEEP = 3


class NoSuchVersion(Exception):
    """A version to roll back to that is not kept; the message lists those that are."""


def path(directory: Path, version: int) -> Path:
    """File of a version."""
    return directory / f"warehouse-{version}.duckdb"


def build_path(directory: Path, version: int) -> Path:
    """Private file in which that version is built."""
    return directory / f"build-{version}.duckdb"


def current(directory: Path) -> int | None:
    """The live version, or None before the first publish."""
    try:
        text = (directory / CURRENT).read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return None
    return int(text) if text else None


def kept(directory: Path) -> list[int]:
    """Versions whose file is there, oldest first."""
    names = (file.stem.removeprefix("warehouse-") for file in directory.glob("warehouse-*.duckdb"))
    return sorted(int(name) for name in names if name.isdigit())


def next_version(directory: Path) -> int:
    """A number never used before, also after a roll-back and after builds that failed."""
    return max([current(directory) or 0, *kept(directory)]) + 1


def publish(directory: Path, version: int) -> None:
    """Make a finished build the live version; on any error what was live stays live. `sweep`
    afterwards takes away what is then left."""
    build, before = build_path(directory, version), current(directory)
    sync(build)
    _unpublished(directory, version).touch()
    os.rename(build, path(directory, version))
    try:
        point(directory, version)
    except BaseException:
        if current(directory) == version:  # a reader may have seen it, so its file stays
            _point_back(directory, before)
            _unpublished(directory, version).unlink()
        raise


def point(directory: Path, version: int) -> None:
    """Move CURRENT, so that a crash leaves either the old or the new number in it."""
    _replace_pointer(directory, version)
    sync(directory)


def _replace_pointer(directory: Path, version: int) -> None:
    temporary = directory / f"{CURRENT}.tmp"
    with temporary.open("w", encoding="ascii") as file:
        file.write(f"{version}\n")
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, directory / CURRENT)


def _point_back(directory: Path, version: int | None) -> None:
    if version is None:
        (directory / CURRENT).unlink()
    else:
        _replace_pointer(directory, version)


def _unpublished(directory: Path, version: int) -> Path:
    """Marks a version that has its name and may not be live yet: the process may die in between."""
    return directory / f"build-{version}.unpublished"


def roll_back(directory: Path, to: int | None = None) -> int:
    """Point CURRENT at an earlier version (default: the one before), holding the lock.

    Raises NoSuchVersion.
    """
    sweep(directory)
    live = current(directory)
    earlier = [version for version in kept(directory) if version != live]
    wanted = to if to is not None else max((v for v in earlier if v < (live or 0)), default=None)
    if wanted is None or wanted not in earlier:
        there = ", ".join(map(str, earlier)) or "none"
        raise NoSuchVersion(f"there is no version {wanted or ''} to go back to; kept are: {there}")
    point(directory, wanted)
    return wanted


def sweep(directory: Path) -> None:
    """Delete builds that were left behind and all but the newest KEEP versions and the live one.
    What cannot be deleted now will be next time: it is in nobody's way."""
    live = current(directory)
    for version in kept(directory):
        if version != live and _unpublished(directory, version).exists():
            _remove(path(directory, version))
    for build in directory.glob("build-*"):
        _remove(build)
    for version in kept(directory)[:-KEEP]:
        if version != live:
            _remove(path(directory, version))


def _remove(left: Path) -> None:
    if left.is_dir():
        shutil.rmtree(left, ignore_errors=True)
        return
    with suppress(OSError):
        left.unlink()


def sync(target: Path) -> None:
    """Wait until a file, or the names in a directory, are on the disk."""
    descriptor = os.open(target, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
