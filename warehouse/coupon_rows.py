"""Lines by what their receipt or order says of coupons: what coupons cost, who comes back."""

from __future__ import annotations

from typing import Any

from sqlalchemy import and_, case, func, select, union
from sqlalchemy.sql.expression import FromClause, Select

from warehouse import portable
from warehouse.dimensions import TIME
from warehouse.rows import View, buyer_lines, lines
from warehouse.schema import AS_OF, LOADED, ORDERS

RETENTION_DAYS = 90


def _couponed(line: FromClause) -> Select[Any]:
    """Lines with `has_coupon`: a sale line of their receipt, or their order, states a coupon."""
    pos, orders = LOADED["pos_sales"], ORDERS
    stated = union(
        select(pos.c.receipt_key).where(
            pos.c.coupon_key.is_not(None), pos.c.quantity > 0, ~pos.c.is_deleted
        ),
        select(-orders.c.order_key).where(orders.c.coupon_key.is_not(None)),
    ).subquery("couponed")
    has_coupon = stated.c.receipt_key.is_not(None).label("has_coupon")
    return select(*line.c, has_coupon).select_from(
        line.outerjoin(stated, stated.c.receipt_key == line.c.receipt_key)
    )


def o2o_lines(view: View) -> FromClause:
    """Lines of online orders that are credited to a store."""
    line = lines(view)
    is_o2o = (line.c.source != "pos") & line.c.store_key.is_not(None)
    return _couponed(line).where(is_o2o).subquery("line")


def returns_of_buyers(view: View) -> FromClause:
    """Members' sale lines from their first purchase in each time that is shown (of who used a
    coupon in it, the first with one) to the 90th day after, under that first day; only of members
    whose 90 days have passed."""
    line, firsts = buyer_lines(view), _firsts(view).subquery("firsts")
    first_date = func.coalesce(firsts.c.with_coupon, firsts.c.any_way)
    ninetieth = portable.days_later(first_date, RETENTION_DAYS)
    same = and_(firsts.c.member_key == line.c.member_key, first_date <= line.c.business_date)
    return (
        select(
            *(column for column in line.c if column.name != "business_date"),
            first_date.label("business_date"),
            (line.c.business_date == first_date).label("is_first"),
            firsts.c.with_coupon.is_not(None).label("used_coupon"),
        )
        .join(firsts, same)
        .join(AS_OF, ninetieth < AS_OF.c.as_of_date)
        .where(line.c.business_date <= ninetieth)
        .subquery("line")
    )


def _firsts(view: View) -> Select[Any]:
    """Each member's first day in each time that is shown, with a coupon and any way."""
    days, question = view.days, view.question
    line = _couponed(buyer_lines(view)).subquery("line")
    times = [days.c[name] for name in question.by if name in TIME]
    kept = [days.c[name].in_(values) for name, values in question.where if name in TIME]
    date = line.c.business_date
    return (
        select(
            line.c.member_key,
            func.min(date).label("any_way"),
            func.min(case((line.c.has_coupon, date))).label("with_coupon"),
        )
        .join(days, days.c.source_date == date)
        .where(*kept)
        .group_by(line.c.member_key, *times)
    )
