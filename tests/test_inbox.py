"""What lies in the inbox: deliveries, and for all else why not."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

import pytest
from delivered import deliver, put

from etl import sources
from etl.sources import SourceError

COLUMNS: dict[str, Collection[str]] = {
    "stores": ("store_id", "store_name", "opened_on", "updated_at"),
    "pos_sales": ("store_id", "receipt_id", "sold_at", "quantity", "net_amount"),
}


def found(inbox: Path) -> tuple[list[str], dict[str, str]]:
    deliveries, problems = sources.find_deliveries(inbox, list(COLUMNS), ())
    return [one.name for one in deliveries], {one.name: one.reason for one in problems}


def test_deliveries_are_the_finished_files_of_the_feed_folders(tmp_path: Path) -> None:
    for name in (
        "stores/b.csv", "stores/2024/05/a.CSV", "pos_sales/x.jsonl.gz", "stores/.hidden.csv",
        "stores/c.csv.tmp", "stores/d.csv.part", "stores/e.csv.crdownload", ".git/f.csv",
    ):  # fmt: skip
        put(tmp_path, name, "store_id\n1\n")
    names, problems = found(tmp_path)
    assert names == ["pos_sales/x.jsonl.gz", "stores/2024/05/a.CSV", "stores/b.csv"]
    assert problems == {}


def test_delivery_states_feed_size_and_time(tmp_path: Path) -> None:
    path = put(tmp_path, "stores/a.csv", "store_id\n1\n")
    (delivery,), _ = sources.find_deliveries(tmp_path, list(COLUMNS), ())
    assert (delivery.feed, delivery.size) == ("stores", 11)
    assert (delivery.table, delivery.lookups, delivery.mapping) == (None, (), None)
    assert delivery.modified_ns == path.stat().st_mtime_ns


def test_what_feeds_nothing_is_a_problem_with_its_cure(tmp_path: Path) -> None:
    for name in ("loose.csv", "store/a.csv", "store/b.csv", "stores/notes.docx"):
        put(tmp_path, name, "x\n")
    _, problems = found(tmp_path)
    assert set(problems) == {"loose.csv", "store", "stores/notes.docx"}
    assert "put it into the folder of its feed: stores, pos_sales" in problems["loose.csv"]
    assert "nearest is 'stores'" in problems["store"]
    assert ".csv" in problems["stores/notes.docx"]


def test_link_that_leads_out_of_the_inbox_is_a_problem_and_not_read(tmp_path: Path) -> None:
    outside = put(tmp_path, "outside/secret.csv", "store_id\n1\n")
    inbox = tmp_path / "inbox"
    inside = put(inbox, "stores/a.csv", "store_id\n1\n")
    (inbox / "stores/link.csv").symlink_to(outside)
    (inbox / "stores/folder").symlink_to(outside.parent, target_is_directory=True)
    (inbox / "stores/same.csv").symlink_to(inside)
    names, problems = found(inbox)
    assert names == ["stores/a.csv", "stores/same.csv"]
    assert set(problems) == {"stores/link.csv", "stores/folder"}


def test_missing_inbox_is_an_error_that_names_the_setting(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="GUIDEPOST_INBOX"):
        found(tmp_path / "nowhere")


def test_content_hash_knows_a_file_by_its_content_not_its_name(tmp_path: Path) -> None:
    first, second, other = (
        deliver(tmp_path, name, content)
        for name, content in (("a.csv", "x\n1\n"), ("b.csv", "x\n1\n"), ("c.csv", "x\n2\n"))
    )
    assert sources.content_hash(first) == sources.content_hash(second)
    assert sources.content_hash(first) != sources.content_hash(other)
    assert len(sources.content_hash(first)) == 64


def test_name_that_is_not_text_is_a_problem_and_not_read(tmp_path: Path) -> None:
    put(tmp_path, "stores/a.csv", "store_id\n1\n")
    odd = Path(os.fsdecode(os.fsencode(tmp_path / "stores") + b"/\xd6\xd0.csv"))
    odd.write_bytes(b"store_id\n1\n")
    names, problems = found(tmp_path)
    assert names == ["stores/a.csv"]
    assert list(problems.values()) == [
        "has a name that is not text or holds a line end or the like; rename it"
    ]
