"""Sibling files, odd layouts, and which files of the inbox a mapping takes."""

from __future__ import annotations

from pathlib import Path

import pytest
from tills import TWO_OF_ONE, Till, frames

from etl import sources
from etl.sources import SourceError

# Joins -----------------------------------------------------------------------------------------
JOINED = """
[[tables]]
feed = "pos_sales"
files = "lines.csv"

[[tables.join]]
file = "orders.csv"
match = {{ id = "order" }}
{options}

[[tables.join]]
file = "staff.csv"
as = "who"
match = {{ id = "orders.staff" }}
optional = true

[tables.fields]
receipt_id = "order"
guide_id = "who.name"
member_id = {{ column = "orders.card", optional = true }}
"""
LINES = "order\n1\n2\n9\n"
ORDERS = "id,staff\n1,a\n2,b\n"


def test_joins_chain_and_absent_optional_ones_leave_fields_empty(tmp_path: Path) -> None:
    till = Till(tmp_path, JOINED.format(options=""), lines__csv=LINES, orders__csv=ORDERS)
    assert till.frame().rows() == [("1", None, None, 2), ("2", None, None, 3), ("9", None, None, 4)]
    till.put("staff.csv", "id,name\na,Ann\nb,Bob\n")
    assert till.column("guide_id") == ["Ann", "Bob", None]


@pytest.mark.parametrize(
    ("option", "receipts"),
    [("keep", ["1", "2", "9"]), ("drop", ["1", "2"]), ("reject", ["1", "2", None])],
)
def test_unmatched_says_what_becomes_of_who_finds_nothing(
    tmp_path: Path, option: str, receipts: list[str | None]
) -> None:
    mapping = JOINED.format(options=f'unmatched = "{option}"')
    found = Till(tmp_path, mapping, lines__csv=LINES, orders__csv=ORDERS).frame()
    assert found["receipt_id"].to_list() == receipts
    if option == "reject":
        assert found["_broken"][2] == "no record of orders.csv has id = 9"


def test_several_records_for_one_key_need_a_decision(tmp_path: Path) -> None:
    orders = "id,staff,at\n1,a,3\n1,b,1\n1,c,2\n"
    files = {
        "lines__csv": "order\n1\n",
        "orders__csv": orders,
        "staff__csv": "id,name\na,A\nb,B\nc,C\n",
    }
    with pytest.raises(SourceError, match=r"orders\.csv has several records for one key"):
        Till(tmp_path / "0", JOINED.format(options=""), **files).frame()
    for number, (options, name) in enumerate(
        {
            'keep = "first"': "A",
            'keep = "last"': "C",
            'keep = "first"\norder_by = "at"': "B",
        }.items(),
        1,
    ):
        till = Till(tmp_path / str(number), JOINED.format(options=options), **files)
        assert till.column("guide_id") == [name]


def test_missing_sibling_and_missing_columns_are_told_with_the_cure(tmp_path: Path) -> None:
    till = Till(tmp_path, JOINED.format(options=""), lines__csv=LINES)
    with pytest.raises(SourceError, match=r"lines\.csv needs orders\.csv beside it"):
        till.frame()
    till.put("orders.csv", "id,Staff_ID\n")
    with pytest.raises(
        SourceError, match=r"orders\.csv lacks the column 'staff'.*nearest is 'Staff_ID'"
    ):
        till.frame()
    till.put("orders.csv", ORDERS)
    till.put("lines.csv", "order_no\n1\n")
    with pytest.raises(
        SourceError, match=r"lines\.csv lacks the column 'order'.*nearest is 'order_no'"
    ):
        till.frame()


def test_broken_lookup_is_refused_rather_than_half_joined(tmp_path: Path) -> None:
    till = Till(tmp_path, JOINED.format(options=""), lines__csv=LINES, orders__csv="id,staff\n1\n")
    with pytest.raises(SourceError, match=r"orders\.csv, line 2: 1 fields where the header has 2"):
        till.frame()


# Layouts ---------------------------------------------------------------------------------------
def test_layout_keys_describe_odd_files(tmp_path: Path) -> None:
    mapping = """
    encoding = "cp1252"
    separator = ";"
    [[tables]]
    feed = "pos_sales"
    files = "day/*.dat"
    format = "csv"
    skip_lines = 2
    header = ["receipt", "who"]
    fields = { receipt_id = "receipt", guide_id = "who" }
    """
    till = Till(tmp_path, mapping)
    till.put("day/1.dat", "Kasse Süd\nvom 1.5.\n1;Jürgen\n2;Zoë\n".encode("cp1252"))
    assert till.frame().rows() == [("1", "Jürgen", 3), ("2", "Zoë", 4)]
    assert till.deliveries()[0].name == "till/day/1.dat"


# Finding ---------------------------------------------------------------------------------------
def test_mapped_files_yield_a_delivery_for_each_feed(tmp_path: Path) -> None:
    till = Till(tmp_path, TWO_OF_ONE, t__csv="card,at\n")
    assert [(d.name, d.feed, d.mapping) for d in till.deliveries()] == [
        ("till/t.csv", "members", "till"),
        ("till/t.csv", "regions", "till"),
    ]
    hashes = {sources.content_hash(delivery) for delivery in till.deliveries()}
    assert len(hashes) == 2


def test_mapping_takes_files_out_of_the_folder_of_a_feed(tmp_path: Path) -> None:
    mapping = 'folder = "members"\n' + TWO_OF_ONE.replace('"t.csv"', '"old_*.csv"')
    till = Till(tmp_path, mapping)
    for name in ("old_1.csv", "new.csv"):
        till.put(f"../members/{name}", "card,at\nA,1\n")
    assert [(d.name, d.feed, d.mapping) for d in till.deliveries()] == [
        ("members/new.csv", "members", None),
        ("members/old_1.csv", "members", "till"),
        ("members/old_1.csv", "regions", "till"),
    ]


def test_lookups_belong_to_the_delivery(tmp_path: Path) -> None:
    till = Till(tmp_path, JOINED.format(options=""), lines__csv=LINES, orders__csv=ORDERS)
    till.put("other/orders.csv", "of another folder")
    (delivery,) = till.deliveries()
    before = sources.content_hash(delivery)
    assert [path.name for path in delivery.lookups] == ["orders.csv"]
    till.put("orders.csv", ORDERS + "9,a\n")
    (changed,) = till.deliveries()
    assert sources.content_hash(changed) != before
    with pytest.raises(sources.StillWriting, match=r"orders\.csv is still being written"):
        list(sources.read(delivery, timezone="UTC"))


def test_file_no_table_reads_is_a_problem_unless_ignored_or_looked_up(tmp_path: Path) -> None:
    till = Till(tmp_path, 'ignore = "*.md"\n' + JOINED.format(options=""))
    for name in ("lines.csv", "orders.csv", "staff.csv", "README.md", "Lines2.csv"):
        till.put(name, "order\n")
    assert set(till.problems()) == {"till/Lines2.csv"}
    assert (
        "no table of the mapping till reads it (they read lines.csv)"
        in till.problems()["till/Lines2.csv"]
    )


def test_two_tables_for_one_feed_and_file_are_a_problem(tmp_path: Path) -> None:
    till = Till(tmp_path, TWO_OF_ONE, t__csv="card,at\n")
    other = 'folder = "till"\n' + TWO_OF_ONE
    (till.sources / "other.toml").write_text(other, encoding="utf-8")
    assert "two tables of other and till turn it into members" in till.problems()["till/t.csv"]
    assert till.deliveries() == []


def test_kept_copies_under_other_names_are_the_same_delivery(tmp_path: Path) -> None:
    till = Till(tmp_path, JOINED.format(options=""), lines__csv=LINES, orders__csv=ORDERS)
    (delivery,) = till.deliveries()
    copies = []
    for number, path in enumerate((delivery.path, *delivery.lookups)):
        copies.append(tmp_path / f"{number}.csv")
        copies[-1].write_bytes(path.read_bytes())
    kept = sources.kept_delivery(delivery.name, delivery.feed, copies, till.mappings)
    assert sources.content_hash(kept) == sources.content_hash(delivery)
    assert frames([kept], "pos_sales").equals(frames([delivery], "pos_sales"))
    with pytest.raises(SourceError, match="no mapping does so now"):
        sources.kept_delivery(delivery.name, delivery.feed, copies, ())
