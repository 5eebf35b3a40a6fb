"""What coupons led to, by entry of coupon_to_store: issued, redeemed, bought, and the money."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, not_, null, select, true
from sqlalchemy.sql.expression import FromClause, Select

from warehouse import entries, portable
from warehouse.access import Scope
from warehouse.entries import COUPONS
from warehouse.filters import Question
from warehouse.funnel_queries import ENTRY_DIMENSIONS, grouped, number
from warehouse.schema import COUPON_USES, CREDITED_LINES, LOADED
from warehouse.settings import Settings

Expression = ColumnElement[Any]
_COUNTED = {"visited": "at_visit", "redeemed": "redeemed_id", "bought": "at_purchase",
            "bought_again": "at_repeat", "bought_again_full_price": "at_full_price"}  # fmt: skip


def coupon_results(
    question: Question, scope: Scope, settings: Settings, *, with_immature: bool = False
) -> Select[Any]:
    """SELECT of what coupons led to: the question's dimensions, issued (entries of coupon_to_store,
    mature ones), immature, counts of those that visited, redeemed (a receipt or paid order states
    the coupon), bought, bought_again, bought_again_full_price; of the redeeming receipts and orders
    discount (list − net of lines that state a list amount) and gross_profit (of lines whose product
    states a cost); of a campaign as a whole, for who sees everything, budget and, once all its
    entries are counted, profit_after_budget. Raises QuestionError."""
    line = _entries(question, settings)
    counted = true() if with_immature else line.c.is_mature
    columns: dict[str, Expression] = {
        "issued": number(line.c.is_mature),
        "immature": number(~line.c.is_mature),
    }
    for name, reached in _COUNTED.items():
        columns[name] = number(and_(counted, line.c[reached].is_not(None)))
    columns |= _money(line, counted, _is_of_campaigns(question, scope))
    return grouped(line, question, scope, ENTRY_DIMENSIONS, "coupons issued", columns)


def _money(line: FromClause, counted: Expression, with_budget: bool) -> Mapping[str, Expression]:
    discount, profit = (
        portable.total(case((counted, line.c[name]), else_=0))
        for name in ("off_amount", "profit_amount")
    )
    budget = func.max(line.c.budget_amount) if with_budget else null()
    is_whole = number(not_(counted)) == 0
    amounts = {"discount": discount, "gross_profit": profit, "budget": budget,
               "profit_after_budget": case((is_whole, profit - budget))}  # fmt: skip
    return {name: portable.money(amount) for name, amount in amounts.items()}


def _is_of_campaigns(question: Question, scope: Scope) -> bool:
    """A budget is one number: it cannot be cut by store or by week, nor shared out by scope."""
    narrowed = {name for name, _ in question.where}
    return scope.everything and question.by == ("campaign",) and narrowed <= {"campaign"}


def _entries(question: Question, settings: Settings) -> FromClause:
    """Entries with when each step was reached, what was redeemed, and their campaign's budget."""
    days = (question.start, question.end)
    line = entries.journeys(COUPONS, COUPONS.window, settings.timezone, days)
    spent, campaigns = _spent(days).subquery("spent"), LOADED["campaigns"]
    return (
        select(
            *line.c, spent.c.event_id.label("redeemed_id"), spent.c.off_amount,
            spent.c.profit_amount, campaigns.c.budget.label("budget_amount"),
        )
        .select_from(
            line.outerjoin(spent, spent.c.event_id == line.c.event_id).outerjoin(
                campaigns, campaigns.c.campaign_key == line.c.campaign_key
            )
        )
        .subquery("line")
    )  # fmt: skip


def _spent(days: entries.Days) -> Select[Any]:
    """Per entry of some days what the receipts and orders that redeemed it come to: their sale
    lines."""
    uses, line, products = COUPON_USES, CREDITED_LINES, LOADED["products"]
    product = and_(products.c.product_key == line.c.product_key, products.c.is_known)
    off = line.c.list_amount - line.c.net_amount
    profit = line.c.net_amount - line.c.quantity * line.c.share * products.c.cost
    return (
        select(
            uses.c.event_id,
            portable.total(off).label("off_amount"),
            portable.total(profit).label("profit_amount"),
        )
        .select_from(
            uses.join(line, line.c.receipt_key == uses.c.receipt_key).outerjoin(products, product)
        )
        .where(~line.c.is_return, uses.c.business_date.between(*days))
        .group_by(uses.c.event_id)
    )
