"""What the pages ask, timed against SQL written by hand for the same answers.

    python -m bench.queries [--warehouse DIR] [--lines N] [--times N]

Without `--warehouse` a company of N lines (bench/made.py) is made in a temporary directory. A row
says which tables answered, the rows of the answer, milliseconds to build and render the statement,
to run it (first, least, median), to run the hand-written SQL (least), the ratio of the two in
processor time (the median of runs in turn), and milliseconds from lines. The hand-written SQL reads
the same tables; answers must be equal.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from operator import truediv
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import click
import polars as pl
from polars.testing import assert_frame_equal

from bench import made
from bench.by_hand import ASKED, Asked
from warehouse import answers
from warehouse.access import EVERYTHING
from warehouse.engine import Hub, Snapshot, render
from warehouse.filters import Question
from warehouse.metrics import METRICS
from warehouse.routes import routed
from warehouse.sources import SOURCES


@click.command(help="Time the pages' queries against hand-written SQL.")
@click.option("--warehouse", type=click.Path(path_type=Path, exists=True), help="A published one.")
@click.option("--lines", default=12_000_000, show_default=True, help="Size of the made-up one.")
@click.option("--times", default=25, show_default=True, help="How often each query is run.")
def main(warehouse: Path | None, lines: int, times: int) -> None:
    """Print one row a question."""
    with TemporaryDirectory() as made_here:
        if warehouse is None:
            warehouse = Path(made_here)
            making = Runs(lambda: made.make(Path(made_here), lines))
            making.once()
            click.echo(f"{lines} lines made and summed up in {making.wall[0] / 1000:.0f} s")
        hub = Hub(warehouse)
        wide = pl.Config(tbl_rows=-1, tbl_cols=-1, tbl_width_chars=200, fmt_str_lengths=60)
        with hub.snapshot() as snapshot, wide:
            click.echo(pl.DataFrame(list(_measured(snapshot, times))))
        hub.close()


def _measured(snapshot: Snapshot, times: int) -> Iterator[dict[str, object]]:
    bounds = answers.bounds(snapshot, EVERYTHING)
    assert bounds is not None
    for asked in ASKED:
        question, by_hand = asked.within(bounds[1])
        built = Runs(partial(_rendered, asked, question))
        ours = Runs(partial(snapshot.fetch_sql, *built.once()))
        hand = Runs(partial(snapshot.fetch_sql, by_hand, ()))
        from_lines = _rendered(asked, replace(question, from_lines=True))
        lines = Runs(partial(snapshot.fetch_sql, *from_lines))
        answer = lines.once()
        for _ in range(times):  # in turn, so that what else the machine does meets both alike
            _assert_same(ours.once(), answer)
            _assert_same(hand.once(), answer)
        yield {
            "page": asked.page, "question": asked.name, "tables": _tables(question),
            "rows": answer.height, "build": min(built.wall), "first": ours.wall[0],
            "least": min(ours.wall), "median": median(ours.wall), "by_hand": min(hand.wall),
            "ratio": round(median(map(truediv, ours.busy, hand.busy)), 2),
            "from_lines": min(lines.wall),
        }  # fmt: skip


def _rendered(asked: Asked, question: Question) -> tuple[str, tuple[Any, ...]]:
    return render(asked.ask(question))


def _assert_same(answer: pl.DataFrame, other: pl.DataFrame) -> None:
    named = answer.rename(dict(zip(answer.columns, other.columns, strict=True)))
    assert_frame_equal(named, other, check_dtypes=False, rel_tol=1e-9, abs_tol=1e-9)


class Runs:
    """Something done several times: milliseconds it took, and for which processors were busy."""

    def __init__(self, work: Callable[[], Any]) -> None:
        self._work = work
        self.wall: list[float] = []
        self.busy: list[float] = []

    def once(self) -> Any:
        """Do it once more; returns what comes of it."""
        wall, busy = time.perf_counter(), time.process_time()
        done = self._work()
        self.wall.append(round((time.perf_counter() - wall) * 1000, 1))
        self.busy.append(round((time.process_time() - busy) * 1000, 1))
        return done


def _tables(question: Question) -> str:
    """Where the parts of a question are read."""
    found = [
        rollup.name.removeprefix("agg_") if rollup else part.source
        for key in question.keys
        for part in METRICS[key].parts
        for rollup, _ in routed(SOURCES[part.source], [part], question, EVERYTHING)
    ]
    return " ".join(dict.fromkeys(found))


if __name__ == "__main__":
    main()
