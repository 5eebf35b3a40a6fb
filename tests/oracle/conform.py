"""From raw rows to the rows that hold: typing, rejection, the newest row of a key, tombstones."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from .feeds import CLOSED_LISTS, FEEDS, Feed, kind_of
from .reading import RawRow, Unreadable, deliveries, raw_rows
from .values import clean, typed

Row = dict[str, Any]

_BEFORE_ALL = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Reject:
    """A row (or, without a line, a file) that was not taken, and why."""

    feed: str
    file: str
    line: int | None
    message: str


@dataclass(frozen=True)
class Contract:
    """What the reading of a value depends on besides the value."""

    zone: ZoneInfo
    seen_at: datetime
    most_rejected: Decimal  # share of a file's rows above which the file is refused whole


def read_feed(folder: Path, name: str, contract: Contract) -> tuple[list[Row], list[Reject]]:
    """The rows of a feed that hold after every delivery, in key order, and what was rejected."""
    accepted: list[Row] = []
    rejects: list[Reject] = []
    for path in deliveries(folder) if folder.is_dir() else []:
        try:
            rows, bad = _read_file(path, name, contract)
        except Unreadable as refusal:
            rejects.append(Reject(name, path.name, None, str(refusal)))
            continue
        accepted += rows
        rejects += bad
    return newest(accepted, FEEDS[name]), rejects


def _read_file(path: Path, name: str, contract: Contract) -> tuple[list[Row], list[Reject]]:
    try:
        columns, raw = raw_rows(path)
    except Unreadable:
        raise
    except Exception as error:  # whatever the reader's reason: the file cannot be read
        raise Unreadable(f"cannot be read: {error}") from error
    missing = [column for column in FEEDS[name].required if column not in columns]
    if missing:
        raise Unreadable(f"lacks {', '.join(missing)}")
    rows: list[Row] = []
    bad: list[Reject] = []
    for line, raw_row in enumerate(raw, start=1):
        try:
            rows.append(conform(name, raw_row, contract))
        except ValueError as error:
            bad.append(Reject(name, path.name, line, str(error)))
    if raw and Decimal(len(bad)) / len(raw) > contract.most_rejected:
        raise Unreadable(f"{len(bad)} of {len(raw)} rows rejected, first: {bad[0].message}")
    return rows, bad


def conform(name: str, raw: RawRow | None, contract: Contract) -> Row:
    """The typed row with every column of the feed, or ValueError.

    CHOICE: a voided or deleted row passes the same checks as any other ("missing required value"
    knows no exception), so a tombstone repeats the row it takes out.
    """
    if raw is None:
        raise ValueError("cannot be taken apart")
    row: Row = {column: _cell(column, raw.get(column), contract) for column in FEEDS[name].columns}
    for column in FEEDS[name].required:
        if row[column] is None:
            raise ValueError(f"missing required value: {column}")
    for column, value in row.items():
        allowed = CLOSED_LISTS.get((name, column))
        if allowed is not None and value is not None and value not in allowed:
            raise ValueError(f"outside the closed list: {column}={value}")
    _check_amounts(name, row)
    _check_times(row, contract)
    if name == "touchpoints" and not (row["visitor_id"] or row["member_id"]):
        raise ValueError("neither visitor_id nor member_id")
    return row


def _cell(column: str, raw: Any, contract: Contract) -> Any:
    value = clean(raw)
    if value is None:
        return None
    try:
        return typed(kind_of(column), value, contract.zone)
    except ValueError as error:
        raise ValueError(f"{column}: {error}") from error


def _check_amounts(name: str, row: Row) -> None:
    """Quantity 0, opposite signs, a negative online quantity.

    CHOICE: `refunds.amount (positive)`: a negative amount or quantity is rejected, 0 is not.
    """
    if name in ("pos_sales", "online_orders"):
        if row["quantity"] == 0:
            raise ValueError("quantity 0")
        if row["quantity"] * row["net_amount"] < 0:
            raise ValueError("quantity and net_amount of opposite sign")
    if name == "online_orders" and row["quantity"] < 0:
        raise ValueError("a negative online quantity")
    if name == "refunds" and (row["quantity"] < 0 or row["amount"] < 0):
        raise ValueError("a negative refund")


def _check_times(row: Row, contract: Contract) -> None:
    """An event time later than one day after the file was first seen.

    CHOICE: every time is an event time except `updated_at`.
    """
    latest = contract.seen_at + timedelta(days=1)
    for column, value in row.items():
        if column != "updated_at" and isinstance(value, datetime) and value > latest:
            raise ValueError(f"in the future: {column}={value}")


def newest(rows: Iterable[Row], feed: Feed) -> list[Row]:
    """Of several rows with one key the whole row with the greatest `updated_at` holds.

    None counts as lowest; of equals the later one holds (rows come in file, then line order).
    A row that holds and is void or deleted takes its key out.
    CHOICE: a feed whose contract lists no `updated_at` has none, even if a file carries it.
    """
    holding: dict[tuple[Any, ...], Row] = {}
    for row in rows:
        key = tuple(row[column] for column in feed.key)
        if key not in holding or _updated(row) >= _updated(holding[key]):
            holding[key] = row
    live = [row for row in holding.values() if not (row.get("is_void") or row["is_deleted"])]
    return sorted(live, key=lambda row: [_sortable(row[column]) for column in feed.key])


def _updated(row: Row) -> datetime:
    return row.get("updated_at") or _BEFORE_ALL


def _sortable(value: Any) -> tuple[bool, Any]:
    return (value is not None, value)
