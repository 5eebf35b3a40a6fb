"""The fields of a mapped table as polars expressions over its source columns (all text)."""

from __future__ import annotations

import re
from collections.abc import Iterable

import polars as pl

from etl.mapping import TEMPLATE_COLUMN, Condition, FieldMapping, TableMapping, is_date, is_time

_ISO = ("%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M", "%Y-%m-%d")
_ISO_OFFSET = "%Y-%m-%d %H:%M:%S%.f%:z"
_HOUR = re.compile(r"%[HIT]")


def cleaned(name: str, table: TableMapping) -> pl.Expr:
    """A source column without white space around and null words, numbers with a decimal point."""
    cell = pl.col(name).str.strip_chars()
    cell = pl.when(~cell.is_in(["", *table.nulls])).then(cell)
    sums = {column for rule in table.fields if rule.compute for column in rule.compute.columns}
    if name not in sums and name not in table.numbers:
        return cell.alias(name)
    if table.thousands:
        cell = cell.str.replace_all(table.thousands, "", literal=True)
    if table.decimal != ".":
        cell = cell.str.replace(table.decimal, ".", literal=True)
    return cell.alias(name)


def holds(tests: Iterable[Condition]) -> pl.Expr:
    """Whether every condition holds; an empty cell holds only what asks for one."""
    return pl.all_horizontal(pl.lit(True), *(_holds(test) for test in tests))


def fails(tests: Iterable[Condition]) -> pl.Expr:
    """Whether no condition holds."""
    return ~pl.any_horizontal(pl.lit(False), *(_holds(test) for test in tests))


def _holds(test: Condition) -> pl.Expr:
    cell = pl.col(test.column)
    if test.empty is not None:
        return cell.is_null() if test.empty else cell.is_not_null()
    if test.matches is not None:
        return cell.str.contains(test.matches).fill_null(False)
    return cell.is_in(test.values).fill_null(False)


def picked(rule: FieldMapping) -> pl.Expr:
    """The field's raw text, for every kind of source but a sum or a line number."""
    if rule.column is not None:
        return pl.col(rule.column)
    if rule.first_of is not None:
        return pl.coalesce(rule.first_of)
    if rule.template is not None:
        # Split at its columns: every second part is one.
        parts = TEMPLATE_COLUMN.split(rule.template)
        texts = (pl.col(part) if odd % 2 else pl.lit(part) for odd, part in enumerate(parts))
        return pl.concat_str(list(texts))
    return pl.lit(rule.constant, pl.String)


def finished(cell: pl.Expr, rule: FieldMapping, table: TableMapping, timezone: str) -> pl.Expr:
    """The field's text once cleaned, translated, filled, dated and conditioned, in that order.

    `timezone` is the business one, in which a date is the date of a time with another zone.
    """
    for pattern, replacement in rule.replace:
        cell = cell.str.replace_all(pattern, replacement)
    if rule.replace:
        cell = pl.when(cell != "").then(cell)
    cell = _translated(cell, rule)
    if rule.if_empty is not None:
        cell = cell.fill_null(rule.if_empty)
    cell = _dated(cell, rule, table, timezone)
    if rule.when or rule.unless:
        cell = pl.when(holds(rule.when) & fails(rule.unless)).then(cell)
    return cell.alias(rule.name)


def _translated(cell: pl.Expr, rule: FieldMapping) -> pl.Expr:
    known = dict(rule.values)
    if rule.default is None:
        return cell.replace(known) if known else cell
    translated = cell.replace_strict(known, default=rule.default, return_dtype=pl.String)
    return pl.when(cell.is_not_null()).then(translated)


def _dated(cell: pl.Expr, rule: FieldMapping, table: TableMapping, timezone: str) -> pl.Expr:
    """What parses becomes ISO 8601; what does not stays as it is, for the contract to reject."""
    formats = rule.date_format or table.date_format
    if is_time(rule.name) and (formats or table.timezone):
        return pl.coalesce([*_times(cell, formats, table.timezone), cell])
    if is_date(rule.name):
        return pl.coalesce([*_dates(cell, formats, table.timezone, timezone), cell])
    return cell


def _times(cell: pl.Expr, formats: tuple[str, ...], zone: str | None) -> Iterable[pl.Expr]:
    written = "%Y-%m-%dT%H:%M:%S%.f" + ("%:z" if zone else "")
    for time in _parsed(cell, formats):
        yield (_localised(time, zone) if zone else time).dt.to_string(written)


def _dates(
    cell: pl.Expr, formats: tuple[str, ...], zone: str | None, timezone: str
) -> Iterable[pl.Expr]:
    """Dates as printed; where the zone is known, the business date of the time."""
    for layout, time in zip(formats or _ISO, _parsed(cell, formats), strict=True):
        has_hour = zone and _HOUR.search(layout)
        here = _localised(time, zone).dt.convert_time_zone(timezone) if zone and has_hour else time
        yield here.dt.to_string("%Y-%m-%d")
    if not formats:
        offset = _spaced(cell).str.to_datetime(_ISO_OFFSET, strict=False, time_zone=timezone)
        yield offset.dt.to_string("%Y-%m-%d")


def _parsed(cell: pl.Expr, formats: tuple[str, ...]) -> list[pl.Expr]:
    if not formats:
        cell, formats = _spaced(cell), _ISO
    return [cell.str.to_datetime(layout, strict=False, time_unit="us") for layout in formats]


def _spaced(cell: pl.Expr) -> pl.Expr:
    return cell.str.replace("T", " ", literal=True).str.replace(r"Z$", "+00:00")


def _localised(time: pl.Expr, zone: str) -> pl.Expr:
    """Local times as instants: of an hour that occurs twice the first, and an hour that the clocks
    skip counts on from before, as the till's clock did."""
    hour = pl.duration(hours=1)
    there = time.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    before = (time - hour).dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    return pl.coalesce([there, before + hour])
