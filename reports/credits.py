"""Credit under another policy as its page tells it: who gains and who loses."""

from __future__ import annotations

import polars as pl

from reports import formats, frames
from reports.formats import plain
from reports.i18n import t
from reports.paper import Column
from warehouse import credit
from warehouse.funnel_queries import RULES

POLICIES = tuple(credit.POLICIES)
DAYS = ("14", "1", "7", "30")
"""Preset windows, the usual one first."""
MOST = 10
"""Bars drawn of those who gain, and of those who lose."""


def asked(policy: str, days: str) -> str | None:
    """The policy to replay; None where it is the one in force."""
    chosen = f"{policy}@{days}"
    return None if credit.policy(chosen) == credit.STANDARD else chosen


def by_rule(rows: pl.DataFrame) -> pl.DataFrame:
    """For `charts.ranks`: how many orders each rule credits, in the order rules are tried."""
    row = rows.row(0, named=True) if rows.height else {}
    counts = [row.get(f"orders_{rule}") or 0 for rule in RULES]
    frame = pl.DataFrame({"rule": RULES, "orders": counts})
    part = pl.col("orders") / pl.col("orders").sum()
    shared = frame.with_columns(value=pl.col("orders"), share=pl.when(part.is_not_nan()).then(part))
    return shared.with_columns(
        label=frames.written(shared, lambda rule: t(f"rule.{rule}"), "rule"),
        value_text=frames.written(shared, _counted, "orders", "share"),
    )


def _counted(orders: int, share: float | None) -> str:
    part = formats.EMPTY if share is None else formats.percent(share, 0)
    return f"{formats.decimal(orders)} · {part}"


def decided(rules: pl.DataFrame) -> str:
    """Which part of the orders is credited to a guide, and by which rule most are."""
    whole = int(rules["orders"].sum())
    if not whole:
        return t("credits.no_orders")
    guided = rules.filter(pl.col("rule").is_in(credit.STANDARD.rules))
    first = guided.sort("orders", descending=True).row(0, named=True)
    part = formats.percent(int(guided["orders"].sum()) / whole, 0)
    return t("credits.decided", part=part, rule=first["label"])


def rule_columns() -> dict[str, Column]:
    """Rules as a table."""
    return {
        "label": Column(t("statement.rule")),
        "orders": Column(t("credits.orders"), "count"),
        "share": Column(t("column.share"), "ratio"),
    }


def moved(rows: pl.DataFrame) -> pl.DataFrame:
    """Those to whom another policy makes a difference, the greatest gain first."""
    changed = rows.filter((pl.col("difference") != 0) | (pl.col("orders_moved") > 0))
    before = pl.col("credit_now").cast(pl.Float64)
    part = pl.when(before > 0).then(pl.col("difference").cast(pl.Float64) / before)
    return changed.with_columns(change=part).sort("difference", "label", descending=(True, False))


def bars(rows: pl.DataFrame) -> pl.DataFrame:
    """For `charts.gains`: the greatest gains and the greatest losses."""
    known = rows.filter(pl.col("difference") != 0)
    ends = pl.concat([known.head(MOST), known.slice(MOST).tail(MOST)])
    return ends.with_columns(
        value=pl.col("difference").cast(pl.Float64),
        value_text=frames.written(ends, formats.signed_money, "difference"),
    )


def outcome(rows: pl.DataFrame) -> str:
    """How many gain and lose, and who gains most."""
    gain = rows.filter(pl.col("difference") > 0)
    lose = rows.filter(pl.col("difference") < 0)
    if not gain.height and not lose.height:
        return t("credits.same")
    first = gain.row(0, named=True) if gain.height else lose.row(-1, named=True)
    return t("credits.outcome", gain=gain.height, lose=lose.height, label=plain(first["label"]),
             delta=formats.signed_money(first["difference"]))  # fmt: skip


def whole(rows: pl.DataFrame) -> str:
    """What all are credited with now and would be then."""
    now, then = (frames.added(rows[name]) for name in ("credit_now", "credit_then"))
    return t("credits.whole", now=formats.exact_money(now), then=formats.exact_money(then),
             delta=formats.exact_money(then - now))  # fmt: skip


def columns(heading: str) -> dict[str, Column]:
    """Gains and losses as a table."""
    return {
        "label": Column(heading),
        "credit_now": Column(t("credits.now"), "money"),
        "credit_then": Column(t("credits.then"), "money"),
        "difference": Column(t("column.difference"), "delta"),
        "change": Column(t("column.change"), "change"),
        "orders_moved": Column(t("credits.orders_moved"), "count", t("credits.moved_note")),
    }
