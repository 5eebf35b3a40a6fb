"""A guide's statement: every receipt and order behind their credited net sales, and why.

The rows of a statement add up to `credited_net_sales` of the same question, to the fen.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import polars as pl
from sqlalchemy import ColumnElement, and_, case, func, select
from sqlalchemy.sql.expression import FromClause, Select

from warehouse import access
from warehouse.access import Scope
from warehouse.answers import Reader
from warehouse.filters import Question
from warehouse.joined import Joined
from warehouse.queries import metrics_of
from warehouse.schema import CREDITED_LINES, DIM_ORDERS, DIM_RECEIPTS, DIM_STORES, LOADED, ORDERS
from warehouse.settings import Settings

TILL, ORIGINAL = "till", "original"
"""What decides on POS: who served, or, of a return, the sale it goes back to."""


def statement(reader: Reader, question: Question, scope: Scope, settings: Settings) -> pl.DataFrame:
    """One row for each receipt or order and day of the guides a question is narrowed to, latest
    first: day, number, source (pos, order, refund, cancel), is_return, store (credited), rule,
    share (empty where lines differ), amount, event and at (local; what the rule went by), and for
    roles that may see it the `buyer`. Raises QuestionError."""
    metrics_of(replace(question, keys=("credited_net_sales",)))
    rows = reader.fetch(_rows(question, scope, with_buyer=scope.personal_data))
    at = pl.col("at").dt.replace_time_zone("UTC").dt.convert_time_zone(settings.timezone)
    return rows.with_columns(at.dt.replace_time_zone(None))


def _rows(question: Question, scope: Scope, with_buyer: bool) -> Select[Any]:
    """The lines of each receipt and day put together, then named."""
    line = _credited(question, scope).subquery("statement")
    orders, receipts, stores = ORDERS, DIM_RECEIPTS, DIM_STORES.alias("credited")
    named, buyers = DIM_ORDERS, LOADED["members"]
    number = func.coalesce(receipts.c.receipt_id, named.c.order_id)
    columns = {
        "day": line.c.business_date,
        "number": number,
        "source": line.c.source,
        "is_return": line.c.is_return,
        "store": stores.c.store_id,
        "rule": _rule(line, orders),
        "share": line.c.share,
        "amount": line.c.amount,
        "event": orders.c.evidence_event_id,
        "at": orders.c.evidence_at,
    }
    rows = (
        line.outerjoin(receipts, receipts.c.receipt_key == line.c.receipt_key)
        .outerjoin(named, named.c.order_key == -line.c.receipt_key)
        .outerjoin(orders, orders.c.order_key == line.c.credit_order_key)
        .outerjoin(stores, stores.c.store_key == line.c.store_key)
    )
    if with_buyer:
        columns["buyer"] = func.coalesce(buyers.c.name, buyers.c.phone_masked)
        rows = rows.outerjoin(buyers, buyers.c.member_key == line.c.member_key)
    told = (value.label(name) for name, value in columns.items())
    return (
        select(*told).select_from(rows).order_by(line.c.business_date.desc(), number, line.c.source)
    )


def _credited(question: Question, scope: Scope) -> Select[Any]:
    """Credited lines of the period that the scope may see, by receipt, day and what decided."""
    line = CREDITED_LINES
    joined = Joined(line, question.org)
    kept = [joined.narrowed(name, values) for name, values in question.where]
    keys = ("business_date", "receipt_key", "source", "is_return", "store_key", "credit_order_key",
            "member_key")  # fmt: skip
    groups: list[ColumnElement[Any]] = [line.c[name] for name in keys]
    followed = and_(line.c.is_return, line.c.original_date.is_not(None)).label("follows")
    least, most = func.min(line.c.share), func.max(line.c.share)
    amounts = (
        func.sum(line.c.net_amount).label("amount"), case((least == most, most)).label("share"),
    )  # fmt: skip
    return (
        select(*groups, followed, *amounts)
        .select_from(joined.joined)
        .where(line.c.business_date.between(question.start, question.end))
        .where(line.c.guide_key.is_not(None), access.visible(line.c.store_key, scope), *kept)
        .group_by(*groups, followed)
    )


def _rule(line: FromClause, orders: FromClause) -> ColumnElement[str]:
    pos = case((line.c.follows, ORIGINAL), else_=TILL)
    return case((line.c.credit_order_key.is_(None), pos), else_=orders.c.credit_rule)
