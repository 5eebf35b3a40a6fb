"""Text cells to typed cells: a whole column at a time, what cannot be understood becomes empty."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

import polars as pl
import pyarrow as pa

from warehouse.feeds import Kind

_FULL_WIDTH = {
    chr(code): chr(code - 0xFEE0) for code in range(0xFF10, 0xFF5B) if chr(code).isalnum()
}
_OFFSET = r"(?:Z|[+-]\d\d:?\d\d)$"
_WHOLE_TIMES = {19: pa.timestamp("us"), 25: pa.timestamp("us", "UTC")}
"""Times as most files write them, to the second, by their length: local, or with `+08:00`."""
_TIME_FORMATS = ("%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d")
_MOBILE = re.compile(r"(?<!\d)(?:\+?86[- ]?)?1[3-9]\d(?:[- ]?\d{4}){2}(?!\d)")
_SEALED = re.compile(r"hmac:([0-9a-f]{64}):(.*)")
_HMAC_BLOCK = 64
_LARGEST = 2**31 - 1
_YEARS = (1900, 2100)


def cleaned(cells: pl.Series) -> pl.Series:
    """Without white space around, full-width digits and letters as ASCII, empty text as null."""
    cells = cells.cast(pl.String).str.strip_chars()
    if (cells.str.len_bytes() != cells.str.len_chars()).any():
        cells = cells.str.replace_many(list(_FULL_WIDTH), list(_FULL_WIDTH.values()))
    return cells.set(cells == "", None)


def typed(cells: pl.Series, kind: Kind, timezone: str) -> pl.Series:
    """Cleaned text cells as `kind`; null where the text is not of that kind.

    Times without an offset are taken as local to `timezone`; all come back as naive UTC.
    """
    if cells.len() and cells.null_count() == cells.len():
        return typed(cells.clear(), kind, timezone).extend_constant(None, cells.len())
    if kind is Kind.AT:
        return _times(cells, timezone)
    return _PARSERS[kind](cells) if kind in _PARSERS else cells


def _counts(cells: pl.Series) -> pl.Series:
    """Whole numbers; spreadsheets and data frames write them with a zero fraction too."""
    numbers = cells.cast(pl.Int64, strict=False)
    if numbers.null_count() > cells.null_count():
        digits = cells.str.replace(r"^([+-]?\d+)\.0+$", "$1").str.replace(r"^\+(\d)", "$1")
        numbers = digits.cast(pl.Int64, strict=False)
    return numbers.set((numbers.abs() > _LARGEST).fill_null(False), None)


def _amounts(cells: pl.Series) -> pl.Series:
    """Exact amounts; a third decimal other than zero is refused, never rounded away."""
    plain = cells.set(~cells.str.contains(r"^[+-]?\d{1,15}(?:\.\d{1,2}0*)?$"), None)
    return plain.str.strip_prefix("+").cast(pl.Decimal(18, 2), strict=False)


def _numbers(cells: pl.Series) -> pl.Series:
    plain = cells.set(~cells.str.contains(r"^[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$"), None)
    numbers = plain.cast(pl.Float64, strict=False)
    return numbers.set(numbers.is_infinite().fill_null(False), None)


def _dates(cells: pl.Series) -> pl.Series:
    """Dates; a time of midnight behind the date is what spreadsheets add, and says nothing."""
    days = cells.str.replace(r"[T ]00:00(?::00(?:\.0+)?)?$", "")
    dates = days.str.to_date("%Y-%m-%d", strict=False)
    return dates.set(~dates.dt.year().is_between(*_YEARS), None)


def _months(cells: pl.Series) -> pl.Series:
    return cells.set(~cells.str.contains(r"^\d{4}-(?:0[1-9]|1[0-2])$"), None)


def _flags(cells: pl.Series) -> pl.Series:
    words = {"true": True, "1": True, "false": False, "0": False}
    return cells.str.to_lowercase().replace_strict(words, default=None, return_dtype=pl.Boolean)


def _times(cells: pl.Series, timezone: str) -> pl.Series:
    """ISO 8601 with or without offset, seconds or time of day, as naive UTC."""
    times = _whole_times(cells, timezone)
    if times is None:
        times = _any_times(cells, timezone)
    return times.set(~times.dt.year().is_between(*_YEARS), None)


def _whole_times(cells: pl.Series, timezone: str) -> pl.Series | None:
    """The same where all are written in one of the usual ways, many times faster; else None."""
    lengths = cells.str.len_bytes()
    kind = _WHOLE_TIMES.get(lengths.max())  # type: ignore[arg-type]
    if kind is None or lengths.min() != lengths.max():
        return None
    if kind.tz and not cells.str.slice(19, 1).is_in(["+", "-"]).all():
        return None
    try:
        times = pl.Series(cells.name, cells.to_arrow().cast(kind))
    except pa.ArrowInvalid:
        return None
    return times.dt.replace_time_zone(None) if kind.tz else _utc(times, timezone)


def _any_times(cells: pl.Series, timezone: str) -> pl.Series:
    iso = cells.str.replace(" ", "T", literal=True).str.strip_chars()
    iso = iso.str.replace(r"^(\d{4}-\d\d-\d\d)T\s*$", "$1")
    has_offset = iso.str.contains(_OFFSET).fill_null(False) & iso.str.contains("T", literal=True)
    times = _local_times(iso, timezone)
    if has_offset.any():
        times = times.zip_with(~has_offset, _offset_times(iso))
    return times


def _local_times(iso: pl.Series, timezone: str) -> pl.Series:
    return _utc(_first_that_parses(iso, _TIME_FORMATS), timezone)


def _utc(times: pl.Series, timezone: str) -> pl.Series:
    zoned = times.dt.replace_time_zone(timezone, ambiguous="earliest", non_existent="null")
    return zoned.dt.convert_time_zone("UTC").dt.replace_time_zone(None)


def _offset_times(iso: pl.Series) -> pl.Series:
    numeric = iso.str.replace(r"Z$", "+00:00").str.replace(r"([+-]\d\d):?(\d\d)$", "$1:$2")
    formats = tuple(f"{layout}%:z" for layout in _TIME_FORMATS[:2])
    return _first_that_parses(numeric, formats, time_zone="UTC").dt.replace_time_zone(None)


def _first_that_parses(
    cells: pl.Series, formats: tuple[str, ...], time_zone: str | None = None
) -> pl.Series:
    """Most files use one format, so the others are tried only where the first left gaps."""
    times = cells.str.to_datetime(formats[0], strict=False, time_unit="us", time_zone=time_zone)
    for layout in formats[1:]:
        gaps = times.is_null() & cells.is_not_null()
        if not gaps.any():
            break
        other = cells.str.to_datetime(layout, strict=False, time_unit="us", time_zone=time_zone)
        times = times.zip_with(~gaps, other)
    return times


def canonical_shares(text: str) -> str | None:
    """`G02=0.3; G01=0.70` as `G01=0.7;G02=0.3`; None unless the shares total exactly 1.

    A guide with share 0 has none and is left out.
    """
    shares: dict[str, Decimal] = {}
    for part in filter(None, (part.strip() for part in text.split(";"))):
        guide, _, share = (piece.strip() for piece in part.rpartition("="))
        if not guide or guide in shares or not re.fullmatch(r"\d*\.?\d{1,8}|\d+", share):
            return None
        try:
            shares[guide] = Decimal(share)
        except InvalidOperation:
            return None
    if sum(shares.values(), Decimal(0)) != 1:
        return None
    return ";".join(f"{g}={_plain(s)}" for g, s in sorted(shares.items()) if s)


def _plain(share: Decimal) -> str:
    return format(share.normalize(), "f")


def lead_guide(shares: str) -> str:
    """The guide with the greatest share of canonical shares; of equals the smallest id."""
    pairs = (part.rpartition("=") for part in shares.split(";"))
    return min(pairs, key=lambda pair: (-Decimal(pair[2]), pair[0]))[0]


def _shares(cells: pl.Series) -> pl.Series:
    return mapped(cells, canonical_shares)


def mapped(cells: pl.Series, function: Callable[[str], str | None]) -> pl.Series:
    """A Python function on each different text once, or, where few are alike, on each text."""
    texts = cells.unique().drop_nulls()
    if 2 * texts.len() > cells.len():
        made = [None if text is None else function(text) for text in cells]
        return pl.Series(cells.name, made, dtype=pl.String)
    known = {text: function(text) for text in texts}
    return cells.replace_strict(known, default=None, return_dtype=pl.String)


def phone_digest(phone: str, secret: str) -> str | None:
    """Keyed digest (HMAC-SHA-256) of a phone's digits; without the key it cannot be reversed. A
    text without digits is no phone."""
    if phone.startswith("hmac:") and (sealed := _SEALED.fullmatch(phone)):
        return sealed[1]
    digits = _digits(phone).encode()
    return _keyed_digest(digits, secret) if digits else None


def _keyed_digest(text: bytes, secret: str) -> str:
    """HMAC-SHA-256 (RFC 2104) from states the key was put into once: twice as fast as `hmac`."""
    inner, outer = (state.copy() for state in _keyed(secret))
    inner.update(text)
    outer.update(inner.digest())
    return str(outer.hexdigest())


@lru_cache(maxsize=8)
def _keyed(secret: str) -> tuple[Any, Any]:
    key = secret.encode()
    key = hashlib.sha256(key).digest() if len(key) > _HMAC_BLOCK else key
    padded = key.ljust(_HMAC_BLOCK, b"\0")
    inner, outer = (bytes(byte ^ pad for byte in padded) for pad in (0x36, 0x5C))
    return hashlib.sha256(inner), hashlib.sha256(outer)


def phone_masked(phone: str) -> str:
    """`13812345678` as `138****5678`: enough to recognise, not enough to call."""
    if phone.startswith("hmac:") and (sealed := _SEALED.fullmatch(phone)):
        return sealed[2]
    digits = _digits(phone)
    shown = (digits[:3], digits[-4:]) if len(digits) >= 9 else ("", digits[-2:])
    return "****".join(shown)


def phone_sealed(phone: str, secret: str) -> str:
    """A phone as it may be kept: a text of which digest and masked form can be had again."""
    digest = phone_digest(phone, secret)
    return f"hmac:{digest}:{phone_masked(phone)}" if digest else phone


def mobiles_masked(text: str) -> str:
    """A text with every mobile number that stands in it masked."""
    return _MOBILE.sub(lambda found: phone_masked(found[0]), text)


def _digits(phone: str) -> str:
    digits = phone if phone.isascii() and phone.isdigit() else re.sub(r"\D", "", phone)
    return digits[2:] if len(digits) == 13 and digits.startswith("86") else digits


_PARSERS: dict[Kind, Callable[[pl.Series], pl.Series]] = {
    Kind.COUNT: _counts,
    Kind.MONEY: _amounts,
    Kind.NUMBER: _numbers,
    Kind.DATE: _dates,
    Kind.MONTH: _months,
    Kind.FLAG: _flags,
    Kind.SHARES: _shares,
}
