"""Broken and hostile files: each comes to its one end, told with a reason, and harms no other."""

from __future__ import annotations

import gzip
import json
import multiprocessing
import random
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from typing import Any

import pytest
from cli import etl
from conftest import Company
from hostile import SECRET_PLACE, Case, Refused, Rejected, Untouched
from hostile_cells import cells, matrix
from hostile_text import compressed, encodings, places, text
from hostile_typed import json_lines, typed_files
from loading import hurry
from sqlalchemy import select

from etl import sources
from etl.sources import Delivery, SourceError
from warehouse.feeds import FEEDS
from warehouse.schema import ETL_FILES, LOADED
from warehouse.settings import Settings

PARTS = (cells, matrix, text, encodings, compressed, json_lines, typed_files, places)
CASES = [Case(*one) for part in PARTS for one in part()]
KINDS = ("loaded", "unchanged", "superseded", "rejected", "voided")


@dataclass(frozen=True)
class Ends:
    """What became of each file of the inbox, by its name."""

    files: dict[str, dict[str, Any]]
    rejects: dict[str, list[dict[str, Any]]]
    rows: dict[str, dict[int, list[dict[str, Any]]]]
    said: str


@pytest.fixture(scope="module")
def ends(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ends]:
    """The whole table, in one inbox and one run."""
    root = tmp_path_factory.mktemp("hostile")
    settings = Settings(warehouse=root / "warehouse", inbox=root / "inbox", secret="a test key")
    company = Company(settings)
    (root / SECRET_PLACE).mkdir()
    (root / SECRET_PLACE / "secret.csv").write_text("store_id\nsecret\n")
    for case in CASES:
        case.write(settings.inbox)
    config = root / "half.toml"
    config.write_text("max_reject_share = 0.5\n")
    with pytest.MonkeyPatch.context() as patched:
        hurry(patched)
        result = etl(company, "run", CONFIG=config)
        assert result.exit_code == 2, result.output
        yield looked_at(company, result.stderr)


def looked_at(company: Company, said: str) -> Ends:
    rejects: dict[str, list[dict[str, Any]]] = {}
    for one in json.loads(etl(company, "rejects", "--format", "json").stdout):
        rejects.setdefault(one["file"], []).append(one)
    rows: dict[str, dict[int, list[dict[str, Any]]]] = {}
    with company.stored() as snapshot:
        files = snapshot.fetch(select(ETL_FILES)).to_dicts()
        for feed in FEEDS:
            for row in snapshot.fetch(select(LOADED[feed])).to_dicts():
                rows.setdefault(feed, {}).setdefault(row["file_key"], []).append(row)
    return Ends({one["name"]: one for one in files}, rejects, rows, said)


def shown(case: Case) -> str:
    """The name under which a file is told that has none to print."""
    return repr(case.file.encode("utf-8", "replace").decode())[1:-1]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.claim)
def test_every_file_comes_to_its_end(ends: Ends, case: Case) -> None:
    end = case.end
    if isinstance(end, Refused):
        return refused(ends, case, end)
    if isinstance(end, Untouched):
        assert case.file not in ends.files and case.file not in ends.rejects
        return None
    file = ends.files[case.file]
    assert file["outcome"] == "loaded", file["reason"]
    assert file["rows_read"] == sum(file[f"rows_{kind}"] for kind in KINDS)
    if isinstance(end, Rejected):
        (told,) = ends.rejects[case.file]
        assert (told["line"], told["rule"], file["rows_loaded"]) == (end.line, end.rule, end.loaded)
        assert end.says in told["message"]
        return None
    assert case.file not in ends.rejects
    assert file["rows_loaded"] == end.rows
    stored = ends.rows.get(file["feed"], {}).get(file["file_key"], [])
    assert len(stored) == end.rows
    last = max(stored, key=lambda row: row["file_line"], default={})
    assert {name: last[name] for name in end.cells} == end.cells
    return None


def refused(ends: Ends, case: Case, end: Refused) -> None:
    """The whole file is refused in one sentence that names it, on stderr and in the ledger."""
    told = {one["file"]: one["message"] for name in ends.rejects for one in ends.rejects[name]
            if one["line"] is None}  # fmt: skip
    name = next(
        n
        for n in (case.file, shown(case), case.file.split("/")[0], repr(case.file)[1:-1])
        if n in told
    )
    assert end.says in told[name]
    assert told[name].startswith(name.split("/")[0]) or Path(name).name in told[name]
    assert f"refused: {told[name]}" in ends.said


def test_the_table_covers_every_feed_and_is_told_without_a_gap(ends: Ends) -> None:
    assert len(CASES) >= 120
    assert {case.file.partition("/")[0] for case in CASES} >= set(FEEDS)
    names = [case.file for case in CASES]
    assert len(set(names)) == len(names)


# Memory ----------------------------------------------------------------------------------------
def refused_within(path: Path, told: Connection) -> None:
    """Read a file that must be refused; tells why, and the growth of the greatest memory (MB)."""
    before = getrusage(RUSAGE_SELF).ru_maxrss
    try:
        size = path.stat().st_size
        delivery = Delivery(path, path.name, "stores", size=size)
        list(sources.read(delivery, timezone="UTC"))
    except SourceError as error:
        told.send((str(error), (getrusage(RUSAGE_SELF).ru_maxrss - before) / 1024))


@pytest.mark.parametrize("name", ["line.csv", "line.jsonl", "line.csv.gz"])
def test_a_line_of_100_mb_is_refused_and_never_held(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    noise = random.Random(1).randbytes(50_000_000).hex().encode()
    whole = b"a,b\n1,2\n" + noise
    path.write_bytes(gzip.compress(whole, 1) if name.endswith(".gz") else whole)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["etl.__main__"])
    found, told = context.Pipe(duplex=False)
    process = context.Process(target=refused_within, args=(path, told))
    process.start()
    told.close()
    why, grown = found.recv()
    process.join()
    assert f"{name} has a line" in why and "longer than 4 MB" in why
    assert grown < 80
