"""Mistakes in mapping files are told in one sentence, and the guide tells the truth."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest
from tills import Till

from etl import sources
from etl.mapping_keys import KEYS
from etl.sources import SourceError
from warehouse.feeds import feed_columns

GUIDE = (Path(__file__).resolve().parents[1] / "docs" / "mappings.md").read_text(encoding="utf-8")


# Loading mapping files -------------------------------------------------------------------------
GOOD = '[[tables]]\nfeed = "stores"\nfiles = "*.csv"\nfields = { store_id = "id" }\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("feed = oops", r"till\.toml is not valid TOML: .*line 1"),
        ("nam = 1\n" + GOOD, r"till\.toml: unknown key 'nam' \(nearest is 'name'\)"),
        ("", r"till\.toml: it has no \[\[tables\]\]"),
        (
            GOOD.replace("stores", "store"),
            r"tables\[1\]: feed cannot be 'store' \(nearest is 'stores'\)",
        ),
        (GOOD.replace("files", "file"), r"tables\[1\]: unknown key 'file' \(nearest is 'files'\)"),
        (GOOD.replace("store_id =", "shop_id ="), r"fields\.shop_id: stores has no such field"),
        (GOOD.replace('"id"', '{ colum = "id" }'), r"fields\.store_id: unknown key 'colum'"),
        (GOOD.replace('"id"', '{ column = "a", constant = "b" }'), "give exactly one of column"),
        (
            GOOD.replace('"id"', '{ compute = "a +" }'),
            r"fields\.store_id: compute: 'a \+' is not a sum",
        ),
        (GOOD.replace('"id"', '{ compute = "1 + 1" }'), "names no column"),
        (GOOD.replace('"id"', "{ first_of = [] }"), "first_of is empty"),
        (GOOD.replace('"id"', '{ column = "a", round = 1 }'), "round goes with compute only"),
        (
            GOOD.replace('"id"', '{ column = "a", default = "b" }'),
            "for an empty cell write if_empty",
        ),
        (
            GOOD.replace('"id"', "{ column = 'a', replace = { '(' = '' } }"),
            "not a regular expression",
        ),
        (GOOD.replace('"id"', '{ column = "a", date_format = "%Y" }'), "date_format is for times"),
        (GOOD.replace('"id"', "{ column = true }"), "column must be a text in quotes, not True"),
        (
            GOOD.replace('"id"', '{ column = "a", optional = "yes" }'),
            "optional must be true or false",
        ),
        (GOOD + 'when = { a = { matches = "x", empty = true } }', "give one of matches and empty"),
        (GOOD + 'timezone = "Peking"', "timezone 'Peking' is unknown"),
        (GOOD + 'encoding = "utf-9"', "encoding 'utf-9' is unknown"),
        (GOOD + 'separator = "; "', "separator must be one plain character"),
        (GOOD + 'decimal = ","', "list the columns in numbers"),
        (GOOD + "skip_lines = -1", "skip_lines must be a whole number"),
        (GOOD + '[[tables.join]]\nfile = "a.csv"', r"tables\[1\]\.join\[1\]: it has no match"),
        (
            GOOD + '[[tables.join]]\nfile = "a"\nmatch = { a = "b" }\nkeep = "any"',
            "keep cannot be 'any'",
        ),
    ],
)
def test_mistake_in_a_mapping_is_one_sentence_with_file_and_key(
    tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises(SourceError, match=message) as told:
        _ = Till(tmp_path, text).mappings
    assert "till.toml" in str(told.value)
    assert "\n" not in str(told.value)


def test_own_mapping_wins_over_the_shipped_one_of_its_name(tmp_path: Path) -> None:
    shipped = {mapping.name for mapping in sources.load_mappings(None, feed_columns())}
    assert shipped == {"complete_journey", "northwind", "online_retail", "shopify"}
    till = Till(tmp_path, 'name = "northwind"\n' + GOOD)
    (own,) = (mapping for mapping in till.mappings if mapping.name == "northwind")
    assert [table.feed for table in own.tables] == ["stores"]
    assert len(till.mappings) == 4


def test_two_own_mappings_of_one_name_are_an_error(tmp_path: Path) -> None:
    till = Till(tmp_path, GOOD)
    (till.sources / "b.toml").write_text('name = "till"\n' + GOOD, encoding="utf-8")
    with pytest.raises(SourceError, match=r"is named 'till' like .*b\.toml; rename one"):
        _ = till.mappings


def test_fingerprint_changes_with_the_mapping_of_the_table_only(tmp_path: Path) -> None:
    prints = [
        Till(tmp_path / str(number), text).mappings[-1].tables[0].fingerprint
        for number, text in enumerate([GOOD, "# said anew\n" + GOOD, GOOD.replace('"id"', '"ID"')])
    ]
    assert prints[0] == prints[1] != prints[2]


# The guide -------------------------------------------------------------------------------------
def test_guide_and_code_know_the_same_keys() -> None:
    headings = {
        "### The file": "mapping", "### A table": "table", "### A join": "join",
        "### A field": "field", "### A condition": "condition",
    }  # fmt: skip
    parts = re.split(r"(?m)^(#{2,3} [^:`(\n]*)", GUIDE)
    told: dict[str, set[str]] = {}
    for heading, body in zip(parts[1::2], parts[2::2], strict=True):
        if kind := headings.get(heading.strip()):
            told[kind] = set(re.findall(r"(?m)^\| `(\w+)` \|", body))
            shared = re.findall(r"(?m)^(`format`.*) may stand here", body)
            told[kind] |= set(re.findall(r"`(\w+)`", shared[0])) if shared else set()
    assert told == {kind: set(keys) for kind, keys in KEYS.items()}


def test_worked_example_of_the_guide_comes_out_as_it_says(tmp_path: Path) -> None:
    blocks = re.findall(r"(?s)```(csv|toml)\n(.*?)```", GUIDE)
    (_, export), (_, mapping), (_, expected) = blocks[:3]
    till = Till(tmp_path, 'name = "till"\n' + mapping)
    till.put("bons_2024-05-01.txt", export)
    rows = list(csv.DictReader(io.StringIO(expected)))
    made = till.frame().drop("line").fill_null("").to_dicts()
    assert made == rows
    assert till.frame("members")["member_id"].to_list() == ["88012"]


def test_guide_names_every_shipped_mapping() -> None:
    for mapping in sources.load_mappings(None, feed_columns()):
        assert f"| `{mapping.name}` |" in GUIDE
        assert mapping.description
