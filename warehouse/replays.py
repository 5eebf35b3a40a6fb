"""Credit replayed: what orders would be credited with under another policy, nothing stored changed.

Only the orders that matter are credited anew, from the few loaded rows that decide about them.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import and_, literal, or_, select, true, union_all
from sqlalchemy.sql.expression import FromClause, Select

from warehouse import credit, schema
from warehouse.credit import Policy
from warehouse.lines import shared, whole_lines
from warehouse.schema import CREDITED_LINES, LOADED, ORDERS, Rows


def replayed(policy: Policy, timezone: str, days: FromClause | None = None) -> FromClause:
    """Lines as another policy would credit them: what follows an online order anew, the rest as it
    is stored. With `days` (`source_date`) the lines of those days are right, and no others."""
    loaded = LOADED if days is None else deciding(_orders_of(days))
    heads = credit.credited_orders(timezone, policy, loaded).cte()
    pos, *online = (lines.subquery() for lines in whole_lines(heads, timezone, loaded))
    anew = union_all(
        select(pos).where(pos.c.credit_order_key.is_not(None)), *(select(one) for one in online)
    ).subquery("anew")
    shares = union_all(*_shares(heads, policy, timezone, loaded)).subquery("shares")
    stored = select(CREDITED_LINES).where(CREDITED_LINES.c.credit_order_key.is_(None))
    return union_all(stored, shared(anew, shares, "credit_order_key")).subquery("line")


def _orders_of(days: FromClause) -> Select[Any]:
    """Orders with a line on these days: on which day a line counts, no policy changes."""
    line = CREDITED_LINES
    on_days = line.c.business_date.in_(select(days.c.source_date))
    return select(line.c.credit_order_key).where(on_days, line.c.credit_order_key.is_not(None))


def deciding(orders: Select[Any]) -> Rows:
    """The loaded rows that decide how some orders (SELECT of their order_key) are credited, and
    those of what came back of them."""
    placed, pos, touches = (LOADED[name] for name in ("online_orders", "pos_sales", "touchpoints"))
    members, visitors = schema.MEMBER_PERSONS, schema.VISITOR_PERSONS
    few = orders.distinct().cte()
    keys = select(*few.c)
    persons = select(ORDERS.c.person_key).where(ORDERS.c.order_key.in_(keys))
    of_members = select(members.c.member_key).where(members.c.person_key.in_(persons))
    of_visitors = select(visitors.c.visitor_key).where(visitors.c.person_key.in_(persons))
    came_back = pos.c.original_order_key.in_(keys)
    originals = select(pos.c.original_receipt_key).where(came_back)
    theirs = or_(touches.c.member_key.in_(of_members), touches.c.visitor_key.in_(of_visitors))
    return {
        **LOADED,
        "online_orders": select(placed).where(placed.c.order_key.in_(keys)).cte(),
        "pos_sales": select(pos).where(or_(came_back, pos.c.receipt_key.in_(originals))).cte(),
        "touchpoints": select(touches).where(theirs).cte(),
    }


def _shares(heads: FromClause, policy: Policy, timezone: str, loaded: Rows) -> list[Select[Any]]:
    """Who shares each order under a policy: credit_order_key, guide_key, share, is_lead."""
    parts, is_linear = schema.DIM_SPLIT_GUIDES, heads.c.credit_rule == "linear"
    order = heads.c.order_key.label("credit_order_key")
    sole = select(
        order, heads.c.guide_key, literal(1, schema.SHARE).label("share"), true().label("is_lead")
    ).where(heads.c.guide_key.is_not(None), heads.c.split_key.is_(None), ~is_linear)
    split = select(order, parts.c.guide_key, parts.c.share, parts.c.is_lead).join(
        parts, parts.c.split_key == heads.c.split_key
    )
    if "linear" not in policy.rules:
        return [sole, split]
    even = credit.linear_shares(timezone, policy, loaded).subquery("even")
    same = and_(even.c.order_key == heads.c.order_key, is_linear)
    return [
        sole, split, select(order, even.c.guide_key, even.c.share, even.c.is_lead).join(even, same)
    ]  # fmt: skip
