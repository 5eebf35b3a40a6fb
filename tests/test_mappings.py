"""Fields, times and records of a source mapping: what it says is what comes out."""

from __future__ import annotations

from pathlib import Path

import pytest
from tills import TWO_OF_ONE, Till, field


# Fields ----------------------------------------------------------------------------------------
def test_column_constant_template_and_first_of_give_their_texts(tmp_path: Path) -> None:
    cells = "a,b\n1, x \n2,\n"
    for number, (rule, expected) in enumerate({
        'tender = "b"': ["x", None],
        'tender = { column = "b" }': ["x", None],
        'tender = { constant = "cash" }': ["cash", "cash"],
        'tender = { template = "{a}/{b}!" }': ["1/x!", None],
        'tender = { first_of = ["b", "a"] }': ["x", "2"],
        'tender = { column = "b", if_empty = "none" }': ["x", "none"],
        """tender = { column = "b", replace = { 'x' = "" } }""": [None, None],
    }.items()):  # fmt: skip
        assert field(tmp_path / str(number), rule, cells) == expected, rule


def test_values_translate_and_default_takes_the_rest_but_not_the_missing(tmp_path: Path) -> None:
    cells = 'p\nM\nX\n""\n'
    kept = 'tender = { column = "p", values = { M = "mobile" } }'
    rest = 'tender = { column = "p", values = { M = "mobile" }, default = "other" }'
    assert field(tmp_path / "1", kept, cells) == ["mobile", "X", None]
    assert field(tmp_path / "2", rest, cells) == ["mobile", "other", None]


def test_field_conditions_empty_the_field(tmp_path: Path) -> None:
    cells = "s,at\nPAID,1\nopen,2\n,3\n"
    paid = 'tender = { column = "at", when = { s = ["PAID", "DONE"] } }'
    stated = 'tender = { column = "at", when = { s = { empty = false } } }'
    small = """tender = { column = "at", unless = { s = { matches = '^[a-z]' } } }"""
    assert field(tmp_path / "1", paid, cells) == ["1", None, None]
    assert field(tmp_path / "2", stated, cells) == ["1", "2", None]
    assert field(tmp_path / "3", small, cells) == ["1", None, "3"]


def test_sums_are_exact_and_rounded_half_up_away_from_zero(tmp_path: Path) -> None:
    cells = "q,p,d\n1,2.675,0\n-1,2.675,0\n3,0.1,0.5\n2,,0\n0,5,0\n"
    rule = 'net_amount = { compute = "q * p * (1 - d)" }'
    assert field(tmp_path, rule, cells) == ["2.68", "-2.68", "0.15", None, "0"]


def test_sum_reads_units_signs_and_odd_column_names(tmp_path: Path) -> None:
    cells = "Preis (Fen),数量\n1995,2\n"
    assert field(tmp_path / "1", 'net_amount = { compute = "`Preis (Fen)` * 0.01" }', cells) == [
        "19.95"
    ]
    assert field(tmp_path / "2", 'quantity = { compute = "-数量" }', cells) == ["-2"]
    assert field(tmp_path / "3", 'net_amount = { compute = "`Preis (Fen)` / 0" }', cells) == [None]
    assert field(tmp_path / "4", 'quantity = { compute = "数量 / 3", round = 4 }', cells) == [
        "0.6667"
    ]


def test_sum_that_is_beyond_all_money_breaks_its_record(tmp_path: Path) -> None:
    mapping = """
    [[tables]]
    feed = "pos_sales"
    files = "t.csv"
    fields = { net_amount = { compute = "q * p" } }
    """
    found = Till(tmp_path, mapping, t__csv="q,p\n1,2\n9e99,1\n").frame()
    assert found["_broken"].to_list() == [
        None,
        "the result is too large, so net_amount cannot be computed",
    ]


def test_sum_over_a_cell_that_is_no_number_breaks_its_record_only(tmp_path: Path) -> None:
    mapping = """
    [[tables]]
    feed = "pos_sales"
    files = "t.csv"
    fields = { receipt_id = "r", net_amount = { compute = "q * p" } }
    """
    found = Till(tmp_path, mapping, t__csv="r,q,p\nA,1,2\nB,1,two\nC,1,3\n").frame()
    assert found["net_amount"].to_list() == ["2", None, "3"]
    assert found["_broken"].to_list()[1] == (
        "p holds 'two', which is not a number, so net_amount cannot be computed"
    )
    assert '"p":"two"' in found["_raw"].to_list()[1]


def test_decimal_commas_and_thousands_are_read_in_sums_and_listed_columns(tmp_path: Path) -> None:
    table = 'separator = ";"\ndecimal = ","\nthousands = "."\nnumbers = "list"'
    cells = "net;list;name\n1.234,50;2.000,00;A.1,5\n"
    for number, (rule, expected) in enumerate({
        'net_amount = { compute = "net" }': "1234.5",
        'list_amount = "list"': "2000.00",
        'tender = "name"': "A.1,5",
    }.items()):  # fmt: skip
        assert field(tmp_path / str(number), rule, cells, table) == [expected]


@pytest.mark.parametrize("batch_rows", [1, 2, 3, 500_000])
def test_line_numbers_run_on_over_batches_and_gaps(tmp_path: Path, batch_rows: int) -> None:
    mapping = """
    [[tables]]
    feed = "pos_sales"
    files = "t.csv"
    fields = { receipt_id = "r", line_number = { number_within = ["s", "r"] } }
    """
    cells = "s,r\n1,A\n1,A\n2,A\n1,B\n1,A\n1\n2,A\n"
    found = Till(tmp_path, mapping, t__csv=cells).frame(batch_rows=batch_rows)
    assert found["line_number"].to_list() == ["1", "2", "1", "1", "3", None, "2"]
    assert found["line"].to_list() == [2, 3, 4, 5, 6, 7, 8]


# Times -----------------------------------------------------------------------------------------
def test_times_without_a_zone_stay_naive_unless_the_mapping_names_one(tmp_path: Path) -> None:
    cells = "t\n2024-05-01 10:00:00.5\n2024-05-01T10:00\n2024-05-01T10:00:00Z\nlater\n"
    naive = ["2024-05-01 10:00:00.5", "2024-05-01T10:00", "2024-05-01T10:00:00Z", "later"]
    assert field(tmp_path / "1", 'sold_at = "t"', cells) == naive
    assert field(tmp_path / "2", 'sold_at = "t"', cells, 'timezone = "Europe/Berlin"') == [
        "2024-05-01T10:00:00.500+02:00",
        "2024-05-01T10:00:00+02:00",
        "2024-05-01T10:00:00Z",
        "later",
    ]


def test_hours_the_clocks_repeat_or_skip_have_one_instant(tmp_path: Path) -> None:
    cells = "t\n2024-10-27 02:30\n2024-03-31 02:30\n"
    assert field(tmp_path, 'sold_at = "t"', cells, 'timezone = "Europe/Berlin"') == [
        "2024-10-27T02:30:00+02:00",
        "2024-03-31T03:30:00+02:00",
    ]


def test_date_formats_are_tried_in_turn_and_what_fits_none_stays(tmp_path: Path) -> None:
    cells = "t\n01/05/2024 9:05\n20240502\n2024年5月3日\nsoon\n"
    table = 'date_format = ["%d/%m/%Y %H:%M", "%Y%m%d", "%Y年%m月%d日"]'
    assert field(tmp_path, 'sold_at = "t"', cells, table) == [
        "2024-05-01T09:05:00", "2024-05-02T00:00:00", "2024-05-03T00:00:00", "soon",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("", ["2024-05-01", "2024-05-01", "2024-05-02"]),
        ('timezone = "UTC"', ["2024-05-02", "2024-05-01", "2024-05-02"]),
    ],
)
def test_time_in_a_date_field_gives_the_day_printed_or_the_business_day(
    tmp_path: Path, zone: str, expected: list[str]
) -> None:
    mapping = f"""
    [[tables]]
    feed = "stores"
    files = "t.csv"
    {zone}
    fields = {{ opened_on = "t" }}
    """
    cells = "t\n2024-05-01 20:00:00.000\n2024-05-01\n2024-05-01T20:00:00Z\n"
    assert Till(tmp_path, mapping, t__csv=cells).frame("stores")["opened_on"].to_list() == expected


# Records ---------------------------------------------------------------------------------------
FILTERED = """
nulls = "NULL"
[[tables]]
feed = "pos_sales"
files = "t.csv"
when = { kind = ["sale", "return"], till = { empty = false } }
unless = { state = "void", receipt = { matches = '^T' } }
fields = { receipt_id = "receipt" }
"""


def test_records_are_taken_when_all_hold_unless_one_does(tmp_path: Path) -> None:
    cells = (
        "receipt,kind,till,state\n1,sale,7,ok\n2,return,7,\n3,drawer,7,ok\n4,sale,NULL,ok\n"
        "5,sale,7,void\nT6,sale,7,ok\n7\n"
    )
    found = Till(tmp_path, FILTERED, t__csv=cells).frame()
    assert found["receipt_id"].to_list() == ["1", "2", None]
    assert found["_raw"].to_list() == [None, None, "7"]


@pytest.mark.parametrize("batch_rows", [1, 2, 500_000])
def test_distinct_takes_the_first_record_of_each_key(tmp_path: Path, batch_rows: int) -> None:
    cells = "card,at\nA,1\n,2\nB,3\nA,4\nC,5\nB,6\n"
    till = Till(tmp_path, TWO_OF_ONE, t__csv=cells)
    assert till.frame("members", batch_rows).rows() == [("A", "1", 2), ("B", "3", 4), ("C", "5", 6)]
    assert till.frame("regions", batch_rows).rows() == [("R", "All", 2)]


def test_broken_records_are_told_by_tables_that_take_every_record(tmp_path: Path) -> None:
    sales = '[[tables]]\nfeed = "pos_sales"\nfiles = "t.csv"\nfields = { receipt_id = "card" }\n'
    cells = "card,at\nA,1\nB\n"
    both = Till(tmp_path / "1", TWO_OF_ONE + sales, t__csv=cells)
    assert both.frame("members").height == 1
    assert both.frame("pos_sales")["_broken"].to_list() == [None, "1 fields where the header has 2"]
    alone = Till(tmp_path / "2", TWO_OF_ONE, t__csv=cells)
    assert alone.frame("members").height == 2
    assert alone.frame("regions").height == 1


def test_mapping_that_leaves_nothing_gives_one_empty_frame(tmp_path: Path) -> None:
    found = Till(tmp_path, FILTERED, t__csv="receipt,kind,till,state\n").frame()
    assert (found.height, found.columns) == (0, ["receipt_id", "line"])
