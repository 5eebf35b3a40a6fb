"""The border: text frames in, typed rows and rejected rows out. Nothing is dropped silently."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

import polars as pl

from etl import cells
from warehouse.feeds import Feed, Field, Kind

ALWAYS = date(1, 1, 1)
"""Stands for an empty `valid_from`, which is part of a key and so cannot be null."""

_SERIAL = r"^\d{5}(?:\.\d+)?$"
_SHORTENED = r"^\d(?:\.\d+)?E\+\d+$"
_ERROR = r"^#(?:REF!|DIV/0!|VALUE!|NAME\?|NUM!|NULL!|N/A|ERROR!)$"
"""What spreadsheets show: 46082 for a date, 6.90123E+12 for a barcode, errors."""

_SIGNED = {"pos_sales": "net_amount", "online_orders": "net_amount"}
"""Feeds whose quantity may not be 0 and must have the sign of this amount."""

_NOT_NEGATIVE = {"online_orders": ("quantity",), "refunds": ("quantity", "amount"),
                 "footfall": ("visitors",)}  # fmt: skip


class SecretNeeded(Exception):
    """Phones came without the key to keep them safe with."""


@dataclass(frozen=True)
class Terms:
    """What the rows of one delivery are judged by.

    `first_seen` is naive UTC: no event may lie more than a day after it.
    """

    timezone: str
    first_seen: datetime
    secret: str | None = None


@dataclass(frozen=True)
class Conformed:
    """`accepted` has a typed column per field, `line`, `updated_at` and `is_deleted` (a tombstone:
    only its key counts); `rejected` has line, rule, message, row. The amounts are those of all rows
    and of the rejected ones, of a feed that states any."""

    accepted: pl.DataFrame
    rejected: pl.DataFrame
    read_amount: Decimal = Decimal(0)
    rejected_amount: Decimal = Decimal(0)


@dataclass(frozen=True)
class _Verdict:
    """Rows that break a rule; `cell` is the text to show behind the message."""

    bad: pl.Series
    rule: str
    message: str
    cell: pl.Series | None = None


def conform(frame: pl.DataFrame, feed: Feed, terms: Terms) -> Conformed:
    """Type and judge the rows of a frame of text columns plus `line` (and `_broken`, a reason why
    a record could not be split into fields). Raises SecretNeeded."""
    raw = _cleaned(frame, feed)
    parsed = raw.select(
        "line",
        *(cells.typed(raw[f.name], f.kind, terms.timezone).alias(f.name) for f in feed.fields),
    )
    gone = _tombstones(parsed)
    rule, message = _judged(raw, parsed, feed, terms, gone)
    bad = rule.is_not_null()
    rejected = _rejected(frame.drop("_broken", strict=False), rule, message, feed)
    accepted = _storable(parsed.filter(~bad), feed, terms, gone.filter(~bad))
    if not feed.amount:
        return Conformed(accepted, rejected)
    amounts = parsed[feed.amount]
    read, lost = (Decimal(some.sum()) for some in (amounts, amounts.filter(bad)))
    return Conformed(accepted, rejected, read, lost)


def _cleaned(frame: pl.DataFrame, feed: Feed) -> pl.DataFrame:
    """The feed's columns, the absent ones empty, with the line and the reader's complaint."""
    empty = pl.Series(values=[None] * frame.height, dtype=pl.String)
    columns = {
        name: cells.cleaned(frame[name]) if name in frame.columns else empty
        for name in feed.columns
    }
    broken = frame["_broken"] if "_broken" in frame.columns else empty
    return pl.DataFrame({"line": frame["line"], "_broken": broken, **columns})


def _tombstones(parsed: pl.DataFrame) -> pl.Series:
    flags = [name for name in ("is_void", "is_deleted") if name in parsed.columns]
    return parsed.select(pl.any_horizontal(pl.col(flags).fill_null(False)).alias("gone"))["gone"]


def _judged(
    raw: pl.DataFrame, parsed: pl.DataFrame, feed: Feed, terms: Terms, gone: pl.Series
) -> tuple[pl.Series, pl.Series]:
    """For each row the first rule it breaks and the message, or two nulls."""
    rule = pl.Series("_rule", [None] * raw.height, dtype=pl.String)
    message = rule.alias("_message")
    for verdict in _verdicts(raw, parsed, feed, terms, gone):
        fresh = verdict.bad.fill_null(False) & rule.is_null()
        if not fresh.any():
            continue
        text = pl.repeat(verdict.message, raw.height, eager=True)
        if verdict.cell is not None:
            text = text + ": " + verdict.cell.fill_null("empty").str.head(80)
        rule = rule.zip_with(~fresh, pl.repeat(verdict.rule, raw.height, eager=True))
        message = message.zip_with(~fresh, text)
    return rule, message


def _verdicts(
    raw: pl.DataFrame, parsed: pl.DataFrame, feed: Feed, terms: Terms, gone: pl.Series
) -> Iterator[_Verdict]:
    """Every rule, in the order in which they are told. Of a tombstone only the key matters."""
    broken = raw["_broken"]
    yield _Verdict(broken.is_not_null(), "broken_record", "the record cannot be read", broken)
    for field in feed.fields:
        judged = ~gone if not field.key else pl.repeat(True, raw.height, eager=True)
        if field.name in ("is_void", "is_deleted", "updated_at"):
            judged = pl.repeat(True, raw.height, eager=True)
        yield from _field_verdicts(raw[field.name], parsed[field.name], field, judged, terms)
    yield from _row_verdicts(raw, parsed, feed, ~gone)


def _field_verdicts(
    raw: pl.Series, parsed: pl.Series, field: Field, judged: pl.Series, terms: Terms
) -> Iterator[_Verdict]:
    if field.required:
        yield _Verdict(judged & raw.is_null(), "missing_value", f"{field.name} is empty")
    if raw.null_count() == raw.len():
        return
    yield from _damage(raw, parsed, field, judged)
    wrong = judged & raw.is_not_null() & parsed.is_null()
    rule = "bad_shares" if field.kind is Kind.SHARES else "bad_type"
    more = " that total 1" if field.kind is Kind.SHARES else ""
    yield _Verdict(wrong, rule, f"{field.name} must be {_a(field.kind)}{more}", raw)
    if field.choices:
        wrong = judged & parsed.is_not_null() & ~parsed.is_in(list(field.choices))
        choices = ", ".join(field.choices)
        yield _Verdict(wrong, "not_in_list", f"{field.name} must be one of {choices}", raw)
    if field.kind is Kind.AT and field.name != "updated_at":
        late = judged & (parsed > terms.first_seen + timedelta(days=1))
        yield _Verdict(late, "future_time", f"{field.name} lies in the future", raw)


def _damage(
    raw: pl.Series, parsed: pl.Series, field: Field, judged: pl.Series
) -> Iterator[_Verdict]:
    """What a spreadsheet or a broken disk made of a cell, where it can be told: never guessed."""
    if field.kind in (Kind.DATE, Kind.AT):
        wrong = judged & raw.is_not_null() & parsed.is_null()
        if wrong.any():
            serial = wrong & raw.str.contains(_SERIAL)
            message = f"{field.name} is a spreadsheet's serial number, not a date"
            yield _Verdict(serial, "spreadsheet_number", message, raw)
    if not raw.str.contains_any(["\0", "E+", "#"]).any():
        return
    yield _Verdict(judged & raw.str.contains("\0", literal=True), "not_text",
                   f"{field.name} holds a zero byte, which is no text")  # fmt: skip
    yield _Verdict(judged & raw.str.contains(_ERROR), "spreadsheet_error",
                   f"{field.name} is an error of a spreadsheet, not a value", raw)  # fmt: skip
    if field.kind in (Kind.ID, Kind.PHONE):
        message = f"{field.name} was shortened by a spreadsheet; export it as text"
        shortened = judged & raw.str.contains(_SHORTENED)
        yield _Verdict(shortened, "spreadsheet_number", message, raw)


def _a(kind: Kind) -> str:
    if kind is Kind.SHARES:
        return str(kind)
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"


def _row_verdicts(
    raw: pl.DataFrame, parsed: pl.DataFrame, feed: Feed, judged: pl.Series
) -> Iterator[_Verdict]:
    """Rules about a row's own sense, beyond the type of each cell."""
    for name in _NOT_NEGATIVE.get(feed.name, ()):
        wrong = judged & (parsed[name] < 0)
        yield _Verdict(wrong, f"negative_{name}", f"{name} must not be negative", raw[name])
    if feed.name in _SIGNED:
        quantity, amount = parsed["quantity"], parsed[_SIGNED[feed.name]]
        yield _Verdict(judged & (quantity == 0), "zero_quantity", "quantity must not be 0")
        opposite = judged & (quantity.sign() * amount.cast(pl.Float64).sign() < 0)
        yield _Verdict(
            opposite, "opposite_sign", "quantity and net_amount must have one sign", raw["quantity"]
        )
    if feed.name == "touchpoints":
        nobody = judged & parsed["visitor_id"].is_null() & parsed["member_id"].is_null()
        yield _Verdict(nobody, "missing_value", "visitor_id and member_id are both empty")
    if feed.name == "stores":
        hour = parsed["day_cutoff_hour"]
        yield _Verdict(judged & ~hour.is_between(0, 23), "out_of_range",
                       "day_cutoff_hour must be 0 to 23", raw["day_cutoff_hour"])  # fmt: skip


def _rejected(frame: pl.DataFrame, rule: pl.Series, message: pl.Series, feed: Feed) -> pl.DataFrame:
    """line, rule, message, row: the row whole as JSON, empty cells left out, phones masked.

    A phone may stand in the wrong column, in one nobody knows, or in a record never split.
    """
    phones = [field.name for field in feed.fields if field.kind is Kind.PHONE]
    spared = [] if phones else [field.name for field in feed.fields if field.kind is Kind.ID]
    rows = []
    for cell in frame.with_columns(rule, message).filter(rule.is_not_null()).iter_rows(named=True):
        line, broken, why = (cell.pop(name) for name in ("line", "_rule", "_message"))
        kept = {
            name: value if name in spared else cells.mobiles_masked(value)
            for name, value in cell.items()
            if value is not None
        }
        kept.update({name: cells.phone_masked(cell[name]) for name in phones if name in kept})
        row = json.dumps(kept, ensure_ascii=False)
        rows.append((line, broken, cells.mobiles_masked(why), row))
    return pl.DataFrame(rows, schema=REJECT_COLUMNS, orient="row")


def sealed(
    batch: pl.DataFrame, feed: Feed, rejected: pl.Series, secret: str | None
) -> pl.DataFrame:
    """A batch of text rows as it may be kept: phones as digest and masked form; masked alone in
    columns nobody knows, in records that were never split, and anywhere in rejected lines."""
    phones = [field.name for field in feed.fields if field.kind is Kind.PHONE]
    unknown = [name for name in batch.columns if name not in (*feed.columns, "line", "_broken")]
    bad = batch["line"].is_in(rejected.implode()).arg_true()
    kept = []
    for name in (name for name in batch.columns if name not in ("line", "_broken")):
        cell = batch[name]
        if name in phones:
            cell = cells.mapped(cell, lambda phone: cells.phone_sealed(phone, secret or ""))
        elif name in unknown:
            cell = cells.mapped(cell, cells.mobiles_masked)
        elif len(bad):
            cell = cell.scatter(bad, cells.mapped(cell.gather(bad), cells.mobiles_masked))
        kept.append(cell.alias(name))
    return batch.with_columns(kept)


def _storable(rows: pl.DataFrame, feed: Feed, terms: Terms, gone: pl.Series) -> pl.DataFrame:
    """Accepted rows as the loaded table keeps them, identifiers still as text."""
    rows = rows.with_columns(gone.alias("is_deleted"))
    if "updated_at" not in rows.columns:
        rows = rows.with_columns(pl.lit(None, pl.Datetime("us")).alias("updated_at"))
    if "is_void" in rows.columns:
        rows = rows.drop("is_void")
    if feed.name == "stores":
        rows = rows.with_columns(pl.col("valid_from").fill_null(ALWAYS))
    if "guide_shares" in rows.columns:
        rows = _one_guide_or_split(rows)
    return _without_phones(rows, terms) if "phone" in rows.columns else rows


def _one_guide_or_split(rows: pl.DataFrame) -> pl.DataFrame:
    """Shares override the guide: of several the lead stands in guide_id, a sole one alone."""
    shares = rows["guide_shares"]
    lead = cells.mapped(shares, cells.lead_guide)
    guide = lead.zip_with(lead.is_not_null(), rows["guide_id"]).alias("guide_id")
    several = shares.set(~shares.str.contains(";", literal=True), None)
    return rows.with_columns(guide, several.alias("guide_shares"))


def _without_phones(rows: pl.DataFrame, terms: Terms) -> pl.DataFrame:
    """Each phone as keyed digest and masked form; the number itself goes no further."""
    phones, secret = rows["phone"], terms.secret
    if secret is None:
        if phones.is_not_null().any():
            raise SecretNeeded(
                "it carries phone numbers and GUIDEPOST_SECRET is not set;"
                " set it to a long random text, the key with which phones are made unreadable"
            )
        secret = ""
    digest = cells.mapped(phones, lambda phone: cells.phone_digest(phone, secret))
    masked = cells.mapped(phones, cells.phone_masked).set(digest.is_null(), None)
    return rows.drop("phone").with_columns(digest.alias("phone_hmac"), masked.alias("phone_masked"))


REJECT_COLUMNS = {"line": pl.Int64, "rule": pl.String, "message": pl.String, "row": pl.String}
