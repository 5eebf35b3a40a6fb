"""JSON lines, Parquet and workbooks become frames of exact text."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import os
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
import xlsxwriter
from delivered import deliver, frame, put, rows

from etl import sources
from etl.sources import Delivery, SourceError


def test_jsonl_values_are_exact_texts(tmp_path: Path) -> None:
    content = (
        '{"id": "0012", "amount": 12.50, "n": 12345678901234567890123, "ok": true, "none": null}\n'
        "\n"
        '{"id": "13", "tags": ["a", {"b": 1.5}], "amount": 0.1000000000000000055, "none": ""}\n'
    )
    found = frame(deliver(tmp_path, "s.jsonl", content))
    assert found["line"].to_list() == [1, 3]
    assert found["id"].to_list() == ["0012", "13"]
    assert found["amount"].to_list() == ["12.50", "0.1000000000000000055"]
    assert found["n"].to_list() == ["12345678901234567890123", None]
    assert found["ok"].to_list() == ["true", None]
    assert json.loads(found["tags"][1]) == ["a", {"b": 1.5}]
    assert found["none"].null_count() == 2


def test_jsonl_line_that_is_no_object_is_broken_and_its_neighbours_kept(tmp_path: Path) -> None:
    lines = [
        '{"store_id": "1"}', '{"store_id": "2"', "[1]", "null", '{"name": "x"}', '{"a":"\\ud800"}',
    ]  # fmt: skip
    found = frame(deliver(tmp_path, "s.jsonl.gz", gzip.compress("\n".join(lines).encode())))
    assert found["line"].to_list() == [1, 2, 3, 4, 5, 6]
    assert found["store_id"].to_list() == ["1", None, None, None, None, None]
    assert found["name"][4] == "x"
    why = "the line is not a JSON object, or names a key twice"
    assert found["_broken"].to_list()[1:4] == [why] * 3
    assert found["_raw"][1] == '{"store_id": "2"'


def test_jsonl_without_any_object_is_broken_line_by_line(tmp_path: Path) -> None:
    found = frame(deliver(tmp_path, "s.jsonl", "no json\nat all\n"))
    assert found["_raw"].to_list() == ["no json", "at all"]


def test_careful_and_fast_json_agree(tmp_path: Path) -> None:
    record = '{"a": "x y", "b": 12.5, "c": 7, "d": false, "e": {"k": [1, 2.5, "é"]}, "f": null}\n'
    fast = frame(deliver(tmp_path, "fast.jsonl", record * 3))
    careful = frame(deliver(tmp_path, "careful.jsonl", record * 3 + "no json\n"))
    assert careful.filter(pl.col("_broken").is_null()).drop("_broken", "_raw").equals(fast)


def test_every_jsonl_frame_has_the_columns_of_the_whole_file(tmp_path: Path) -> None:
    content = '{"store_id": "1"}\n' * 10 + '{"store_id": "2", "name": "late"}\n'
    delivery = deliver(tmp_path, "s.jsonl", content)
    batches = list(sources.read(delivery, timezone="UTC", batch_rows=4))
    assert {tuple(batch.columns) for batch in batches} == {("store_id", "name", "line")}


def test_jsonl_of_several_blocks_counts_its_lines_on(tmp_path: Path) -> None:
    record = '{"store_id": "%d", "name": "' + "x" * 2000 + '"}\n'
    content = "".join(record % n for n in range(1, 12_001))
    found = frame(deliver(tmp_path, "s.jsonl", content))
    assert (found["store_id"] == found["line"].cast(pl.String)).all()
    assert found.height == 12_000


def test_parquet_values_are_exact_texts(tmp_path: Path) -> None:
    path = put(tmp_path, "stores/s.parquet", b"")
    moment = dt.datetime(2024, 5, 1, 20, 30, 0, 120_000)
    decimals = [Decimal("0.10"), Decimal("-12345678901234567.89")]
    pl.DataFrame({
        "dec": pl.Series(decimals, dtype=pl.Decimal(38, 2)),
        "float": [0.1, float("nan")],
        "int": [9_007_199_254_740_993, -1],
        "flag": [True, None],
        "at": [moment, moment.replace(microsecond=0)],
        "zoned": pl.Series([moment, None]).dt.replace_time_zone("Asia/Shanghai"),
        "day": [dt.date(2024, 5, 1), None],
        "kind": pl.Series(["a", "b"], dtype=pl.Categorical),
        "list": [[1, 2], None],
        "bytes": [b"caf\xc3\xa9", b"x"],
        "nothing": [None, None],
        "text": ["", "0012"],
    }).write_parquet(path)  # fmt: skip
    found = frame(Delivery(path, "stores/s.parquet", "stores", size=path.stat().st_size))
    assert found.to_dicts() == [
        {
            "dec": "0.10", "float": "0.1", "int": "9007199254740993", "flag": "true",
            "at": "2024-05-01T20:30:00.120", "zoned": "2024-05-01T20:30:00.120+08:00",
            "day": "2024-05-01", "kind": "a", "list": "[1, 2]", "bytes": "café", "nothing": None,
            "text": None, "line": 1,
        },
        {
            "dec": "-12345678901234567.89", "float": None, "int": "-1", "flag": None,
            "at": "2024-05-01T20:30:00", "zoned": None, "day": None, "kind": "b", "list": None,
            "bytes": "x", "nothing": None, "text": "0012", "line": 2,
        },
    ]  # fmt: skip


def workbook(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("Stores")
        sheet.write_row(0, 0, ["store_id", "barcode", "amount", "opened_on", "flag"])
        sheet.write_row(1, 0, ["0012", 6901234567890, 0.1 + 0.2])
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        sheet.write_datetime(1, 3, dt.datetime(2024, 5, 1), day)
        sheet.write_boolean(1, 4, True)
        sheet.write_row(3, 0, ["13", "690", 45000])
        book.add_worksheet("Other").write_row(0, 0, ["x"])
    return path


def test_workbook_cells_are_what_they_show_and_blank_rows_are_none(tmp_path: Path) -> None:
    path = workbook(tmp_path / "stores" / "s.xlsx")
    found = frame(Delivery(path, "stores/s.xlsx", "stores", size=path.stat().st_size))
    assert found.rows() == [
        ("0012", "6901234567890", "0.3", "2024-05-01 00:00:00", "true", 2),
        ("13", "690", "45000", None, None, 4),
    ]


@pytest.mark.parametrize("name", ["s.parquet", "s.xlsx", "s.csv.gz", "s.jsonl.gz"])
def test_damaged_file_is_refused_by_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(SourceError, match=rf"^{name} is (no|not a) .*; (save|deliver) it again"):
        rows(tmp_path, name, b"this is not what its ending says")


def test_truncated_archive_is_refused(tmp_path: Path) -> None:
    whole = gzip.compress(os.urandom(100_000).hex().encode())
    with pytest.raises(SourceError, match="archive that was cut off"):
        rows(tmp_path, "s.csv.gz", whole[:50_000])
