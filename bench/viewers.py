"""Many viewers clicking on one server at once.

    python -m bench.viewers --warehouse DIR [--viewers N] [--clicks N] [--think SECONDS]

Starts the dashboard on a port of its own. Each viewer holds a WebSocket as a browser does, opens a
page, and clicks: another page, period or store at random, thinking in between. A click takes from
sending it to the end of its run; drawing, which happens on the viewer's own machine, is not in it.
Prints milliseconds (median, p95, greatest), clicks a second and errors, what the server worked for
a click (seconds of processor time, its start included), and the target: 25 viewers, p95 of at most
one second, no error.
"""

from __future__ import annotations

import asyncio
import os
import random
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles
from urllib.parse import urlencode

import click
from streamlit.proto.Alert_pb2 import Alert
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

from warehouse import answers
from warehouse.access import EVERYTHING
from warehouse.engine import reading

ROOT = Path(__file__).resolve().parent.parent
PAGES = ("overview", "regions", "stores", "guides", "funnels", "growth", "cohorts", "stock")
PERIODS = ("last_30", "last_7", "yesterday", "month_to_date", "last_month", "quarter_to_date")
TARGET = 1.0


@dataclass
class Taken:
    """Seconds of every click, and what went wrong."""

    seconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


@click.command(help="Time clicks of many viewers at once.")
@click.option("--warehouse", type=click.Path(path_type=Path, exists=True), required=True)
@click.option("--viewers", default=25, show_default=True)
@click.option("--clicks", default=12, show_default=True, help="Of each viewer.")
@click.option("--think", default=5.0, show_default=True, help="Seconds between clicks, on average.")
@click.option("--seed", default=1, show_default=True)
def main(warehouse: Path, viewers: int, clicks: int, think: float, seed: int) -> None:
    """Print one line on the first page of each viewer and one on the clicks."""
    with reading(warehouse.absolute()) as snapshot:
        stores = answers.values(snapshot, "store", EVERYTHING, limit=200)["value"].to_list()
    first, later = Taken(), Taken()
    with serving(warehouse.absolute()) as port:
        asyncio.run(_visit(port, viewers, clicks, think, stores, random.Random(seed), first, later))
    click.echo(_line("first page", first))
    click.echo(_line("click", later))
    worked = resource.getrusage(resource.RUSAGE_CHILDREN)
    number = len(first.seconds) + len(later.seconds)
    click.echo(f"{(worked.ru_utime + worked.ru_stime) / number:.2f} s of the server's work a click")
    met = bool(later.seconds) and _p95(later.seconds) <= TARGET and not first.errors + later.errors
    click.echo(f"p95 of a click at most {TARGET:.0f} s and no error: {'yes' if met else 'no'}")


@contextmanager
def serving(warehouse: Path) -> Iterator[int]:
    """A dashboard on that warehouse, and its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    process = subprocess.Popen(
        command, cwd=ROOT, env=os.environ | {"GUIDEPOST_WAREHOUSE": str(warehouse)},
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert process.stdout
    try:
        next(line for line in process.stdout if "URL:" in line)
        yield port
    finally:
        process.terminate()
        process.wait()


async def _visit(
    port: int, viewers: int, clicks: int, think: float, stores: list[str], chance: random.Random,
    first: Taken, later: Taken,
) -> None:  # fmt: skip
    each = [
        _viewer(port, clicks, think, stores, random.Random(chance.random()), first, later)
        for _ in range(viewers)
    ]
    started = time.perf_counter()
    await asyncio.gather(*each)
    spent = time.perf_counter() - started
    click.echo(f"{viewers} viewers, {len(later.seconds) / spent:.1f} clicks a second")


async def _viewer(
    port: int, clicks: int, think: float, stores: list[str], chance: random.Random,
    first: Taken, later: Taken,
) -> None:  # fmt: skip
    address = f"ws://127.0.0.1:{port}/_stcore/stream"
    async with connect(address, max_size=None, origin=f"http://127.0.0.1:{port}") as line:  # type: ignore[arg-type]
        await asyncio.sleep(chance.uniform(0, think))
        await _click(line, "", {}, first)
        for _ in range(clicks):
            await asyncio.sleep(chance.expovariate(1 / think))
            link = {"period": chance.choice(PERIODS)}
            if chance.random() < 0.5:
                link["store"] = chance.choice(stores)
            await _click(line, chance.choice(PAGES), link, later)


async def _click(line: ClientConnection, page: str, link: dict[str, str], taken: Taken) -> None:
    """Ask for a page and wait for the end of its run."""
    asked = BackMsg()
    asked.rerun_script.page_name = page
    asked.rerun_script.query_string = urlencode(link)
    started = time.perf_counter()
    await line.send(asked.SerializeToString())
    try:
        async with asyncio.timeout(60):
            await _finished(line, taken)
    except TimeoutError:
        taken.errors.append("no answer within a minute")
        return
    taken.seconds.append(time.perf_counter() - started)


async def _finished(line: ClientConnection, taken: Taken) -> None:
    while True:
        told = ForwardMsg.FromString(bytes(await line.recv(decode=False)))
        kind = told.WhichOneof("type")
        if kind == "script_finished":
            if told.script_finished != ForwardMsg.FINISHED_SUCCESSFULLY:
                taken.errors.append(ForwardMsg.ScriptFinishedStatus.Name(told.script_finished))
            return
        shown = told.delta.new_element if kind == "delta" else None
        if shown and shown.WhichOneof("type") == "exception":
            taken.errors.append(shown.exception.message)
        if shown and shown.alert.format == Alert.ERROR:
            taken.errors.append(shown.alert.body)


def _p95(seconds: list[float]) -> float:
    return quantiles(seconds, n=20, method="inclusive")[-1] if len(seconds) > 1 else seconds[0]


def _line(what: str, taken: Taken) -> str:
    if not taken.seconds:
        return f"{what}: none, {len(taken.errors)} errors"
    numbers = (median(taken.seconds), _p95(taken.seconds), max(taken.seconds))
    told = ", ".join(f"{name} {seconds * 1000:.0f}" for name, seconds in
                     zip(("median", "p95", "greatest"), numbers, strict=True))  # fmt: skip
    errors = "".join(f"\n  {error}" for error in sorted(set(taken.errors)))
    return f"{what}: {len(taken.seconds)} times, ms: {told}; errors: {len(taken.errors)}{errors}"


if __name__ == "__main__":
    main()
