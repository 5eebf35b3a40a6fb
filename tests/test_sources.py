"""Separated text becomes frames of text: nothing lost, nothing shifted, nothing guessed."""

from __future__ import annotations

import gzip
from pathlib import Path

import polars as pl
import pytest
from delivered import deliver, frame, put, rows

from etl import sources
from etl.sources import SourceError, StillWriting


# Separated text --------------------------------------------------------------------------------
def test_csv_cells_are_the_texts_between_the_separators(tmp_path: Path) -> None:
    content = 'store_id,store_name,note\n0012, West ,"a, ""b"""\n13,,""\n'
    assert rows(tmp_path, "s.csv", content) == [
        ("0012", " West ", 'a, "b"', 2),
        ("13", None, None, 3),
    ]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_separator_is_found_in_the_header(tmp_path: Path, separator: str) -> None:
    content = f'store_id{separator}"name, long; or not"\n1{separator}x\n'
    found = frame(deliver(tmp_path, "s.csv", content))
    assert found.columns == ["store_id", "name, long; or not", "line"]
    assert found.row(0) == ("1", "x", 2)


def test_tsv_is_separated_by_tabs_whatever_else_is_in_the_header(tmp_path: Path) -> None:
    found = frame(deliver(tmp_path, "s.tsv", "a,b,c,d\te\n1,2\t3\n"))
    assert found.rows() == [("1,2", "3", 2)]


NAMES = "store_id,store_name\n01,上海南京路\n02,北京—王府井\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030", "gbk"])
def test_every_encoding_of_the_contract_gives_the_same_rows(tmp_path: Path, encoding: str) -> None:
    expected = [("01", "上海南京路", 2), ("02", "北京—王府井", 3)]
    assert rows(tmp_path, "s.csv", NAMES.encode(encoding)) == expected
    assert rows(tmp_path, "s.csv.gz", gzip.compress(NAMES.encode(encoding))) == expected


def test_gb18030_is_seen_however_late_its_first_character_comes(tmp_path: Path) -> None:
    content = "store_id,store_name\n" + "1,plain\n" * 300_000 + "2,中\n"
    found = frame(deliver(tmp_path, "s.csv", content.encode("gb18030")))
    assert found.row(-1) == ("2", "中", 300_002)


def test_file_with_a_mark_of_utf8_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"s\.csv is not the UTF-8 it says it is"):
        rows(tmp_path, "s.csv", b"\xef\xbb\xbfstore_id\n\xd6\xd0\n")


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"s\.csv is not text"):
        rows(tmp_path, "s.csv", b"PK\x03\x04\x00\x00")
    with pytest.raises(SourceError, match=r"stores/s\.csv is not text in gb18030"):
        rows(tmp_path, "s.csv", b"store_id\n\xff\xff\n")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_kind_of_line_end_ends_a_record(tmp_path: Path, end: str) -> None:
    content = end.join(["store_id,store_name", "1,a", "2,b"])
    assert rows(tmp_path, "s.csv", content) == [("1", "a", 2), ("2", "b", 3)]


def test_blank_lines_are_no_records(tmp_path: Path) -> None:
    content = "\nstore_id,store_name\n\n1,a\n\n2,b\n\n\n"
    assert [row[:2] for row in rows(tmp_path, "s.csv", content)] == [("1", "a"), ("2", "b")]


def test_record_with_quoted_line_ends_is_one_record(tmp_path: Path) -> None:
    content = 'store_id,name,note\n1,a,"first, line\nsecond"\n2,b,c\n'
    assert rows(tmp_path, "s.csv", content) == [
        ("1", "a", "first, line\nsecond", 2),
        ("2", "b", "c", 3),
    ]


def test_quote_inside_an_unquoted_cell_is_a_character_like_others(tmp_path: Path) -> None:
    content = 'store_id,name,note\n1,5" pipe,x\n2,6" pipe,y\n3,c,z\n'
    assert rows(tmp_path, "s.csv", content)[0] == ("1", '5" pipe', "x", 2)


# Broken records --------------------------------------------------------------------------------
def test_record_with_a_wrong_number_of_fields_is_told_and_its_neighbours_kept(
    tmp_path: Path,
) -> None:
    content = "store_id,store_name,city\n1,a,x\n2,b\n3,c,y,too\n4,d,z,\n5,e,w\n"
    found = frame(deliver(tmp_path, "s.csv", content))
    assert found.select("store_id", "line").rows() == [
        ("1", 2), (None, 3), (None, 4), (None, 5), ("5", 6),
    ]  # fmt: skip
    assert found["_broken"].to_list() == [
        None,
        "2 fields where the header has 3",
        "4 fields where the header has 3",
        "4 fields where the header has 3",
        None,
    ]
    assert found["_raw"].to_list() == [None, "2,b", "3,c,y,too", "4,d,z,", None]


@pytest.mark.parametrize("batch_rows", [1, 7, 1000, 500_000])
def test_broken_records_keep_their_place_over_blocks_and_batches(
    tmp_path: Path, batch_rows: int
) -> None:
    cut = batch_rows // 500_000 * 300_000 + 3_000
    broken = {2, 3, 500, cut // 2, cut}
    records = [f"{n},name of store {n}" if n not in broken else f"{n}" for n in range(2, cut + 1)]
    content = "\n".join(["store_id,store_name", *records])
    found = frame(deliver(tmp_path, "s.csv", content), batch_rows)
    assert found["line"].to_list() == list(range(2, cut + 1))
    assert set(found.filter(pl.col("_broken").is_not_null())["line"]) == broken
    good = found.filter(pl.col("_broken").is_null())
    assert (good["store_id"] == good["line"].cast(pl.String)).all()


def test_stray_quotes_that_join_records_break_them_instead_of_shifting(tmp_path: Path) -> None:
    content = 'store_id,name,city\n1,a,x\n2,"b,y\n3,c,z\n4,"d,w\n5,e,v\n'
    found = frame(deliver(tmp_path, "s.csv", content))
    good = found.filter(pl.col("_broken").is_null())
    assert good["store_id"].to_list() == ["1", "5"]
    why = "a stray quotation mark joins several records"
    assert found["_broken"].drop_nulls().to_list() == [why]
    assert "3,c,z" in found["_raw"].drop_nulls()[0]


@pytest.mark.parametrize("more", [3, 1_000_000])
def test_quote_that_is_never_closed_refuses_the_file(tmp_path: Path, more: int) -> None:
    content = 'store_id,name\n1,a\n2,"b\n' + "3,c\n" * more
    with pytest.raises(SourceError, match=r"quotation mark opened .* is never closed"):
        rows(tmp_path, "s.csv", content)


def test_file_whose_records_are_all_broken_hands_on_every_one(tmp_path: Path) -> None:
    found = frame(deliver(tmp_path, "s.csv", "store_id,name\n1\n2\n"))
    assert found.height == found["_broken"].drop_nulls().len() == 2


# Headers ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["s.csv", "s.jsonl", "s.tsv"])
@pytest.mark.parametrize("content", ["", "\n\n", "\ufeff"])
def test_empty_file_is_refused(tmp_path: Path, name: str, content: str) -> None:
    with pytest.raises(SourceError, match=rf"{name} is empty"):
        rows(tmp_path, name, content)


@pytest.mark.parametrize("content", ["store_id,name", "store_id,name\n", "store_id,name\r\n\r\n"])
def test_header_alone_gives_one_empty_frame_with_its_columns(tmp_path: Path, content: str) -> None:
    found = list(sources.read(deliver(tmp_path, "s.csv", content), timezone="UTC"))
    assert [batch.columns for batch in found] == [["store_id", "name", "line"]]
    assert found[0].is_empty()


def test_column_named_twice_refuses_the_file(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"s\.csv has the column 'name' twice"):
        rows(tmp_path, "s.csv", "store_id,name, name\n1,a,b\n")


def test_headers_are_trimmed_and_nameless_columns_are_numbered(tmp_path: Path) -> None:
    found = frame(deliver(tmp_path, "s.csv", "\ufeffstore_id , name,\n1,a,\n"))
    assert found.columns == ["store_id", "name", "column_3", "line"]


def test_column_of_the_file_named_like_ours_steps_aside(tmp_path: Path) -> None:
    found = frame(deliver(tmp_path, "s.csv", "store_id,line\n1,ninth\n"))
    assert found.to_dicts() == [{"store_id": "1", "line (column)": "ninth", "line": 2}]


# Still being written ---------------------------------------------------------------------------
def test_file_that_grew_since_it_was_listed_waits(tmp_path: Path) -> None:
    delivery = deliver(tmp_path, "s.csv", "store_id\n1\n")
    put(tmp_path, "stores/s.csv", "store_id\n1\n2\n")
    with pytest.raises(StillWriting, match=r"s\.csv is still being written"):
        list(sources.read(delivery, timezone="UTC"))


def test_file_that_grows_while_it_is_read_waits(tmp_path: Path) -> None:
    delivery = deliver(tmp_path, "s.csv", "store_id\n1\n2\n3\n")
    batches = sources.read(delivery, timezone="UTC", batch_rows=1)
    assert next(batches).height == 1
    put(tmp_path, "stores/s.csv", "store_id\n1\n2\n3\n4\n")
    with pytest.raises(StillWriting):
        list(batches)


def test_half_written_archive_waits_rather_than_being_refused(tmp_path: Path) -> None:
    delivery = deliver(tmp_path, "s.csv.gz", gzip.compress(b"store_id\n1\n")[:-6])
    put(tmp_path, "stores/s.csv.gz", gzip.compress(b"store_id\n1\n"))
    with pytest.raises(StillWriting):
        list(sources.read(delivery, timezone="UTC"))


def test_no_copy_of_a_recoded_file_is_left_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    rows(tmp_path, "s.csv", NAMES.encode("gb18030"))
    rows(tmp_path, "s.jsonl", '{"store_id": "中"}\n'.encode("utf-16"))
    assert list((tmp_path / "temporary").iterdir()) == []
