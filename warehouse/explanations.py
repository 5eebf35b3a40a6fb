"""Why an order is credited as it is, and why a figure differs from what others count."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import polars as pl
from sqlalchemy import case, select
from sqlalchemy.sql.expression import Select

from warehouse import access, credit, queries, replays, schema
from warehouse.access import Scope
from warehouse.answers import Reader, answer
from warehouse.conventions import CONVENTIONS, Convention
from warehouse.filters import Question, QuestionError
from warehouse.metrics import METRICS
from warehouse.schema import CREDITED_LINES, DIM_GUIDES, DIM_STORES
from warehouse.settings import Settings

_NOT_OF_LINES = ("footfall", "counted_lines", "joins", "memberships", "scans", "visits",
                 "store_scans", "bindings", "scan_entries", "lost_sales", "rings",
                 "targets")  # fmt: skip
RULES = (*credit.STANDARD.rules, "store_only", "uncredited")


def explain(reader: Reader, name: str, scope: Scope, settings: Settings) -> pl.DataFrame:
    """What decided the credit of an online order, one row a rule: rule, verdict, guide, store,
    event, at (UTC). For a receipt, one row a line: line, verdict, guide, store, share.
    Raises QuestionError when the viewer may see no such order or receipt."""
    order = reader.fetch(_order(name, scope))
    if order.height:
        return _rules(reader, order.row(0, named=True), scope, settings)
    lines = reader.fetch(_receipt(name, scope))
    if lines.height:
        return lines
    raise QuestionError(f"there is no order or receipt {name!r} here")


def _order(name: str, scope: Scope) -> Select[Any]:
    heads, orders, guides, stores = schema.ORDERS, schema.DIM_ORDERS, DIM_GUIDES, DIM_STORES
    return (
        select(
            heads.c.order_key,
            heads.c.credit_rule,
            heads.c.evidence_event_id,
            heads.c.evidence_at,
            guides.c.guide_id,
            stores.c.store_id,
        )
        .select_from(
            heads.join(orders, orders.c.order_key == heads.c.order_key)
            .outerjoin(guides, guides.c.guide_key == heads.c.guide_key)
            .outerjoin(stores, stores.c.store_key == heads.c.store_key)
        )
        .where(orders.c.order_id == name, access.visible(heads.c.store_key, scope))
    )


def _rules(reader: Reader, order: dict[str, Any], scope: Scope, settings: Settings) -> pl.DataFrame:
    """Each rule on its own, against the one that won."""
    won = RULES.index(order["credit_rule"])
    rows = []
    for place, rule in enumerate(RULES):
        alone = _alone(reader, order["order_key"], rule, scope, settings)
        if place == won:
            verdict = "decides"
        elif alone is None or rule == "uncredited":
            verdict = "does not apply"
        else:
            verdict = f"would apply, but {order['credit_rule']} comes first"
        told = order if place == won else (alone or {})
        columns = ("guide_id", "store_id", "evidence_event_id", "evidence_at")
        rows.append((rule, verdict, *(told.get(column) for column in columns)))
    texts = dict.fromkeys(("rule", "verdict", "guide", "store", "event"), pl.String())
    kinds: dict[str, Any] = {**texts, "at": pl.Datetime("us")}
    return pl.DataFrame(rows, schema=kinds, orient="row")


def _alone(
    reader: Reader, order_key: int, rule: str, scope: Scope, settings: Settings
) -> dict[str, Any] | None:
    """What a rule alone would say of an order; None where it does not apply. Of a store the
    viewer may not see, only that the rule applies."""
    policy = credit.Policy(rule, (rule,) if rule in credit.STANDARD.rules else ())
    itself = select(schema.ORDERS.c.order_key).where(schema.ORDERS.c.order_key == order_key)
    loaded = replays.deciding(itself)
    heads = credit.credited_orders(settings.timezone, policy, loaded).cte()
    seen = access.visible(heads.c.store_key, scope)
    told = (heads.c.evidence_event_id, heads.c.evidence_at, DIM_GUIDES.c.guide_id,
            DIM_STORES.c.store_id)  # fmt: skip
    found = reader.fetch(
        select(*(case((seen, column)).label(column.name) for column in told))
        .select_from(
            heads.outerjoin(DIM_GUIDES, DIM_GUIDES.c.guide_key == heads.c.guide_key).outerjoin(
                DIM_STORES, DIM_STORES.c.store_key == heads.c.store_key
            )
        )
        .where(heads.c.order_key == order_key, heads.c.credit_rule == rule)
    )  # fmt: skip
    return found.row(0, named=True) if found.height else None


def _receipt(name: str, scope: Scope) -> Select[Any]:
    """A receipt's lines with who is credited; receipts of several stores may have one name."""
    line, receipts, guides = CREDITED_LINES, schema.DIM_RECEIPTS, DIM_GUIDES
    stores, till = DIM_STORES.alias("credited"), DIM_STORES.alias("till")
    return (
        select(
            till.c.store_id.label("rung_at"),
            line.c.line_number.label("line"),
            line.c.net_amount,
            line.c.is_return,
            guides.c.guide_id.label("guide"),
            line.c.share,
            stores.c.store_id.label("store"),
        )
        .select_from(
            line.join(receipts, receipts.c.receipt_key == line.c.receipt_key)
            .join(till, till.c.store_key == receipts.c.store_key)
            .outerjoin(guides, guides.c.guide_key == line.c.guide_key)
            .outerjoin(stores, stores.c.store_key == line.c.store_key)
        )
        .where(receipts.c.receipt_id == name, access.visible(line.c.store_key, scope))
        .order_by(till.c.store_id, line.c.line_number, guides.c.guide_id)
    )


def is_of_lines(key: str) -> bool:
    """Whether a figure is made of sale and return lines, so that conventions change it."""
    return not any(part.source in _NOT_OF_LINES for part in METRICS[key].parts)


def differ(reader: Reader, question: Question, scope: Scope, settings: Settings) -> pl.DataFrame:
    """A question's first figure, of all it looks at, under the other common conventions, the
    difference itemised: convention, item, difference (to the row before it of that convention),
    figure (so far). The first row is the figure as defined; the differences of a convention add up
    to its figure less that one. Raises QuestionError for a figure that is not made of sale and
    return lines."""
    key = queries.metrics_of(question)[0].key
    base = replace(question, keys=(key,), by=(), compare=None)
    if not is_of_lines(key):
        raise QuestionError(
            f"{key} is not made of sale and return lines, so no convention changes it"
        )
    defined = answer(reader, base, scope, settings)[key][0]
    rows = [("as defined", "", None, defined)]
    for convention in CONVENTIONS.values():
        if convention.instead is None or key in convention.instead:
            rows += _steps(reader, base, convention, defined, scope, settings)
    kinds = {"convention": pl.String, "item": pl.String}
    amounts = [pl.Series(name, [row[place] for row in rows]) for place, name in
               ((2, "difference"), (3, "figure"))]  # fmt: skip
    texts = pl.DataFrame([row[:2] for row in rows], schema=kinds, orient="row")
    return texts.with_columns(amounts)


def _steps(
    reader: Reader, base: Question, convention: Convention, so_far: Any, scope: Scope,
    settings: Settings,
) -> list[tuple[str, str, Any, Any]]:  # fmt: skip
    rows = []
    for place, (item, _) in enumerate(convention.steps):
        is_last = place == len(convention.steps) - 1
        key = (convention.instead or {}).get(base.keys[0]) if is_last else None
        asked = replace(base, keys=(key or base.keys[0],), convention=(convention.name, place))
        figure = answer(reader, asked, scope, settings)[asked.keys[0]][0]
        gap = None if figure is None or so_far is None else figure - so_far
        rows.append((convention.name, item, gap, figure))
        so_far = figure
    return rows
