"""Viewers clicking while versions are published under them: no error, and nothing that grows.

    python -m bench.soak --warehouse DIR [--minutes N] [--viewers N] [--every SECONDS]

Works on a copy. Every minute the live version is published once more, under its next number, so
everything kept of the one before is asked anew. Prints clicks and errors, and each minute the
server's memory and open files; both are held against those of the first quarter at the end.
"""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean

import click

from bench import viewers
from warehouse import answers, versions
from warehouse.access import EVERYTHING
from warehouse.engine import reading

GROWTH = 1.1
"""More than the first quarter's is growth."""


@dataclass
class Seen:
    """What the server held: megabytes of memory and open files, at each publish."""

    memory: list[float] = field(default_factory=list)
    files: list[int] = field(default_factory=list)

    def grows(self) -> bool:
        """Whether the last quarter has more than the second, on average; the first warms up."""
        part = max(len(self.files) // 4, 1)
        pairs = [(mean(some[part : 2 * part] or some), mean(some[-part:]))
                 for some in (self.memory, self.files)]  # fmt: skip
        return any(late > GROWTH * early for early, late in pairs)


@click.command(help="Let viewers click while versions are published.")
@click.option("--warehouse", type=click.Path(path_type=Path, exists=True), required=True)
@click.option("--minutes", default=30.0, show_default=True)
@click.option("--viewers", "people", default=25, show_default=True)
@click.option("--every", default=60.0, show_default=True, help="Seconds between publishes.")
@click.option("--think", default=5.0, show_default=True, help="Seconds between clicks, on average.")
def main(warehouse: Path, minutes: float, people: int, every: float, think: float) -> None:
    """Print what the server held, how long clicks took, and whether anything grew."""
    with tempfile.TemporaryDirectory(dir=warehouse.absolute().parent) as folder:
        copy = Path(folder)
        live = versions.path(warehouse, versions.current(warehouse) or 0)
        shutil.copyfile(live, versions.path(copy, 1))
        versions.point(copy, 1)
        with reading(copy) as snapshot:
            stores = answers.values(snapshot, "store", EVERYTHING, limit=200)["value"].to_list()
        first, later = viewers.Taken(), viewers.Taken()
        with viewers.serving(copy) as port, _publishing(copy, every) as seen:
            asyncio.run(_clicking(port, minutes, people, think, stores, first, later))
    click.echo(viewers._line("click", later))
    errors, grows = len(first.errors + later.errors), seen.grows()
    click.echo(f"{minutes:g} minutes, {len(seen.files)} publishes, {errors} errors;"
               f" memory or files grow: {'yes' if grows else 'no'}")  # fmt: skip


async def _clicking(
    port: int, minutes: float, people: int, think: float, stores: list[str],
    first: viewers.Taken, later: viewers.Taken,
) -> None:  # fmt: skip
    clicks, chance = 1_000_000, random.Random(1)
    with_end = (
        viewers._viewer(port, clicks, think, stores, random.Random(chance.random()), first, later)
        for _ in range(people)
    )
    try:
        async with asyncio.timeout(minutes * 60):
            await asyncio.gather(*with_end)
    except TimeoutError:
        return


@contextmanager
def _publishing(directory: Path, every: float) -> Iterator[Seen]:
    """Publish the live version again and again, and note what the server holds each time."""
    seen, ended = Seen(), threading.Event()
    server = next(pid for pid in _children() if _files(pid))

    def publish() -> None:
        while not ended.wait(every):
            live, number = versions.current(directory) or 0, versions.next_version(directory)
            shutil.copyfile(versions.path(directory, live), versions.build_path(directory, number))
            versions.publish(directory, number)
            versions.sweep(directory)
            seen.memory.append(_memory(server))
            seen.files.append(_files(server))
            click.echo(f"version {number}: {seen.memory[-1]:.0f} MB, {seen.files[-1]} open files")

    thread = threading.Thread(target=publish, daemon=True)
    thread.start()
    yield seen
    ended.set()
    thread.join()


def _children() -> list[int]:
    """Processes that this one started."""
    own = Path(f"/proc/{os.getpid()}/task")
    return [int(pid) for task in own.iterdir() for pid in (task / "children").read_text().split()]


def _files(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def _memory(pid: int) -> float:
    """Megabytes that lie in memory."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


if __name__ == "__main__":
    main()
