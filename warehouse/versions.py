"""Published files and the pointer to the live one: names, CURRENT, publish, roll back, sweep.

A version's file name is never used again and its content never changes, so a reader that has it
open stays whole while the pointer moves on.
"""

from __future__ import annotations

import os
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
    """Make a finished build the live version; on any error what was live stays live."""
    build = build_path(directory, version)
    _sync(build)
    os.rename(build, path(directory, version))
    point(directory, version)


def point(directory: Path, version: int) -> None:
    """Move CURRENT, so that a crash leaves either the old or the new number in it."""
    temporary = directory / f"{CURRENT}.tmp"
    with temporary.open("w", encoding="ascii") as file:
        file.write(f"{version}\n")
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, directory / CURRENT)
    _sync(directory)


def roll_back(directory: Path, to: int | None = None) -> int:
    """Point CURRENT at an earlier version (default: the one before). Raises NoSuchVersion."""
    live = current(directory)
    earlier = [version for version in kept(directory) if version != live]
    wanted = to if to is not None else max((v for v in earlier if v < (live or 0)), default=None)
    if wanted is None or wanted not in earlier:
        there = ", ".join(map(str, earlier)) or "none"
        raise NoSuchVersion(f"there is no version {wanted or ''} to go back to; kept are: {there}")
    point(directory, wanted)
    return wanted


def sweep(directory: Path) -> None:
    """Delete builds that were left behind and all but the newest KEEP versions and the live one."""
    live = current(directory)
    for build in directory.glob("build-*"):
        build.unlink() if build.is_file() else _remove_tree(build)
    for version in kept(directory)[:-KEEP]:
        if version != live:
            path(directory, version).unlink()


def _remove_tree(directory: Path) -> None:
    for entry in directory.iterdir():
        entry.unlink()
    directory.rmdir()


def _sync(target: Path) -> None:
    descriptor = os.open(target, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
