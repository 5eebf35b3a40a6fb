"""Sale and return lines of every channel, each credited to its guide, store, region and brand.

Built over any set of credited orders, so that another credit policy can be replayed (replays.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    and_,
    case,
    cast,
    func,
    literal,
    null,
    select,
    true,
)  # fmt: skip
from sqlalchemy.sql.expression import FromClause, Select

from warehouse import portable, schema
from warehouse.schema import CREDITED_LINES, LOADED, Rows

Expression = ColumnElement[Any]
Lines = tuple[Mapping[str, Expression], FromClause, Expression]
"""What each column of a line is, the joined tables it is read from, and which rows count."""

COLUMNS = tuple(column.name for column in CREDITED_LINES.c)
WHOLE = (*COLUMNS, "split_key")
"""Columns of a line before it is shared out."""


def whole_lines(heads: FromClause, timezone: str, loaded: Rows = LOADED) -> list[Select[Any]]:
    """Lines of receipts, orders, refunds and cancellations with the columns WHOLE; `heads` has
    the columns of `fct_orders`. With fewer rows than all, those of a return are its original's
    too."""
    sources = (_pos_lines, _order_lines, _refund_lines, _cancelled_lines)
    return [_placed(source(heads, timezone, loaded), WHOLE) for source in sources]


def shared(lines: FromClause, shares: FromClause, key: str, sole: str | None = None) -> Select[Any]:
    """Lines shared among guides: one row each, half-up to the fen, the rest to the lead. `shares`
    has `key`, guide_key, share and is_lead; a line without any stays whole, credited to its guide
    in the column `sole` if that is given, else to nobody."""
    line_id = portable.first_of([literal(1)], [lines.c.business_date])
    numbered = select(lines, line_id.label("line_id")).subquery("numbered")
    exploded = (
        select(
            *(c for c in numbered.c if c.name not in ("guide_key", "share")),
            (
                func.coalesce(shares.c.guide_key, numbered.c[sole]) if sole else shares.c.guide_key
            ).label("guide_key"),
            func.coalesce(shares.c.share, literal(1, schema.SHARE)).label("share"),
            func.coalesce(shares.c.is_lead, true()).label("is_lead"),
        )
        .select_from(numbered.outerjoin(shares, shares.c[key] == numbered.c[key]))
        .subquery("exploded")
    )
    money = {name: _part(exploded, exploded.c[name]) for name in ("net_amount", "list_amount")}
    return select(*(money.get(name, exploded.c[name]).label(name) for name in COLUMNS))


def _part(exploded: FromClause, amount: Expression) -> Expression:
    """A guide's part of an amount, so that the parts add up to it exactly."""
    rounded = portable.rounded_money(cast(amount, schema.FACTOR) * exploded.c.share)
    others = func.sum(case((exploded.c.is_lead, 0), else_=rounded)).over(
        partition_by=exploded.c.line_id
    )
    return case((exploded.c.is_lead, amount - others), else_=rounded)


def _placed(lines: Lines, columns: Sequence[str]) -> Select[Any]:
    """Lines with region and brand of their credited store on their day."""
    values, rows, counts = lines
    chosen = select(*(value.label(name) for name, value in values.items())).select_from(rows)
    line = chosen.where(counts).subquery()
    then, products = schema.STORE_PERIODS, LOADED["products"]
    known: dict[str, Expression] = {c.name: c for c in line.c} | {
        "region_key": then.c.region_key,
        "store_brand": then.c.brand,
        "brand": func.coalesce(products.c.brand, then.c.brand),
        "share": literal(1),
    }
    product = and_(products.c.product_key == line.c.product_key, products.c.is_known)
    return select(*(known.get(name, null()).label(name) for name in columns)).select_from(
        line.outerjoin(then, schema.period_of(line)).outerjoin(products, product)
    )


def _pos_lines(heads: FromClause, timezone: str, loaded: Rows) -> Lines:
    """Receipt lines; a return carries the credit of the sale it goes back to, if that is found."""
    pos, stores, persons = loaded["pos_sales"], schema.DIM_STORES, schema.MEMBER_PERSONS
    sale, order = _original_sales(timezone, pos).subquery("original"), heads
    cutoff = func.coalesce(stores.c.day_cutoff_hour, 0)
    by_order = and_(
        pos.c.quantity < 0,
        order.c.order_key == pos.c.original_order_key,
        order.c.paid_at.is_not(None),
    )
    rows = (
        pos.join(stores, stores.c.store_key == pos.c.store_key)
        .outerjoin(persons, persons.c.member_key == pos.c.member_key)
        .outerjoin(sale, _same_line(sale, pos))
        .outerjoin(order, by_order)
    )

    def credited(column: str) -> Expression:
        return case(
            (sale.c.original_line.is_not(None), sale.c[column]),
            (order.c.order_key.is_not(None), order.c[column]),
            else_=pos.c[column],
        )

    is_return = pos.c.quantity < 0
    by_order_only = case((sale.c.original_line.is_(None), order.c.order_key))
    values = {
        "credit_order_key": by_order_only,
        "source": literal("pos"),
        "receipt_key": pos.c.receipt_key,
        "line_number": pos.c.line_number,
        "business_date": portable.local_date(
            portable.hours_before(pos.c.sold_at, cutoff), timezone
        ),
        "local_hour": portable.local_hour(pos.c.sold_at, timezone),
        "is_return": is_return,
        "original_date": case(
            (sale.c.original_line.is_not(None), sale.c.original_date), else_=order.c.paid_date
        ),
        "channel": literal("pos"),
        "store_key": credited("store_key"),
        "handling_store_key": case((is_return, pos.c.store_key)),
        "guide_key": credited("guide_key"),
        "split_key": credited("split_key"),
        "product_key": pos.c.product_key,
        "member_key": persons.c.person_key,
        "tender": pos.c.tender,
        "quantity": pos.c.quantity,
        "net_amount": pos.c.net_amount,
        "list_amount": pos.c.list_amount,
    }
    return values, rows, ~pos.c.is_deleted


def _same_line(one: FromClause, other: FromClause) -> Expression:
    return and_(one.c.receipt_key == other.c.receipt_key, one.c.line_number == other.c.line_number)


def _original_sales(timezone: str, pos: FromClause) -> Select[Any]:
    """The sale line each POS return goes back to: the line it names, else the lowest line with
    its product, else the lowest line of that receipt."""
    back, sale, till = pos.alias("back"), pos.alias("sale"), schema.DIM_STORES.alias("till")
    cutoff = func.coalesce(till.c.day_cutoff_hour, 0)
    sold_on = portable.local_date(portable.hours_before(sale.c.sold_at, cutoff), timezone)
    named = case((sale.c.line_number == back.c.original_line_number, 0), else_=1)
    alike = case((sale.c.product_key == back.c.product_key, 0), else_=1)
    place = portable.first_of(
        [back.c.receipt_key, back.c.line_number], [named, alike, sale.c.line_number]
    )
    found = and_(
        sale.c.receipt_key == back.c.original_receipt_key, sale.c.quantity > 0, ~sale.c.is_deleted
    )
    ranked = (
        select(
            back.c.receipt_key, back.c.line_number, sale.c.line_number.label("original_line"),
            sale.c.store_key, sale.c.guide_key, sale.c.split_key,
            sold_on.label("original_date"), place.label("place"),
        )
        .join(sale, found)
        .join(till, till.c.store_key == sale.c.store_key)
        .where(back.c.quantity < 0, ~back.c.is_deleted)
        .subquery()
    )  # fmt: skip
    return select(*(c for c in ranked.c if c.name != "place")).where(ranked.c.place == 1)


def _order_values(
    heads: FromClause, timezone: str, at: Expression, lines: FromClause
) -> dict[str, Expression]:
    """What every line of an online order has from its header and its own row."""
    return {
        "credit_order_key": heads.c.order_key,
        "receipt_key": -heads.c.order_key,
        "line_number": lines.c.line_number,
        "local_hour": portable.local_hour(at, timezone),
        "channel": heads.c.channel,
        **{
            name: heads.c[name]
            for name in (
                "store_key", "guide_key", "split_key", "tender", "fulfilment", "device",
                "origin_store_key", "fulfil_store_key",
            )
        },
        "product_key": lines.c.product_key,
        "member_key": case((heads.c.person_key > 0, heads.c.person_key)),
    }  # fmt: skip


def _order_rows(heads: FromClause, lines: FromClause) -> FromClause:
    return lines.join(heads, heads.c.order_key == lines.c.order_key)


def _is_paid(heads: FromClause, lines: FromClause) -> Expression:
    return and_(~lines.c.is_deleted, heads.c.paid_at.is_not(None))


def _order_lines(heads: FromClause, timezone: str, loaded: Rows) -> Lines:
    """Paid order lines, on their paid day."""
    lines = loaded["online_orders"]
    values = _order_values(heads, timezone, heads.c.paid_at, lines) | {
        "source": literal("order"),
        "business_date": heads.c.paid_date,
        "is_return": literal(False),
        "quantity": lines.c.quantity,
        "net_amount": lines.c.net_amount,
        "list_amount": lines.c.list_amount,
    }
    return values, _order_rows(heads, lines), _is_paid(heads, lines)


def unpaid_lines(heads: FromClause, timezone: str, *, cancelled: bool) -> Select[Any]:
    """Lines of orders never paid, as if sold on the day they were placed: for comparison only.
    `cancelled` takes in those cancelled before anybody paid."""
    lines = LOADED["online_orders"]
    values = _order_values(heads, timezone, heads.c.ordered_at, lines) | {
        "source": literal("order"),
        "business_date": heads.c.ordered_date,
        "is_return": literal(False),
        "quantity": lines.c.quantity,
        "net_amount": lines.c.net_amount,
        "list_amount": lines.c.list_amount,
    }
    unpaid = and_(~lines.c.is_deleted, heads.c.paid_at.is_(None))
    if not cancelled:
        unpaid = and_(unpaid, heads.c.cancelled_at.is_(None))
    whole = _placed((values, _order_rows(heads, lines), unpaid), WHOLE).subquery("unpaid")
    return shared(whole, schema.DIM_SPLIT_GUIDES, "split_key", sole="guide_key")


def _refund_lines(heads: FromClause, timezone: str, loaded: Rows) -> Lines:
    """Refunds of paid order lines, on the day of the refund."""
    lines, refunds = loaded["online_orders"], loaded["refunds"]
    values = _order_values(heads, timezone, refunds.c.refunded_at, lines) | {
        "source": literal("refund"),
        "original_date": heads.c.paid_date,
        "business_date": portable.local_date(refunds.c.refunded_at, timezone),
        "is_return": literal(True),
        "handling_store_key": refunds.c.handled_store_key,
        "quantity": -refunds.c.quantity,
        "net_amount": -refunds.c.amount,
    }
    refunded = and_(
        refunds.c.order_key == lines.c.order_key,
        refunds.c.line_number == lines.c.line_number,
    )
    return (
        values,
        _order_rows(heads, lines).join(refunds, refunded),
        and_(_is_paid(heads, lines), ~refunds.c.is_deleted),
    )


def _cancelled_lines(heads: FromClause, timezone: str, loaded: Rows) -> Lines:
    """What refunds do not cover of paid lines that were cancelled, on the later of both days."""
    lines, refunds = loaded["online_orders"], loaded["refunds"]
    covered = (
        select(
            refunds.c.order_key, refunds.c.line_number,
            func.sum(refunds.c.quantity).label("quantity"),
            func.sum(refunds.c.amount).label("amount"),
        )
        .where(~refunds.c.is_deleted)
        .group_by(refunds.c.order_key, refunds.c.line_number)
        .subquery("covered")
    )  # fmt: skip
    quantity = _not_below_zero(lines.c.quantity - func.coalesce(covered.c.quantity, 0))
    amount = _not_below_zero(lines.c.net_amount - func.coalesce(covered.c.amount, 0))
    at = portable.later_of(heads.c.paid_at, heads.c.cancelled_at)
    values = _order_values(heads, timezone, at, lines) | {
        "source": literal("cancel"),
        "original_date": heads.c.paid_date,
        "business_date": portable.later_of(heads.c.paid_date, heads.c.cancelled_date),
        "is_return": literal(True),
        "quantity": -quantity,
        "net_amount": -amount,
    }
    refunded = and_(
        covered.c.order_key == lines.c.order_key,
        covered.c.line_number == lines.c.line_number,
    )
    cancelled = and_(
        _is_paid(heads, lines), heads.c.cancelled_at.is_not(None), (quantity > 0) | (amount > 0)
    )
    return values, _order_rows(heads, lines).outerjoin(covered, refunded), cancelled


def _not_below_zero(value: Expression) -> Expression:
    return case((value > 0, value), else_=0)
