"""How time, memory and disk grow with the company: the same measures of several warehouses.

    python -m bench.growth DIR DIR… [--write]

Each DIR was built by bench.full_scale, the smallest first. Times are of the processor, which hold
on a busy machine as well; those of questions are the least of three. The last column
says by how much a measure grows where the company grows tenfold. `--write` puts table and chart
into docs/performance.md under "Growth".
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import click

from bench import full_scale, measures, report
from bench.by_hand import ASKED
from bench.company import FULL, Company
from etl.derive import STEPS
from reports.charts import base
from reports.pictures import Studio
from warehouse import versions

SECTION, PICTURE = "## Growth", report.DOC.parent / "pictures" / "at-scale.png"
MEASURES = {
    "made and derived, s of work": "{:,.0f}", "derived tables alone, s of work": "{:,.0f}",
    "greatest memory of a step, GB": "{:.2f}", "warehouse, GB": "{:.2f}",
    "one day more, s of work": "{:.1f}", "month views, ms of work": "{:.0f}",
    "year and store views, ms of work": "{:.0f}",
}  # fmt: skip


@dataclass(frozen=True)
class Measured:
    """One warehouse: millions of lines of receipts, and each of MEASURES."""

    lines: float
    company: Company
    values: Sequence[float]


def measured(directory: Path) -> Measured:
    """Measure one warehouse; what building it took was noted then."""
    company = Company(full_scale.share_of(directory))
    steps = full_scale.taken(directory)["steps"]
    live = versions.path(directory, versions.current(directory) or 0)
    work = {name: float(used["work"]) for name, used in steps.items()}
    with measures._copied(directory) as copy:
        more = full_scale.one_day_more(copy, company)
    asked = [_asked(directory, yearly) for yearly in (False, True)]
    values = (
        sum(work.values()), sum(work[name] for name in STEPS),
        max(float(used["memory"]) for used in steps.values()), live.stat().st_size / 1e9,
        more["day"].work - more["copy"].work, *asked,
    )  # fmt: skip
    return Measured(FULL["receipts"] * 2.5 * company.share / 1e6, company, values)


def _asked(directory: Path, yearly: bool) -> float:
    """Milliseconds of work of all questions of such views, for the whole company."""
    asked = [one for one in ASKED if measures._is_long(one) == yearly and one.page != "cohorts"]
    with measures._opened(directory) as (snapshot, last):
        queries = [*measures._queries(asked, last)]
        return sum(min(_worked(snapshot, query) for _ in range(3)) for query in queries)


def _worked(snapshot: Any, query: measures.Query) -> float:
    started = time.process_time()
    snapshot.fetch_sql(*query)
    return (time.process_time() - started) * 1000


def tenfold(found: Sequence[Measured], place: int) -> float:
    """By how much a measure grows where the lines grow tenfold."""
    small, large = found[0], found[-1]
    steps = math.log10(large.lines / small.lines)
    return float((large.values[place] / small.values[place]) ** (1 / steps))


def table(found: Sequence[Measured]) -> str:
    """The measures as markdown, a column a warehouse."""
    heads = [f"{one.lines:,.1f} m lines, {one.company.size('stores'):,} stores" for one in found]
    rows = [
        [name, *(layout.format(one.values[place]) for one in found),
         f"× {tenfold(found, place):.1f}"]
        for place, (name, layout) in enumerate(MEASURES.items())
    ]  # fmt: skip
    per_line = [one.values[3] * 1e3 / one.lines for one in found]
    rows.append(["bytes of the warehouse for each line of a receipt",
                 *(f"{size:.0f}" for size in per_line), ""])  # fmt: skip
    lines = [["", *heads, "at ten times"], ["---", *["---:"] * (len(found) + 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def chart(found: Sequence[Measured]) -> Any:
    """Each measure beside that of the smallest company, both axes logarithmic."""
    data = [
        {"type": "scatter", "mode": "lines+markers", "name": name,
         "x": [one.lines for one in found],
         "y": [one.values[place] / found[0].values[place] for one in found]}
        for place, name in enumerate(MEASURES)
    ]  # fmt: skip
    millions = [one.lines for one in found]
    across = {"tickvals": millions, "ticktext": [f"{number:.3g}" for number in millions]}
    return base.figure(
        data, 420, {"type": "log", "title": {"text": "million lines of receipts"}, **across},
        {"type": "log", "title": {"text": "times the smallest"}, "tickvals": [1, 2, 5, 10, 20, 50]},
        legend=base.LEGEND,
    )  # fmt: skip


@click.command(help="Measure how things grow with the company.")
@click.argument("directories", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--write", is_flag=True, help="Put table and chart into docs/performance.md.")
def main(directories: tuple[Path, ...], write: bool) -> None:
    """Measure, print, and write."""
    found = [measured(directory.absolute()) for directory in directories]
    click.echo(table(found))
    if write:
        studio = Studio()
        PICTURE.write_bytes(studio.drawn([chart(found)], 900)[0])
        studio.close()
        command = f"`python -m bench.growth`, {date.today()}; {report.machine()}."
        picture = f"![Each measure beside the smallest company's](pictures/{PICTURE.name})"
        report.write_section(SECTION, f"{command}\n\n{table(found)}\n\n{picture}")


if __name__ == "__main__":
    main()
