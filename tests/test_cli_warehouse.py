"""`python -m warehouse`: what is printed, in which types, and how it fails."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from cli import environment, python
from click.testing import CliRunner, Result
from conftest import Company
from oracle.sample import guide, order, sale, store
from shops import at, opened

from warehouse.__main__ import main
from warehouse.metrics import METRICS

MARCH = ("--from", "2024-03-01", "--to", "2024-03-31")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """Till sales shared by two guides, one order without a store; a guide named like a formula."""
    return opened(
        tmp_path_factory.mktemp("cli"),
        stores=[store("S1", "A", "R1", city="=1+1"), store("S2", "B", "R2", city="武汉, 汉口")],
        guides=[guide("G1", "S1"), guide("@G2", "S1")],
        pos_sales=[
            sale("a", at(2), "100.00", quantity=3, guide_shares="G1=0.5;@G2=0.5", tender="cash"),
            sale("b", at(3), "20.10", store_id="S2", tender='say "cash"'),
            sale("c", at(4), "-20.00", original_receipt_id="a"),
        ],
        online_orders=[order("o", at(3), "30.00")],
    )


def run(company: Company, *arguments: str, **more: str) -> Result:
    """The command line in this process."""
    return CliRunner().invoke(main, arguments, env=environment(company, **more))


def asked(company: Company, *arguments: str) -> list[dict[str, Any]]:
    result = run(company, "query", *arguments, *MARCH, "--format", "json")
    assert (result.exit_code, result.stderr) == (0, "")
    rows: list[dict[str, Any]] = json.loads(result.stdout)
    return rows


def failed(result: Result) -> str:
    """The one sentence on stderr of a command that exits with 1 and prints nothing else."""
    assert (result.exit_code, result.stdout) == (1, "")
    (line,) = result.stderr.splitlines()
    assert "Traceback" not in line
    return line


# JSON --------------------------------------------------------------------------------------------
def test_sums_of_money_are_texts_counts_integers_and_quotients_unrounded_numbers(
    shop: Company,
) -> None:
    # 100.00 + 20.10 + 30.00 sold, 20.00 returned; three receipts.
    keys = "net_sales,receipts,units_sold,average_receipt_value,return_rate,conversion_rate,target"
    assert asked(shop, keys) == [
        {
            "net_sales": "130.10",
            "receipts": 3,
            "units_sold": 5,
            "average_receipt_value": pytest.approx(130.1 / 3, abs=1e-12),
            "return_rate": pytest.approx(20 / 150.1, abs=1e-12),
            "conversion_rate": None,
            "target": "0.00",
        }
    ]
    (row,) = asked(shop, keys)
    kinds = [str, int, int, float, float, type(None), str]
    assert [type(value) for value in row.values()] == kinds


def test_shared_units_have_a_fraction_and_whole_ones_none(shop: Company) -> None:
    rows = asked(shop, "units_sold,receipts", "--by", "guide")
    assert rows == [
        {"guide": "@G2", "units_sold": 1.5, "receipts": 1},
        {"guide": "G1", "units_sold": 1.5, "receipts": 1},
        {"guide": None, "units_sold": 2, "receipts": 2},
    ]
    assert [type(row["units_sold"]) for row in rows] == [float, float, int]


def test_a_row_holds_its_dimensions_first_then_each_key_and_what_it_is_compared_to(
    shop: Company,
) -> None:
    rows = asked(shop, "net_sales,receipts", "--by", "month,store", "--compare", "prior")
    names = ["month", "store", "net_sales", "net_sales_compare", "receipts", "receipts_compare"]
    assert [list(row) for row in rows] == [names] * 3
    assert rows[-1]["store"] is None and rows[-1]["net_sales_compare"] is None


def test_days_months_quarters_weeks_and_years_are_written_so_that_they_sort(shop: Company) -> None:
    rows = asked(shop, "receipts", "--by", "day,week,month,quarter,year")
    assert rows[0] == {
        "day": "2024-03-02", "week": "2024-W09", "month": "2024-03", "quarter": "2024-Q1",
        "year": "2024", "receipts": 1,
    }  # fmt: skip
    assert [row["day"] for row in rows] == ["2024-03-02", "2024-03-03", "2024-03-04"]


def test_several_filters_and_values_narrow_as_asked(shop: Company) -> None:
    either = asked(shop, "net_sales", "--where", "store=S1,S2", "--where", "channel=pos")
    assert either == [{"net_sales": "100.10"}]
    assert asked(shop, "net_sales", "--where", "region=R1") == [{"net_sales": "100.10"}]
    assert asked(shop, "net_sales", "--where", "city==1+1") == [{"net_sales": "80.00"}]


# CSV and table -----------------------------------------------------------------------------------
def test_csv_holds_the_same_and_no_cell_that_a_spreadsheet_would_run(shop: Company) -> None:
    result = run(shop, "query", "net_sales,return_rate", "--by", "city", *MARCH, "--format", "csv")
    assert list(csv.reader(io.StringIO(result.stdout))) == [
        ["city", "net_sales", "return_rate"],
        ["'=1+1", "80.00", "0.2"],
        ["武汉, 汉口", "20.10", "0.0"],
        ["", "30.00", "0.0"],
    ]
    guides = run(shop, "query", "net_sales", "--by", "guide", *MARCH, "--format", "csv").stdout
    assert "'@G2,40.00" in guides
    # A negative amount is a number and stays one.
    day = ("--from", "2024-03-04", "--to", "2024-03-04")
    assert run(shop, "query", "net_sales", *day, "--format", "csv").stdout == "net_sales\n-20.00\n"


def test_quotes_and_commas_survive_csv(shop: Company) -> None:
    result = run(shop, "query", "net_sales", "--by", "tender", *MARCH, "--format", "csv")
    assert ['say "cash"', "20.10"] in list(csv.reader(io.StringIO(result.stdout)))


def test_a_table_is_the_default_and_aligned(shop: Company) -> None:
    result = run(shop, "query", "net_sales,receipts", "--by", "store", *MARCH)
    assert result.stdout.splitlines() == [
        "store  net_sales  receipts",
        "S1     80.00      1",
        "S2     20.10      1",
        "       30.00      1",
    ]


def test_metrics_lists_every_key_with_its_unit_and_definition(shop: Company) -> None:
    result = run(shop, "metrics", "--format", "json")
    rows = json.loads(result.stdout)
    assert [row["key"] for row in rows] == list(METRICS)
    assert all(row["definition"] and row["unit"] for row in rows)
    table = run(shop, "metrics").stdout
    assert all(key in table for key in METRICS)


# Reconcile ---------------------------------------------------------------------------------------
def test_reconcile_shows_that_every_cut_adds_up_and_exits_0(shop: Company) -> None:
    result = run(shop, "reconcile", *MARCH, "--format", "json")
    assert result.exit_code == 0
    rows = {row.pop("cut"): row for row in json.loads(result.stdout)}
    whole = {"net_sales": "130.10", "difference": "0.00"}
    # The return follows receipt a to G1 and @G2; b and the order are nobody's.
    assert rows["guide"] == {"total": "80.00", "none": "50.10", **whole}
    assert rows["store"] == rows["region"] == {"total": "100.10", "none": "30.00", **whole}
    assert rows["brand"] == rows["channel"] == {"total": "130.10", "none": "0.00", **whole}


def test_reconcile_of_a_period_without_sales_closes_at_zero(shop: Company) -> None:
    result = run(shop, "reconcile", "--from", "2020-01-01", "--to", "2020-01-31")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[1].split() == ["guide", "0.00", "0.00", "0.00", "0.00"]


def test_reconcile_exits_1_when_a_cut_does_not_close(
    shop: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("warehouse.answers._cut", lambda *_: (1, 0))
    result = run(shop, "reconcile", *MARCH)
    assert result.exit_code == 1
    assert result.stderr == "net sales do not close\n"


# Failures ----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["net_sale"], "unknown figure 'net_sale'; did you mean net_sales?"),
        (["net_sales", "--by", "shop"], "unknown dimension 'shop'; "),
        (["net_sales", "--where", "store=S9"], "unknown store 'S9'; did you mean S"),
        (["net_sales", "--where", "store"], "write it as DIMENSION=VALUE[,VALUE]"),
        (["visitors", "--by", "guide"], "visitors cannot be grouped by guide"),
        (["net_sales", "--compare", "lunar"], "45 days around lunar New Year"),
        (["net_sales", "--as", "anna"], "set GUIDEPOST_USERS to a TOML file"),
    ],
)
def test_a_question_that_cannot_be_answered_is_one_sentence_and_exit_1(
    shop: Company, arguments: list[str], message: str
) -> None:
    assert message in failed(run(shop, "query", *arguments, *MARCH))


def test_a_period_the_wrong_way_round_is_one_sentence(shop: Company) -> None:
    result = run(shop, "query", "net_sales", "--from", "2024-03-02", "--to", "2024-03-01")
    assert "ends (2024-03-01) before it starts (2024-03-02)" in failed(result)


def test_an_option_that_is_wrong_or_missing_is_told_with_the_usage(shop: Company) -> None:
    for arguments in (["--to", "2024-03-01"], ["--from", "2024-02-30", "--to", "2024-03-01"]):
        result = run(shop, "query", "net_sales", *arguments)
        assert result.exit_code != 0
        assert "--from" in result.stderr and "Traceback" not in result.stderr


def test_without_a_warehouse_the_cure_is_named(tmp_path: Path, shop: Company) -> None:
    nowhere = str(tmp_path / "nowhere")
    result = run(shop, "query", "net_sales", *MARCH, WAREHOUSE=nowhere)
    assert failed(result) == "no warehouse has been published yet; run: python -m etl run"


def test_a_user_sees_their_stores_only(shop: Company, tmp_path: Path) -> None:
    users = tmp_path / "users.toml"
    users.write_text('[users.bo]\nrole = "store_manager"\nstores = ["S2"]\n', encoding="utf-8")
    mine = {"USERS": str(users)}
    by_store = ("query", "net_sales", "--by", "store", *MARCH, "--format", "json")
    result = run(shop, *by_store, "--as", "bo", **mine)
    assert json.loads(result.stdout) == [{"store": "S2", "net_sales": "20.10"}]
    closed = run(shop, "reconcile", *MARCH, "--as", "bo", "--format", "json", **mine)
    assert {row["net_sales"] for row in json.loads(closed.stdout)} == {"20.10"}
    assert "user ben is not listed" in failed(run(shop, *by_store, "--as", "ben", **mine))


def test_the_module_runs_as_a_program(shop: Company) -> None:
    code, out, _ = python(shop, "warehouse", "query", "net_sales", *MARCH, "--format", "json")
    assert (code, json.loads(out)) == (0, [{"net_sales": "130.10"}])
    code, out, err = python(shop, "warehouse", "query", "nothing", *MARCH)
    assert (code, out) == (1, "")
    assert err.startswith("unknown figure 'nothing'") and "\n" not in err[:-1]


def test_an_answer_without_rows_says_so_beside_its_heading(shop: Company) -> None:
    for command in (["cohorts"], ["campaigns"], ["query", "net_sales", "--by", "store"]):
        result = run(shop, *command, "--from", "2031-01-01", "--to", "2031-01-31")
        assert result.exit_code == 0
        assert len(result.stdout.splitlines()) == 1
        assert result.stderr == (
            "nothing to show for these days and filters;"
            " there are sales from 2024-03-02 to 2024-03-03\n"
        )
