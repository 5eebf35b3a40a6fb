"""A page's tables as CSV: comma-separated, in UTF-8 with the mark that tells spreadsheets so."""

from __future__ import annotations

import io
import re
import zipfile

import polars as pl

from reports import values
from reports.paper import Paper, Table, sections

EPOCH = (1980, 1, 1, 0, 0, 0)
"""What the files of an archive are dated: the same page gives the same bytes."""


def made(paper: Paper) -> bytes:
    """An archive with a file for each table, named and numbered as they stand on the page."""
    file = io.BytesIO()
    tables = [table for section in sections(paper) for table in section.tables]
    with zipfile.ZipFile(file, "w") as archive:
        for number, table in enumerate(tables, 1):
            name = re.sub(r"[^\w -]", " ", table.title).strip()
            file_info = zipfile.ZipInfo(f"{number:02} {name}.csv", EPOCH)
            archive.writestr(file_info, _csv(table), zipfile.ZIP_DEFLATED)
    return file.getvalue()


def _csv(table: Table) -> bytes:
    head = pl.DataFrame([values.headings(table)], orient="row")
    exact = values.exact(table).with_columns(pl.col(pl.Datetime).dt.to_string("%Y-%m-%d %H:%M"))
    lines = [frame.write_csv(include_header=False) for frame in (head, exact)]
    return "".join(lines).encode("utf-8-sig")
