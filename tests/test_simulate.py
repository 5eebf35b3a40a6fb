"""The sample company is believable, complete, and the same for the same seed."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from etl.simulate import MARKER, simulate
from tests.sample_files import delivered, files, rare_cases, read, sound_sales, unknown
from warehouse.feeds import FEEDS

END = date(2025, 11, 20)  # so that Double 11 lies in the period
_NAMED = ("store", "guide", "product", "member", "campaign", "region")
HOMES = {"order": "online_orders", **{name: f"{name}s" for name in _NAMED}}
LATER_STORE = "S9901"  # deliberate: its master data has not arrived


def references() -> list[tuple[str, str, str]]:
    """Feed, column and the feed it points to, for every reference of the contract."""
    return [
        (name, field.name, HOMES[field.refers])
        for name, feed in FEEDS.items()
        for field in feed.fields
        if field.refers in HOMES and (name, field.name) != ("pos_sales", "store_id")
    ]


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six stores, ninety days."""
    out = tmp_path_factory.mktemp("company")
    simulate(out, stores=6, days=90, seed=3, end=END)
    return out


def test_same_arguments_give_identical_files(tmp_path: Path) -> None:
    for name in ("one", "two"):
        simulate(tmp_path / name, stores=2, days=20, seed=7, end=END)
    assert files(tmp_path / "one") == files(tmp_path / "two")


def test_another_seed_gives_another_company(tmp_path: Path) -> None:
    for seed in (7, 8):
        simulate(tmp_path / str(seed), stores=2, days=20, seed=seed, end=END)
    one, other = files(tmp_path / "7"), files(tmp_path / "8")
    feeds = ("pos_sales/pos_sales_2025-11.csv", "members/members.jsonl", "stores/stores.csv")
    assert all(one[name] != other[name] for name in feeds)


def test_every_feed_of_the_contract_is_written_with_its_columns_only(company: Path) -> None:
    assert {path.name for path in company.iterdir()} == {*FEEDS, MARKER}
    for name, feed in FEEDS.items():
        for path in (company / name).iterdir():
            columns = set(read(path).columns)
            assert columns <= set(feed.columns), path
            assert set(feed.columns) - columns <= {"is_deleted", "updated_at"}, path


def test_required_values_are_never_missing(company: Path) -> None:
    for name, feed in FEEDS.items():
        rows = delivered(company, name)
        needed = set(feed.required) - {"valid_from"}
        assert not [column for column in needed if rows[column].null_count()], name


def test_rows_are_counted_as_written(tmp_path: Path) -> None:
    written = simulate(tmp_path, stores=2, days=15, seed=1, end=END)
    for name in FEEDS:
        assert written[name] == sum(len(read(path)) for path in (tmp_path / name).iterdir())


@pytest.mark.parametrize(("feed", "column", "target"), references())
def test_references_lead_somewhere(company: Path, feed: str, column: str, target: str) -> None:
    key = FEEDS[target].key[0].name
    assert unknown(delivered(company, feed), column, delivered(company, target)[key]) == []


def test_targets_are_set_for_what_exists(company: Path) -> None:
    targets = delivered(company, "targets")
    for level in ("store", "guide", "region"):
        known = delivered(company, HOMES[level])[f"{level}_id"]
        assert unknown(targets.filter(pl.col("level") == level), "id", known) == []
    assert set(targets["level"]) == {"store", "guide", "region", "brand"}
    assert set(targets["metric"]) == {"net_sales", "new_members"}


def test_only_the_deliberate_store_is_unknown_at_the_till(company: Path) -> None:
    stores = delivered(company, "stores")["store_id"]
    assert unknown(delivered(company, "pos_sales"), "store_id", stores) == [LATER_STORE]


def test_returns_find_their_sale_unless_it_is_older_than_the_data(company: Path) -> None:
    sales = sound_sales(company)
    named = sales.drop_nulls(["original_receipt_id", "original_store_id"])
    found = named.join(
        sales,
        left_on=["original_store_id", "original_receipt_id", "product_id"],
        right_on=["store_id", "receipt_id", "product_id"],
        how="anti",
    )
    sold_on = found["original_receipt_id"].str.slice(0, 6).str.to_date("%y%m%d")
    assert len(named) > 50
    assert (sold_on < sales["business_date"].min()).all()


def test_nothing_is_returned_in_both_feeds(company: Path) -> None:
    refunded = delivered(company, "refunds").select("order_id", "line_number")
    at_till = sound_sales(company).filter(pl.col("original_order_id").is_not_null())
    both = at_till.join(
        refunded,
        left_on=["original_order_id", "original_line_number"],
        right_on=["order_id", "line_number"],
        how="semi",
    )
    assert len(at_till) and not len(both)


def test_refunds_never_exceed_what_was_paid(company: Path) -> None:
    refunds = (
        delivered(company, "refunds")
        .group_by("order_id", "line_number")
        .agg(
            pl.col("amount").cast(pl.Decimal(18, 2)).sum(), pl.col("quantity").cast(pl.Int64).sum()
        )
    )
    lines = delivered(company, "online_orders").filter(pl.col("paid_at").is_not_null())
    paired = refunds.join(lines, on=["order_id", "line_number"], how="left", suffix="_paid")
    assert (paired["amount"] <= paired["net_amount"].cast(pl.Decimal(18, 2))).all()
    assert (paired["quantity"] <= paired["quantity_paid"].cast(pl.Int64)).all()


def test_no_sale_on_a_day_the_store_is_shut(company: Path) -> None:
    sales = sound_sales(company)
    stores = delivered(company, "stores").unique("store_id", keep="last", maintain_order=True)
    lives = stores.select(
        "store_id", pl.col("opened_on").str.to_date(), pl.col("closed_on").str.to_date()
    )
    dated = sales.join(lives, on="store_id")
    assert dated.filter(pl.col("business_date") < pl.col("opened_on")).is_empty()
    assert dated.filter(pl.col("business_date") >= pl.col("closed_on")).is_empty()
    closures = delivered(company, "store_closures")
    within = pl.col("business_date").cast(pl.String).is_between("closed_from", "closed_to")
    assert sales.join(closures, on="store_id").filter(within).is_empty()
    assert len(closures) and lives["closed_on"].count()


def test_double_11_outsells_every_ordinary_day_online(company: Path) -> None:
    paid = delivered(company, "online_orders").filter(pl.col("paid_at").is_not_null())
    amount = pl.col("net_amount").cast(pl.Decimal(18, 2)).cast(pl.Float64)
    by_day = paid.group_by(pl.col("paid_at").str.slice(0, 10)).agg(amount.sum()).sort("net_amount")
    assert by_day["paid_at"][-1] == "2025-11-11"
    median = by_day["net_amount"].median()
    assert isinstance(median, float) and by_day["net_amount"][-1] > 3 * median


def test_presale_orders_are_placed_days_before_they_are_paid(company: Path) -> None:
    orders = delivered(company, "online_orders")
    early = orders.filter(
        pl.col("paid_at").str.starts_with("2025-11-11"), pl.col("ordered_at") < "2025-11-10"
    )
    assert len(early) > 5


def test_spring_festival_empties_the_shops_after_a_rush(tmp_path: Path) -> None:
    simulate(tmp_path, stores=4, days=60, seed=2, end=date(2025, 2, 20))
    receipts = sound_sales(tmp_path).group_by("business_date").agg(pl.col("receipt_id").count())
    rush = receipts.filter(pl.col("business_date").is_between(date(2025, 1, 18), date(2025, 1, 26)))
    lull = receipts.filter(pl.col("business_date").is_between(date(2025, 1, 28), date(2025, 2, 1)))
    assert rush["receipt_id"].sum() / 9 > 2 * lull["receipt_id"].sum() / 5


def test_no_event_lies_after_the_end(company: Path) -> None:
    for name in FEEDS:
        rows = delivered(company, name)
        times = [column for column in rows.columns if column.endswith("_at")]
        latest = [rows[column].max() for column in times if rows[column].count()]
        assert all(str(time) < "2025-11-21" for time in latest), name


def test_money_is_decimal_text_with_two_decimals(company: Path) -> None:
    amounts = {
        "pos_sales": ["net_amount", "list_amount", "discount_amount"],
        "online_orders": ["net_amount", "list_amount", "discount_amount", "shipping_amount"],
        "refunds": ["amount"],
        "products": ["list_price", "cost"],
        "campaigns": ["budget"],
    }
    for feed, columns in amounts.items():
        rows = delivered(company, feed)
        for column in columns:
            text = rows[column].drop_nulls()
            odd = text.filter(~text.str.contains(r"^-?\d+\.\d\d$")).to_list()
            assert set(odd) <= {"129,00", "1O9.00"}, (feed, column)


def test_shares_name_different_guides_and_total_one(company: Path) -> None:
    for feed in ("pos_sales", "online_orders"):
        shares = delivered(company, feed)["guide_shares"].drop_nulls().unique().to_list()
        for text in shares:
            pairs = [part.split("=") for part in text.split(";")]
            assert len({guide for guide, _ in pairs}) == len(pairs) >= 2
            assert sum(round(100 * float(share)) for _, share in pairs) == 100


def test_orders_with_several_deliveries_agree_in_the_end(company: Path) -> None:
    rows = pl.concat([read(path) for path in sorted((company / "online_orders").iterdir())])
    assert len(rows) > len(delivered(company, "online_orders"))
    header = ["ordered_at", "paid_at", "fulfilled_at", "cancelled_at", "guide_id", "member_id"]
    newest = (
        delivered(company, "online_orders")
        .group_by("order_id")
        .agg(pl.struct(header).n_unique().alias("versions"))
    )
    assert newest["versions"].max() == 1


@pytest.mark.parametrize("size", [(2, 10), (3, 40)])
def test_deliberate_dirt_is_far_below_what_refuses_a_file(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    simulate(tmp_path, stores=size[0], days=size[1], seed=5, end=END)
    dirty = 0
    for path in sorted((tmp_path / "pos_sales").iterdir()):
        rows = read(path)
        bad = rows.filter(pl.col("receipt_id").str.starts_with("T"))
        assert len(bad) <= 0.05 * len(rows), path
        dirty += len(bad)
    assert dirty == 2  # one that cannot be read, one of a store not known yet


def test_a_re_exported_month_corrects_one_line_with_a_later_update(company: Path) -> None:
    first, again = (
        read(company / "pos_sales" / f"pos_sales_2025-08{version}.csv") for version in ("", "_v2")
    )
    key = ["store_id", "receipt_id", "line_number"]
    both = first.join(again, on=key, suffix="_again")
    changed = both.filter(pl.col("net_amount") != pl.col("net_amount_again"))
    assert len(again) == len(both) and len(changed) == 1
    assert changed["updated_at_again"][0] > changed["updated_at"][0]


def test_small_companies_have_the_rare_cases(tmp_path: Path) -> None:
    seen: dict[str, int] = {}
    for seed in range(4):
        simulate(tmp_path, stores=3, days=30, seed=seed, end=END)
        for case, count in rare_cases(tmp_path).items():
            seen[case] = seen.get(case, 0) + count
    assert not [case for case, count in seen.items() if not count]


def test_size_grows_with_stores_and_days(tmp_path: Path) -> None:
    small = simulate(tmp_path / "small", stores=2, days=20, seed=1, end=END)
    wide = simulate(tmp_path / "wide", stores=8, days=20, seed=1, end=END)
    long = simulate(tmp_path / "long", stores=2, days=80, seed=1, end=END)
    for feed in ("pos_sales", "online_orders", "touchpoints", "footfall", "members"):
        assert wide[feed] > 1.8 * small[feed], feed
        assert long[feed] > 1.8 * small[feed], feed


@pytest.mark.parametrize("size", [(1, 1), (2, 1), (1, 9), (12, 2)])
def test_the_tiniest_companies_can_be_made(tmp_path: Path, size: tuple[int, int]) -> None:
    written = simulate(tmp_path, stores=size[0], days=size[1], seed=4, end=END)
    assert written["pos_sales"] > 0 and all((tmp_path / feed).is_dir() for feed in FEEDS)


def test_a_smaller_sample_replaces_a_bigger_one(tmp_path: Path) -> None:
    simulate(tmp_path, stores=3, days=70, seed=1, end=END)
    simulate(tmp_path, stores=2, days=10, seed=1, end=END)
    assert [path.name for path in (tmp_path / "stock").iterdir()] == ["stock_2025-11.parquet"]


def test_real_deliveries_are_never_mixed_with_a_sample(tmp_path: Path) -> None:
    real = tmp_path / "pos_sales" / "pos_sales_2025-01.csv"
    real.parent.mkdir()
    real.write_text("receipt_id\n")
    with pytest.raises(FileExistsError, match="pos_sales_2025-01"):
        simulate(tmp_path, stores=2, days=10, seed=1, end=END)
    assert real.exists() and not (tmp_path / MARKER).exists()


@pytest.mark.parametrize("wrong", [{"stores": 0}, {"days": 0}, {"seed": -1}])
def test_impossible_sizes_are_refused(tmp_path: Path, wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="1 or more"):
        simulate(tmp_path, end=END, **{"stores": 2, "days": 10, "seed": 1, **wrong})  # type: ignore[arg-type]
    assert not list(tmp_path.iterdir())


def test_progress_reaches_its_total(tmp_path: Path) -> None:
    steps: list[tuple[str, int, int]] = []
    simulate(
        tmp_path, stores=2, days=10, seed=1, end=END, progress=lambda *step: steps.append(step)
    )
    assert [done for _, done, _ in steps] == list(range(1, steps[-1][2] + 1))
    assert {name for name, _, _ in steps} >= set(FEEDS)
