"""One raw value → one typed value, or ValueError with the reason."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo

Shares = tuple[tuple[str, Decimal], ...]

FEN = Decimal("0.01")
_DECIMAL = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)")
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
# Full-width digits and letters to ASCII (the contract names these, and no punctuation).
_FOLD = {
    wide: wide - 0xFEE0
    for first, last in ((0xFF10, 0xFF19), (0xFF21, 0xFF3A), (0xFF41, 0xFF5A))
    for wide in range(first, last + 1)
}


def to_fen(amount: Decimal) -> Decimal:
    """Half-up to the fen; of a negative amount the magnitude is rounded, so −x mirrors x."""
    return amount.quantize(FEN, rounding=ROUND_HALF_UP)


def clean(value: Any) -> Any:
    """Surrounding white space trimmed, full-width folded; an empty string is null."""
    if isinstance(value, str):
        return value.strip().translate(_FOLD) or None
    return value


def typed(kind: str, value: Any, zone: ZoneInfo) -> Any:
    """The value of a cleaned, non-null cell."""
    if kind == "time":
        return _time(value, zone)
    return _PARSERS[kind](value)


def _time(value: Any, zone: ZoneInfo) -> datetime:
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    return moment.astimezone(UTC)


def _date(value: Any) -> date:
    if isinstance(value, datetime):
        return value.date()
    return value if isinstance(value, date) else date.fromisoformat(str(value))


def _number(value: Any) -> Decimal:
    """CHOICE: plain notation only; no thousands separator, no exponent."""
    if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        return Decimal(value)
    if not _DECIMAL.fullmatch(str(value)):
        raise ValueError(f"not a number: {value}")
    return Decimal(str(value))


def _money(value: Any) -> Decimal:
    """CHOICE: more than two decimals means by value: 12.500 is 12.50, 12.505 is refused."""
    amount = _number(value)
    if amount != to_fen(amount):
        raise ValueError(f"more than two decimals: {value}")
    return to_fen(amount)


def _integer(value: Any) -> int:
    """CHOICE: an integer by value, so 2.0 is 2."""
    number = _number(value)
    if number != int(number):
        raise ValueError(f"not an integer: {value}")
    return int(number)


def _boolean(value: Any) -> bool:
    if str(value).lower() not in _BOOLEANS:
        raise ValueError(f"not a boolean: {value}")
    return _BOOLEANS[str(value).lower()]


def _month(value: Any) -> str:
    if not _MONTH.fullmatch(str(value)):
        raise ValueError(f"not a month: {value}")
    return str(value)


def _shares(value: Any) -> Shares:
    """`G01=0.7;G02=0.3`, must total 1. CHOICE: none may be negative; one of 0 is no share."""
    shares: dict[str, Decimal] = {}
    for part in filter(None, (piece.strip() for piece in str(value).split(";"))):
        guide, equals, share = part.partition("=")
        if not equals or not guide.strip():
            raise ValueError(f"not a share: {part}")
        amount = _number(share.strip())
        if amount < 0:
            raise ValueError(f"a negative share: {part}")
        shares[guide.strip()] = shares.get(guide.strip(), Decimal(0)) + amount
    if sum(shares.values()) != 1:
        raise ValueError(f"shares do not total 1: {value}")
    return tuple(sorted((guide, share) for guide, share in shares.items() if share > 0))


_PARSERS: dict[str, Any] = {
    "text": str,
    "date": _date,
    "number": _number,
    "money": _money,
    "integer": _integer,
    "boolean": _boolean,
    "month": _month,
    "shares": _shares,
}
