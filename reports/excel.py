"""A page as an Excel workbook: a sheet for each of its tables, and one that says what they show."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property
from io import BytesIO
from typing import Any

import polars as pl
from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from reports import values
from reports.i18n import t
from reports.paper import Paper, Section, Table, sections

NAME_LENGTH = 31
WIDTHS = (8, 48)
"""Columns are as wide as what stands in them, but no narrower and no wider than this."""
LOOKED_AT = 200
"""Rows that decide how wide a column is."""


def made(paper: Paper) -> bytes:
    """The workbook's bytes."""
    file = BytesIO()
    book = _Book(file)
    for section in sections(paper):
        for table in section.tables:
            book.add(section, table, paper.said)
    book.explain(paper)
    book.close()
    return file.getvalue()


class _Book:
    """A workbook in which no text is taken for a number, an address or a formula."""

    def __init__(self, file: BytesIO) -> None:
        texts = ("strings_to_formulas", "strings_to_urls", "strings_to_numbers")
        self._book = Workbook(file, {"in_memory": True} | dict.fromkeys(texts, False))
        self._names: set[str] = set()
        self._formats: dict[str, Format] = {}

    def add(self, section: Section, table: Table, said: str) -> None:
        """A sheet for a table, under the title and note of what it belongs to."""
        sheet = self._sheet(table.title)
        sheet.write_string(0, 0, section.title, self._title)
        sheet.write_string(1, 0, section.note or said)
        self._write(sheet, 3, table)
        sheet.freeze_panes(4, 1)
        sheet.autofilter(3, 0, 3 + table.frame.height, len(table.columns) - 1)

    def explain(self, paper: Paper) -> None:
        """The sheet that says what one looks at, how fresh it is and what the columns mean."""
        sheet = self._sheet(t("export.about"))
        sheet.write_string(0, 0, paper.title, self._title)
        row = self._pairs(sheet, 2, paper.facts.items())
        if paper.feeds:
            sheet.write_string(row + 1, 0, paper.feeds.title, self._title)
            row = self._write(sheet, row + 2, paper.feeds)
        sheet.write_string(row + 1, 0, t("export.definitions"), self._title)
        self._pairs(sheet, row + 2, _definitions(paper))
        sheet.set_column(0, 0, 28)
        sheet.set_column(1, 1, 100)

    def close(self) -> None:
        """Finish the file."""
        self._book.close()

    def _sheet(self, title: str) -> Worksheet:
        """A sheet under a name Excel takes, which no other sheet has."""
        cleaned = re.sub(r"[\[\]:*?/\\]", " ", title).strip(" '") or t("export.table")
        name, number = cleaned[:NAME_LENGTH], 1
        while name.casefold() in self._names:
            number += 1
            name = f"{cleaned[: NAME_LENGTH - 4]} {number}"
        self._names.add(name.casefold())
        return self._book.add_worksheet(name)

    def _write(self, sheet: Worksheet, top: int, table: Table) -> int:
        """A table from a row on; the row after it."""
        exact = values.exact(table)
        for place, (name, heading) in enumerate(
            zip(exact.columns, values.headings(table), strict=True)
        ):
            sheet.write_string(top, place, heading, self._heading)
            sheet.set_column(place, place, _width(heading, exact[name]))
            for row, (value, kind) in enumerate(
                zip(exact[name], values.kinds(table, name), strict=True)
            ):
                self._cell(sheet, top + 1 + row, place, value, kind.sheet)
        return top + 1 + exact.height

    def _cell(self, sheet: Worksheet, row: int, place: int, value: Any, layout: str) -> None:
        if value is None:
            return
        if isinstance(value, str):
            sheet.write_string(row, place, value, self._format("@"))
        else:
            sheet.write(row, place, value, self._format(layout))

    def _pairs(self, sheet: Worksheet, top: int, pairs: Iterable[tuple[str, str]]) -> int:
        rows = list(pairs)
        for place, (name, value) in enumerate(rows):
            sheet.write_string(top + place, 0, name, self._heading)
            sheet.write_string(top + place, 1, value, self._wrapped)
        return top + len(rows)

    def _format(self, layout: str) -> Format:
        if layout not in self._formats:
            self._formats[layout] = self._book.add_format({"num_format": layout})
        return self._formats[layout]

    @cached_property
    def _title(self) -> Format:
        return self._book.add_format({"bold": True, "font_size": 14})

    @cached_property
    def _heading(self) -> Format:
        return self._book.add_format(
            {"bold": True, "text_wrap": True, "valign": "top", "bottom": 1}
        )

    @cached_property
    def _wrapped(self) -> Format:
        return self._book.add_format({"text_wrap": True, "valign": "top"})


def _definitions(paper: Paper) -> list[tuple[str, str]]:
    """What every column that needs it means, once."""
    tables = [table for section in sections(paper) for table in section.tables]
    columns = [column for table in tables for column in table.columns.values() if column.note]
    return list({column.heading: column.note for column in columns}.items())


def _width(heading: str, column: pl.Series) -> float:
    """Characters a column takes, those of Chinese being twice as wide."""
    texts = [str(value) for value in column.head(LOOKED_AT).drop_nulls()]
    longest = max(map(_wide, texts), default=0)
    least, most = WIDTHS
    return max(least, min(max(longest, _wide(heading) / 2) + 3, most))


def _wide(text: str) -> int:
    return sum(2 if ord(letter) > 0x2E7F else 1 for letter in text)
