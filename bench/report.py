"""Every speed that was promised, measured in one run, each beside its reference.

    python -m bench.report --warehouse DIR [--tenth DIR] [--lines N] [--only NAME]… [--write]

DIR is a warehouse that bench.full_scale built. `--tenth` is one of the last tenth of its days, for
what may not grow with the history. `--lines` is the size of what is loaded from files. `--only`
measures some rows. Prints each target (04-architecture.md) as met or not met; `--write` puts the
table into docs/performance.md under "At full scale". A day more is loaded into a copy that is
deleted; the warehouses stay as they are.
"""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from importlib.metadata import version
from pathlib import Path

import click

from bench import full_scale
from bench.company import FULL, Company
from bench.measures import MEASURES, Bench, Row

DOC, SECTION = Path(__file__).resolve().parent.parent / "docs/performance.md", "## At full scale"


@click.command(help="Measure every target beside its reference.")
@click.option("--warehouse", type=click.Path(path_type=Path, exists=True), required=True)
@click.option("--tenth", type=click.Path(path_type=Path, exists=True), help="A tenth of its days.")
@click.option("--lines", default=12_000_000, show_default=True, help="Lines to load from files.")
@click.option("--only", multiple=True, type=click.Choice([*MEASURES]))
@click.option("--write", is_flag=True, help="Put the table into docs/performance.md.")
def main(
    warehouse: Path, tenth: Path | None, lines: int, only: tuple[str, ...], write: bool
) -> None:
    """Measure, print, and write."""
    bench = Bench(warehouse.absolute(), tenth, lines, Company(full_scale.share_of(warehouse)))
    rows = [row for name in only or MEASURES for row in _told(MEASURES[name], bench)]
    missed = sum(row.met is False for row in rows)
    click.echo(f"{len(rows) - missed} of {len(rows)} met")
    if write:
        write_section(SECTION, _section(bench, rows))


def _told(measure: Callable[[Bench], Iterator[Row]], bench: Bench) -> Iterator[Row]:
    for row in measure(bench):
        click.echo(f"{_verdict(row):8} {row.what} ({row.at}): {row.measured} | {row.reference}")
        yield row


def _verdict(row: Row) -> str:
    return {True: "met", False: "**missed**", None: "not measured"}[row.met]


def _section(bench: Bench, rows: Sequence[Row]) -> str:
    receipts = int(FULL["receipts"] * 2.5 * bench.company.share)
    words = ("DIR" if "/" in word else word for word in sys.argv[1:] if word != "--write")
    lines = [
        f"`python -m bench.report {' '.join(words)}`, {date.today()}; {machine()}.",
        f"The warehouse is {bench.at}: {bench.company.size('stores'):,} stores,"
        f" {bench.company.size('members'):,} members, {receipts:,} lines of receipts,"
        f" {bench.company.size('touchpoints'):,} touchpoints; {bench.gigabytes:.1f} GB.",
        "", "| what | at | reach | measured | reference | |", "|---|---|---|---|---|---|",
        *(f"| {row.what} | {row.at} | {row.reach} | {row.measured} | {row.reference} |"
          f" {_verdict(row)} |" for row in rows),
        *_steps(bench.warehouse),
    ]  # fmt: skip
    return "\n".join(lines)


def _steps(warehouse: Path) -> list[str]:
    """What building the warehouse took."""
    took = full_scale.taken(warehouse)["steps"]
    rows = [
        f"| {name} | {used['seconds']:,.0f} | {used['work']:,.0f} | {used['memory']:.1f} |"
        for name, used in took.items()
    ]
    return [
        "", "What building it took (`python -m bench.full_scale`):", "",
        "| step | seconds | seconds of work | greatest memory, GB |", "|---|---:|---:|---:|", *rows,
    ]  # fmt: skip


def machine() -> str:
    """Cores, memory, versions, and how busy it was, in words."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    used = ", ".join(f"{name} {version(name)}" for name in ("duckdb", "polars", "streamlit"))
    busy = os.getloadavg()[2]
    return (
        f"{os.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()}, {used},"
        f" load {busy:.0f} in the quarter of an hour before the end"
    )


def write_section(heading: str, body: str) -> None:
    """Put a section of docs/performance.md in place of the one of that heading."""
    text = DOC.read_text(encoding="utf-8")
    before, found, rest = text.partition(f"{heading}\n")
    after = rest[rest.find("\n## ") + 1 :] if "\n## " in rest else ""
    before = before if found else f"{before.rstrip()}\n\n"
    DOC.write_text(f"{before}{heading}\n\n{body}\n" + (f"\n{after}" if after else ""), "utf-8")


if __name__ == "__main__":
    main()
