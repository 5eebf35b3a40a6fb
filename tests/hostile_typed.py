"""Odd, broken and hostile JSON lines, Parquet files and workbooks."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from hostile import (
    Loaded,
    Refused,
    Rejected,
    Table,
    objects,
    pair,
    parquet,
    parquet_bytes,
    sound,
    till,
    workbook,
    workbook_bytes,
)


# JSON lines ------------------------------------------------------------------------------------
def json_lines() -> Table:
    def of(key: str, *more: str, **cells: object) -> str:
        return objects([{**sound("products", key), **cells}]) + "".join(f"{one}\n" for one in more)

    def at(name: str) -> str:
        return f"products/{name}.jsonl"

    broken = Rejected("broken_record", 2)
    yield "an object cut off", at("cut"), of("jc", '{"product_id": "P9", "na'), broken
    yield "a list", at("list"), of("jl", '["P9"]'), broken
    yield "a number", at("number"), of("jn", "7"), broken
    yield "single quotes", at("quotes"), of("jq", "{'product_id': 'P9'}"), broken
    yield "a comma too many", at("comma"), of("jo", '{"product_id": "P9",}'), broken
    yield "a key twice", at("twice"), of("jt", '{"product_id": "P9", "product_id": "P8"}'), broken
    yield "100,000 brackets", at("deep"), of("jd", '{"size": ' + "[" * 100_000), broken
    yield "zero bytes", at("zeros"), of("jz", "\0" * 50), broken
    yield "an escaped zero byte", at("escaped"), of("je") + of("je2", product_name="a\0b"), (
        Rejected("not_text", 2))  # fmt: skip
    yield "half a character", at("half"), of("jh", product_name="\ud800").encode("utf-8", "replace"
        ), Loaded(1)  # fmt: skip
    yield "NaN", at("nan"), of("jx") + of("jx2", cost=float("nan")), Rejected("bad_type", 2)
    yield "numbers as numbers", at("typed"), of("jy", list_price=899.5, size=None), Loaded(
        1, {"list_price": Decimal("899.50"), "size": None})  # fmt: skip
    yield (
        "a key more from line 10,000 on",
        at("later"),
        "".join(of(f"k{n}") for n in range(10_000)) + of("k", weather="rain"),
        Loaded(10_001),
    )
    yield "one list of objects", at("array"), "[\n" + of("ja").strip() + "\n]\n", Refused(
        "2 of 3 rows are bad")  # fmt: skip
    yield "a document over many lines", at("pretty"), '{\n "product_id": "P1"\n}\n', Refused(
        "is missing")  # fmt: skip
    yield "a line of 20 MB", at("long"), of("jlong", '{"size": "' + "x" * 20_000_000), Refused(
        "longer than")  # fmt: skip


# Parquet and workbooks -------------------------------------------------------------------------
def typed_files() -> Table:
    rows = pair("footfall", "pq")
    hours = pl.Series([dt.datetime(2026, 3, 1, 10), dt.datetime(2026, 3, 1, 11)])
    good = parquet_bytes(pair("stock", "pqb"))

    def at(name: str) -> str:
        return f"footfall/{name}.parquet"

    unreadable = Refused("is no Parquet file that can be read")
    yield "typed columns", at("typed"), parquet(
        rows, visitors=pl.Series([3, 4]), hour_start=hours.dt.replace_time_zone("UTC")), Loaded(
        2, {"visitors": 4, "hour_start": dt.datetime(2026, 3, 1, 11)})  # fmt: skip
    yield (
        "whole numbers as floats",
        at("floats"),
        parquet(pair("footfall", "pf"), visitors=pl.Series([3.0, 4.0])),
        Loaded(2, {"visitors": 4}),
    )
    yield (
        "broken numbers as floats",
        at("fractions"),
        parquet(pair("footfall", "pd"), visitors=pl.Series([3.0, 4.5])),
        Rejected("bad_type", 2),
    )
    yield (
        "a list in a cell",
        at("lists"),
        parquet(pair("footfall", "pl"), visitors=pl.Series([[3], [4]])),
        Refused("2 of 2 rows are bad"),
    )
    yield "an empty .parquet", at("empty"), b"", unreadable
    yield "text named .parquet", at("text"), till("pt"), unreadable
    yield "a .parquet cut off", "stock/cut.parquet", good[:-20], unreadable
    yield "a damaged .parquet", "stock/damaged.parquet", good[:60] + b"\xff" * 90 + good[150:], (
        unreadable)  # fmt: skip
    yield "a text of 1 MB in 2,000 rows, stored once", at("bomb"), repeated, Refused(
        "times its size")  # fmt: skip
    yield (
        "no rows",
        "stock/none.parquet",
        lambda path: pl.DataFrame(
            schema=dict.fromkeys(pair("stock", "x")[0], pl.String)
        ).write_parquet(path),
        Loaded(0),
    )
    yield from workbooks()


def repeated(path: Path) -> None:
    """A file of some kilobytes that comes to 2 GB."""
    text = pa.DictionaryArray.from_arrays([0] * 2_000, ["x" * 1_000_000])
    rows = pl.DataFrame(pair("footfall", "pm")[:1] * 2_000).to_arrow()
    pq.write_table(rows.append_column("note", text), path, store_schema=False)


def repacked(change: Callable[[str, bytes], bytes]) -> bytes:
    """A workbook with its parts changed."""
    old, new = io.BytesIO(workbook_bytes(pair("targets", "zip"))), io.BytesIO()
    with zipfile.ZipFile(old) as source, zipfile.ZipFile(new, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            target.writestr(name, change(name, source.read(name)))
    return new.getvalue()


def workbooks() -> Table:
    def at(name: str) -> str:
        return f"campaigns/{name}.xlsx"

    def of(key: str, **cells: object) -> list[dict[str, object]]:
        return [dict(sound("campaigns", f"{key}-1")), {**sound("campaigns", f"{key}-2"), **cells}]

    def bomb(name: str, part: bytes) -> bytes:
        return part + b" " * 80_000_000 if "sheet1" in name else part

    unreadable = Refused("is no workbook that can be read")
    book = workbook_bytes(pair("campaigns", "wb"))
    yield (
        "numbers and dates as such",
        at("typed"),
        workbook(of("wt", budget=5000.5), C2=(dt.date(2026, 3, 1),)),
        Loaded(2, {"budget": Decimal("5000.5")}),
    )
    yield "a formula", at("formula"), workbook(of("wf"), B3=("=1+1", None, "Two")), Loaded(
        2, {"campaign_name": "Two"})  # fmt: skip
    yield "an error in a needed cell", at("error"), workbook(of("we"), B3=("=1/0", None, "#DIV/0!")
        ), Rejected("spreadsheet_error")  # fmt: skip
    yield "an error in an optional cell", at("error2"), workbook(of("wo"), G3=(
        "=#REF!", None, "#REF!")), Rejected("spreadsheet_error")  # fmt: skip
    yield "a serial number for a day", at("serial"), workbook(of("ws", starts_on=46082)), Rejected(
        "spreadsheet_number")  # fmt: skip
    yield (
        "a blank row between",
        at("blank"),
        workbook([*of("wl"), {"a": ""}, *of("wl2")]),
        Loaded(4),
    )
    yield "an empty sheet", at("empty"), workbook([{}]), Refused("is empty")
    yield "a workbook of 0 bytes", at("zero"), b"", unreadable
    yield "text named .xlsx", at("text"), till("wx"), unreadable
    yield "a workbook cut off", at("cut"), book[:-300], unreadable
    yield "a damaged workbook", at("damaged"), book[:900] + b"\xff" * 300 + book[1200:], unreadable
    yield "an old or locked workbook", at("old"), b"\xd0\xcf\x11\xe0" + b"\0" * 900, (
        unreadable)  # fmt: skip
    yield "an archive of something else", at("other"), repacked(lambda _, part: b"x"), unreadable
    yield "a workbook that is a zip bomb", at("bomb"), repacked(bomb), Refused("times its size")
    yield (
        "entities that multiply",
        at("entities"),
        repacked(
            lambda name, part: (
                part.replace(
                    b"<worksheet",
                    b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><worksheet',
                    1,
                ).replace(b"<v>0<", b"<v>&b;<")
                if "sheet1" in name
                else part
            )
        ),
        unreadable,
    )
    yield (
        "a column of a workbook twice",
        at("twice"),
        workbook(of("w2"), B1=("campaign_id",)),
        Refused("twice"),
    )
