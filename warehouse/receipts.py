"""Every receipt and order behind a figure, and the lines of one."""

from __future__ import annotations

from typing import Any

import polars as pl
from sqlalchemy import BigInteger, ColumnElement, and_, case, cast, func, select
from sqlalchemy.sql.expression import FromClause, Select

from warehouse import access, portable, schema
from warehouse.access import Scope
from warehouse.answers import Reader, check_values
from warehouse.dimensions import DIMENSIONS, TIME
from warehouse.filters import Question, QuestionError, check_choices, nearest
from warehouse.joined import Joined
from warehouse.schema import CREDITED_LINES, DIM_GUIDES, DIM_STORES, LOADED
from warehouse.sources import SOURCES

Expression = ColumnElement[Any]
ORDERS = ("newest", "largest", "smallest")
PAGE = 50


def behind(
    reader: Reader, question: Question, scope: Scope, order: str = ORDERS[0], page: int = 1
) -> pl.DataFrame:
    """A page of the receipts and orders that have a line inside a question's period and filters,
    PAGE to a page: `receipt_key` (ours), `receipt` (the source's), `rung_at` (its store;
    empty: an online order), `day` and `hour` of its first line, `sold_on` (channel), `guides` (how
    many), `lines`, `units`, `net_sales` of those lines, `is_sale` (1: one of them is a sale line),
    for a scope that may see personal data `member`; and in each row of all pages `all_rows`, and
    `all_receipts` and `all_net_sales`, which are the figures receipts and net_sales. Raises
    QuestionError."""
    statement = _listed(question, scope, order, page)
    check_values(reader, question, scope)
    return reader.fetch(statement)


def _listed(question: Question, scope: Scope, order: str, page: int) -> Select[Any]:
    if order not in ORDERS:
        raise nearest("order", order, ORDERS)
    line = _lines(question, scope)
    found = _of_receipts(line).subquery("found")
    receipts, stores, orders = schema.DIM_RECEIPTS, DIM_STORES, schema.DIM_ORDERS
    members = LOADED["members"]
    told = [
        found.c.receipt_key,
        func.coalesce(receipts.c.receipt_id, orders.c.order_id).label("receipt"),
        stores.c.store_id.label("rung_at"),
        *(c for c in found.c if c.name not in ("receipt_key", "buyer_key")),
    ]
    joined = (
        found.outerjoin(receipts, receipts.c.receipt_key == found.c.receipt_key)
        .outerjoin(stores, _till(receipts, stores, scope))
        .outerjoin(orders, orders.c.order_key == -found.c.receipt_key)
    )
    if scope.personal_data:
        told.append(members.c.member_id.label("member"))
        joined = joined.outerjoin(members, members.c.member_key == found.c.buyer_key)
    rows = select(*told).select_from(joined).order_by(*_ordered(found, order))
    return rows.limit(PAGE).offset(PAGE * (max(page, 1) - 1))


def _till(receipts: FromClause, stores: FromClause, scope: Scope) -> Expression:
    """A till outside the scope, whose return is credited to a store inside, stays unnamed."""
    return and_(
        stores.c.store_key == receipts.c.store_key, access.visible(stores.c.store_key, scope)
    )


def _of_receipts(line: FromClause) -> Select[Any]:
    """One row a receipt or order, and on each the sums of all of them."""
    is_sale = func.max(case((line.c.is_return, 0), else_=1))
    net = func.sum(line.c.net_amount)
    sums = {
        "day": func.min(line.c.business_date),
        "hour": func.min(line.c.local_hour),
        "sold_on": func.min(line.c.channel),
        "guides": func.count(line.c.guide_key.distinct()),
        "lines": func.count(line.c.line_number.distinct()),
        "units": func.sum(line.c.quantity * line.c.share),
        "net_sales": portable.money(net),
        "is_sale": is_sale,
        "buyer_key": func.max(line.c.member_key),
        "all_rows": func.count().over(),
        "all_receipts": cast(func.sum(is_sale).over(), BigInteger),
        "all_net_sales": portable.money(func.sum(net).over()),
    }
    chosen = select(line.c.receipt_key, *(value.label(name) for name, value in sums.items()))
    return chosen.group_by(line.c.receipt_key)


def _ordered(found: FromClause, order: str) -> tuple[Expression, ...]:
    by_time = (found.c.day.desc(), found.c.hour.desc(), found.c.receipt_key.desc())
    if order == "newest":
        return by_time
    amount = found.c.net_sales
    return (amount.desc() if order == "largest" else amount.asc(), *by_time)


def lines(reader: Reader, question: Question, receipt_key: int, scope: Scope) -> pl.DataFrame:
    """The lines of one receipt or order that lie inside a question's period and filters, one row a
    line and guide: `business_date`, `line`, `kind` (sale or return), `product`, `product_name`,
    `quantity`, `list_amount`, `net_amount` (this guide's parts), `guide`, `guide_name`, `share`.
    Empty for what the viewer may not see. Raises QuestionError."""
    line = _lines(question, scope)
    products, guides = LOADED["products"], DIM_GUIDES
    joined = line.outerjoin(products, products.c.product_key == line.c.product_key).outerjoin(
        guides, guides.c.guide_key == line.c.guide_key
    )
    return reader.fetch(
        select(
            line.c.business_date, line.c.line_number.label("line"),
            case((line.c.is_return, "return"), else_="sale").label("kind"),
            products.c.product_id.label("product"), products.c.product_name, line.c.quantity,
            line.c.list_amount, line.c.net_amount, guides.c.guide_id.label("guide"),
            guides.c.guide_name, line.c.share,
        )
        .select_from(joined)
        .where(line.c.receipt_key == receipt_key)
        .order_by(line.c.business_date, line.c.line_number, guides.c.guide_id)
    )  # fmt: skip


def _lines(question: Question, scope: Scope) -> FromClause:
    """Lines inside a question's period, filters and scope."""
    _check(question)
    line = CREDITED_LINES
    joined = Joined(line, question.org)
    inside = [joined.narrowed(name, values) for name, values in question.where]
    in_period = line.c.business_date.between(question.start, question.end)
    return (
        select(*line.c)
        .select_from(joined.joined)
        .where(in_period, access.visible(line.c.store_key, scope), *inside)
        .subquery("line")
    )


def _check(question: Question) -> None:
    check_choices(question)
    for name, _ in question.where:
        if name not in DIMENSIONS:
            raise nearest("dimension", name, DIMENSIONS)
        if name in TIME or DIMENSIONS[name].of not in SOURCES["lines"].dimensions:
            raise QuestionError(f"receipts are not narrowed by {name}")
