"""Odd, broken and hostile separated files, archives, and what else lies in an inbox."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

from hostile import (
    HEAD,
    SECRET_PLACE,
    Loaded,
    Refused,
    Rejected,
    Table,
    Untouched,
    other,
    separated,
    sound,
    till,
    workbook_bytes,
)


# Separated text --------------------------------------------------------------------------------
def text() -> Table:
    def at(name: str) -> str:
        return f"pos_sales/{name}"

    reordered = ",".join(reversed(HEAD.split(",")))
    back = ",".join(reversed(f"S1,rev,1,2026-03-01T10:00:00,P1,1,10.00,{'cash'}".split(",")))
    wide = "\n".join(f"S1,L{n},1,2026-03-01T10:00:00,P1,1,10.00,cash" for n in range(10_000))
    more = "S1,late,1,2026-03-01T10:00:00,P1,1,10.00,cash,surprise"
    yield "columns in another order", at("reordered.csv"), f"{reordered}\n{back}\n", Loaded(
        1, {"tender": "cash", "net_amount": Decimal("10.00")})  # fmt: skip
    yield "a column twice", at("twice.csv"), till("tw", head=f"{HEAD[:-6]}quantity"), Refused(
        "column 'quantity' twice")  # fmt: skip
    yield "columns nobody knows", at("extra.csv"), till("ex", head=f"{HEAD},x,").replace(
        "cash\n", "cash,1,2\n"), Loaded(1)  # fmt: skip
    yield "a cell more from row 10,000 on", at("later.csv"), f"{HEAD}\n{wide}\n{more}\n", Rejected(
        "broken_record", 10_002, 10_000)  # fmt: skip
    yield (
        "most records with a cell more",
        at("most.csv"),
        till("mo", *[other(f"mo{n}") + ",more" for n in range(3)]),
        Refused("3 of 4 rows are bad"),
    )
    yield "a record cut off", at("cut.csv"), till("cut", "S1,cut2,1,2026-03-0")[:-1], Rejected(
        "broken_record")  # fmt: skip
    yield "nothing at all", at("nothing.csv"), "", Refused("is empty")
    yield "blank lines only", at("blank.csv"), "\n\n \n", Refused("is empty")
    yield "a header alone", at("header.csv"), f"{HEAD}\n", Loaded(0)
    yield "no header", at("bare.csv"), till("bare").split("\n", 1)[1], Refused("'1' twice")
    yield "a title above the header", at("title.csv"), "Sales of March\n" + till("ti"), Refused(
        "is missing")  # fmt: skip
    yield "a page of HTML", at("page.csv"), "<html><body>502 Bad Gateway</body></html>\n", Refused(
        "is missing")  # fmt: skip
    yield "semicolons", at("semi.csv"), till("semi").replace(",", ";"), Loaded(1)
    yield "bars", at("bars.csv"), till("bars").replace(",", "|"), Loaded(1)
    yield "tabs in a .csv", at("tabs.csv"), till("tabs").replace(",", "\t"), Loaded(1)
    yield "commas in a .tsv", at("commas.tsv"), till("commas"), Refused("is missing")
    yield "Windows line ends", at("crlf.csv"), till("crlf").replace("\n", "\r\n"), Loaded(1)
    yield "old Mac line ends", at("cr.csv"), till("cr").replace("\n", "\r"), Loaded(1)
    yield "no line end at the end", at("open.csv"), till("open")[:-1], Loaded(1)
    yield "trailing blank lines", at("tail.csv"), till("tail") + "\n\n\n", Loaded(1)
    yield "spaces around cells", at("spaces.csv"), till("spaces").replace(",", " , "), Loaded(1)
    yield "a cell over two lines", at("two.csv"), till("two", tender='"a\nb"'), Loaded(
        1, {"tender": "a\nb"})  # fmt: skip
    yield "a quotation mark never closed", at("quote.csv"), till("quote", tender='"cash'), Refused(
        "never closed")  # fmt: skip
    yield "stray quotation marks", at("stray.csv"), till(
        "stray", other("s1", product_id='"P1'), other("s2"), other("s3", product_id='"P1'),
        other("s4")), Rejected("broken_record", 3, 2)  # fmt: skip
    yield "a quoted header over two lines", at("tall.csv"), till("tall").replace(
        "tender", '"ten\nder"'), Loaded(1)  # fmt: skip
    yield (
        "5,000 columns",
        at("columns.csv"),
        till("wide", head=HEAD + "".join(f",c{n}" for n in range(5000))).replace(
            "cash", "cash" + "," * 5000
        ),
        Loaded(1),
    )
    yield "a line of zero bytes, as after a power cut", at("zeros.csv"), till("ze") + "\0" * 99, (
        Rejected("broken_record"))  # fmt: skip
    yield "zero bytes from the start", at("zeros-first.csv"), b"\0" * 5000, Refused("not text")
    yield "a quotation mark in the header never closed", at("mark.csv"), till("m", head=f'"{HEAD}'
        ) + "x\n" * 90_000, Refused("never closed")  # fmt: skip
    yield "a line of 9 MB", at("long.csv"), till("lo") + "x" * 9_000_000, Refused("longer than")
    yield "a header of 9 MB", at("long-header.csv"), "x" * 9_000_000, Refused("longer than")
    yield "a quoted cell of 9 MB", at("long-cell.csv"), till("lc", tender='"' + "x" * 9_000_000
        + '"'), Refused("longer than")  # fmt: skip
    yield "repeated rows", at("repeat.csv"), till("re") + till("re").split("\n", 1)[1], Loaded(1)


def encodings() -> Table:
    name = "上海南京路"
    for code in ("utf-8", "utf-8-sig", "utf-16", "gb18030"):
        yield code, f"stores/{code}.csv", separated([sound("stores", code, store_name=name)]
            ).encode(code), Loaded(1, {"store_name": name})  # fmt: skip
    for code in ("utf-16-le", "utf-32"):
        yield code, f"stores/{code}.csv", till("u").encode(code), Refused("not text")
    yield (
        "UTF-8 cut within a character",
        "stores/half.csv",
        b"\xef\xbb\xbf" + separated([sound("stores", "half", reason=name)]).encode()[:-2],
        Refused("not the UTF-8"),
    )
    yield "bytes of no encoding", "stores/none.csv", b"store_id\n\xff\xff\n", Refused("not text")
    yield "an archive named .csv", "stores/zip.csv", workbook_bytes([{"a": "b"}]), Refused(
        "not text")  # fmt: skip
    yield "gzip named .csv", "stores/gzip.csv", gzip.compress(b"a" * 99), Refused("not text")
    yield "a picture named .csv", "stores/png.csv", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", Refused(
        "not text")  # fmt: skip


# Compressed ------------------------------------------------------------------------------------
def compressed() -> Table:
    def at(name: str) -> str:
        return f"pos_sales/{name}.csv.gz"

    whole = gzip.compress(till("gz").encode() + os.urandom(3000).hex().encode())
    yield "an archive cut off", at("cut"), whole[:-700], Refused("cut off")
    yield "an archive without its checksum", at("tail"), whole[:-6], Refused("cut off")
    yield "an archive with a wrong checksum", at("sum"), whole[:-8] + b"abcd" + whole[-4:], (
        Refused("damaged"))  # fmt: skip
    yield "an archive with a damaged middle", at("middle"), whole[:900] + b"xxxx" + whole[904:], (
        Refused("damaged"))  # fmt: skip
    yield "text named .gz", at("text"), till("t"), Refused("not a gzip archive")
    yield "an empty .gz", at("empty"), b"", Refused("is empty")
    yield "an archive of nothing", at("hollow"), gzip.compress(b""), Refused("is empty")
    yield "two archives one after the other", at("joined"), gzip.compress(till("j1").encode()) + (
        gzip.compress(other("j2").encode() + b"\n")), Loaded(2)  # fmt: skip
    yield "an archive in an archive", at("nested"), gzip.compress(whole), Refused("not text")
    yield "zero bytes after an archive", at("padded"), gzip.compress(till("p").encode()) + (
        b"\0" * 512), Refused("damaged")  # fmt: skip
    yield "text after an archive", at("followed"), gzip.compress(till("f").encode()) + b"more", (
        Refused("damaged"))  # fmt: skip
    bomb = gzip.compress(till("b").encode() + b"\n" * 40_000_000)
    yield "a zip bomb", at("bomb"), bomb, Refused("times its size")
    yield "a zip bomb of JSON", "pos_sales/bomb.jsonl.gz", bomb, Refused("times its size")


# What lies in the inbox ------------------------------------------------------------------------
def places() -> Table:
    sale = till("place")
    outside = f"../../{SECRET_PLACE}"

    def link(to: str) -> Callable[[Path], object]:
        return lambda path: path.symlink_to(to)

    leads_out, no_file = Refused("leads out of the inbox"), Refused("is not a file")
    yield "a link out of the inbox", "pos_sales/out.csv", link(f"{outside}/secret.csv"), leads_out
    yield "a link to a system file", "pos_sales/passwd.csv", link("/etc/passwd"), leads_out
    yield "a link to a folder outside", "pos_sales/folder", link(outside), leads_out
    yield "a link to a file of the inbox", "pos_sales/again.csv", link("place.csv"), Loaded(1)
    yield "a link to itself", "pos_sales/loop.csv", link("loop.csv"), no_file
    yield "a link to nothing", "pos_sales/nothing-there.csv", link("gone.csv"), no_file
    yield "a link to a folder above", "pos_sales/circle", link(".."), no_file
    yield "a pipe", "pos_sales/pipe.csv", os.mkfifo, no_file
    yield "a file loaded under another name", "pos_sales/place.csv", sale, Untouched()
    yield "a file in no folder", "loose.csv", sale, Refused("lies in no folder")
    yield "a folder that is no feed", "pos_sale/day.csv", sale, Refused("nearest is 'pos_sales'")
    yield "an ending nobody reads", "pos_sales/day.docx", sale, Refused("ending nobody reads")
    yield "a .zip", "pos_sales/day.zip", b"PK\3\4", Refused("ending nobody reads")
    yield "a name with a line end", "pos_sales/a\nb.csv", sale, Refused("has a name")
    yield "a name that colours a terminal", "pos_sales/\x1b[31m.csv", sale, Refused("has a name")
    yield "a name that is not text", os.fsdecode(b"pos_sales/\xd6\xd0.csv"), sale, Refused(
        "has a name")  # fmt: skip
    yield "a name like a formula", "pos_sales/=1+1.csv", till("formula"), Loaded(1)
    yield "a name like SQL", "pos_sales/x'; DROP TABLE etl_files; --.csv", till("sql"), Loaded(1)
    yield "a name in Chinese", "pos_sales/三月\u3000一日.csv", till("chinese"), Loaded(1)
    for name in (".hidden.csv", "day.csv.part", "day.tmp", "day.CRDOWNLOAD"):
        yield name, f"pos_sales/{name}", sale, Untouched()
