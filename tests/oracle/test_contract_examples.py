"""The oracle's reading of the feed contract, on deliveries of a few rows."""

from pathlib import Path

import polars
import pytest

from .company import load
from .conform import newest
from .feeds import FEEDS
from .sample import USUAL, by, company, deliver, figure, order, sale


def _deliver_usual(inbox: Path) -> None:
    for feed, rows in USUAL.items():
        deliver(inbox, feed, rows)


def test_the_row_with_the_greatest_updated_at_holds_whatever_file_it_came_in(
    tmp_path: Path,
) -> None:
    new = sale("a", "2024-03-02 10:00", "30.00", updated_at="2024-03-05 10:00")
    old = sale("a", "2024-03-02 10:00", "10.00", updated_at="2024-03-04 10:00")
    never = sale("a", "2024-03-02 10:00", "70.00", updated_at="")
    for name, row in (("1.csv", new), ("2.csv", old), ("3.csv", never)):
        deliver(tmp_path, "pos_sales", [row], name)
    assert figure(load(tmp_path), "net_sales") == "30.00"


def test_of_equal_rows_the_later_file_holds_unless_its_content_came_before(tmp_path: Path) -> None:
    first, second = (sale("a", "2024-03-02 10:00", amount) for amount in ("10.00", "20.00"))
    for name, row in (("1.csv", first), ("2.csv", second), ("3.csv", first)):
        deliver(tmp_path, "pos_sales", [row], name)
    assert figure(load(tmp_path), "net_sales") == "20.00"


def test_a_void_takes_its_key_out_until_a_newer_row_brings_it_back(tmp_path: Path) -> None:
    line = sale("a", "2024-03-02 10:00", "10.00", updated_at="2024-03-04 10:00")
    void = line | {"is_void": "true", "updated_at": "2024-03-05 10:00"}
    deliver(tmp_path, "pos_sales", [line, void])
    assert figure(load(tmp_path), "net_sales") == "0.00"
    deliver(tmp_path, "pos_sales", [line | {"updated_at": "2024-03-06 10:00"}], "2.csv")
    assert figure(load(tmp_path), "net_sales") == "10.00"


@pytest.mark.parametrize(
    "wrong",
    [
        {"quantity": 0},
        {"quantity": -1},  # with a positive amount
        {"net_amount": "1,000.00"},
        {"net_amount": "1.005"},
        {"sold_at": ""},
        {"sold_at": "2199-01-01 10:00"},
        {"guide_shares": "G1=0.5;G2=0.4"},
        {"is_void": "maybe"},
    ],
)
def test_a_row_that_cannot_be_understood_is_kept_as_a_reject(
    tmp_path: Path, wrong: dict[str, object]
) -> None:
    good = [sale(f"g{n}", "2024-03-02 10:00", "1.00") for n in range(4)]
    shop = company(tmp_path, {"pos_sales": [*good, sale("b", "2024-03-02 10:00", "9.00") | wrong]})
    assert figure(shop, "net_sales") == "4.00"
    assert [(reject.feed, reject.line) for reject in shop.rejects] == [("pos_sales", 5)]


def test_a_file_with_more_than_a_fifth_rejected_is_refused_whole(tmp_path: Path) -> None:
    rows = [sale(f"g{n}", "2024-03-02 10:00", "1.00") for n in range(3)]
    shop = company(tmp_path, {"pos_sales": [*rows, rows[0] | {"quantity": 0}]})
    assert figure(shop, "net_sales") == "0.00"
    assert [reject.line for reject in shop.rejects] == [None]


def test_a_negative_online_quantity_and_an_unknown_fulfilment_are_rejected(tmp_path: Path) -> None:
    good = [order(f"g{n}", "2024-03-02 10:00", "1.00") for n in range(8)]
    bad = [
        order("m", "2024-03-02 10:00", "-1.00", quantity=-1),
        order("n", "2024-03-02 10:00", "1.00", fulfilment="drone"),
    ]
    shop = company(tmp_path, {"online_orders": good + bad})
    assert figure(shop, "receipts") == 8
    assert len(shop.rejects) == 2


def test_text_is_trimmed_and_full_width_folded_and_zeros_kept(tmp_path: Path) -> None:
    till = [sale("a", "2024-03-02 10:00", "1.00", store_id=" Ｓ１\u3000", tender="００7 ")]
    shop = company(tmp_path, {"pos_sales": till})
    assert by(shop, "net_sales", "store") == {"S1": "1.00"}
    assert by(shop, "net_sales", "tender") == {"007": "1.00"}


def test_every_format_and_encoding_reads_alike(tmp_path: Path) -> None:
    _deliver_usual(tmp_path)
    deliver(tmp_path, "pos_sales", [sale("a", "2024-03-02 10:00", "1.00", tender="现金")], "1.csv")
    source = tmp_path / "pos_sales" / "1.csv"
    text = source.read_text(encoding="utf-8")
    source.write_bytes(text.encode("gb18030"))
    folder = tmp_path / "pos_sales" / "deeper"
    folder.mkdir()
    (folder / "2.csv").write_bytes(text.replace("a,1", "b,1").encode("utf-8-sig"))
    (folder / ".3.csv").write_bytes(b"hidden")
    frame = polars.read_csv((folder / "2.csv"), infer_schema_length=10)
    frame.with_columns(receipt_id=polars.lit("c")).write_parquet(folder / "4.parquet")
    frame.with_columns(receipt_id=polars.lit("d")).write_ndjson(folder / "5.jsonl")
    shop = load(tmp_path)
    assert not shop.rejects
    assert by(shop, "net_sales", "tender") == {"现金": "4.00"}


def test_a_replacement_without_a_column_empties_it(tmp_path: Path) -> None:
    old = sale("a", "2024-03-02 10:00", "1.00", guide_id="G1", updated_at="2024-03-02 10:00")
    new = sale("a", "2024-03-02 10:00", "1.00", updated_at="2024-03-03 10:00")
    deliver(tmp_path, "pos_sales", [old], "1.csv")
    deliver(tmp_path, "pos_sales", [new], "2.csv")
    assert figure(load(tmp_path), "credited_net_sales") == "0.00"


def test_keys_with_an_empty_part_are_one_key() -> None:
    rows = [{"store_id": "S1", "valid_from": None, "is_deleted": None, "brand": b} for b in "AB"]
    assert [row["brand"] for row in newest(rows, FEEDS["stores"])] == ["B"]
