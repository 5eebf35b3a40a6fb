"""Members as their pages tell them: bursts of joins, where they come from, and who comes back."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from reports import columns as kinds
from reports import formats, frames
from reports.formats import Number, plain
from reports.i18n import metric_definition, metric_label, t, value_label
from reports.paper import Column

JOINS = "new_members"
MOST_BARS = 12
"""Rows of a chart of bars; its table has them all."""


def bursts(days: pl.DataFrame) -> pl.DataFrame:
    """For `charts.band`: joins day by day (bands.days), in the band that is usual."""

    def text(day: str, value: float, low: float | None, high: float | None) -> str:
        told = t("growth.day", day=day, value=formats.decimal(value))
        return told if low is None else f"{told} · {_usually(low, high or 0)}"

    point = frames.written(days, lambda day: formats.point("day", day), "day")
    return days.with_columns(
        tick=frames.written(days, lambda day: formats.tick("day", day), "day"),
        point=point, label=point,
        value=pl.col(JOINS), low=pl.col("usual_low"), high=pl.col("usual_high"),
        text=frames.written(
            days.with_columns(point=point), text, "point", JOINS, "usual_low", "usual_high"
        ),
        out=frames.written(days, lambda is_out: t("growth.out") if is_out else "", "is_out"),
    )  # fmt: skip


def _usually(low: float, high: float) -> str:
    span = t("format.range", low=formats.decimal(low), high=formats.decimal(high))
    return t("growth.usually", span=span)


def burst(days: pl.DataFrame) -> str:
    """How many days were out of the usual, and the furthest of them."""
    out = days.filter("is_out").sort(pl.col("deviations").abs(), descending=True)
    if not out.height:
        return t("growth.no_burst")
    first = out.row(0, named=True)
    span = t("format.range", low=formats.decimal(first["usual_low"]),
             high=formats.decimal(first["usual_high"]))  # fmt: skip
    day, value = formats.tick("day", first["day"]), formats.decimal(first[JOINS])
    if out.height == 1:
        return t("growth.burst", day=day, value=value, span=span)
    return t("growth.bursts", count=out.height, day=day, value=value, span=span)


def burst_columns() -> dict[str, Column]:
    """How the days are headed and written."""
    note = t("growth.band_note")
    return {
        "label": Column(t("growth.of_day")),
        JOINS: Column(metric_label(JOINS), "count", metric_definition(JOINS)),
        "usual": Column(t("growth.usual"), "count", note),
        "usual_low": Column(t("growth.low"), "count", note),
        "usual_high": Column(t("growth.high"), "count", note),
        "out": Column(t("growth.state"), note=note),
    }


def beside(joins: pl.DataFrame, others: pl.DataFrame, name: str) -> pl.DataFrame:
    """Joins by something, with other figures by the same."""
    known = joins.drop_nulls(JOINS)
    return known.join(others, on=name, how="left", nulls_equal=True, maintain_order="left")


def coded(frame: pl.DataFrame, name: str, none: str) -> pl.DataFrame:
    """Adds `label`: what the codes of a dimension are called, `none` where a row has no code."""

    def label(code: str | None) -> str:
        return none if code is None else value_label(code, code)

    return frame.with_columns(label=frames.written(frame, label, name))


def against(frame: pl.DataFrame, key: str) -> pl.DataFrame:
    """For `charts.targets`: the greatest rows by a figure, each with what it was before."""
    known = frame.drop_nulls(key).sort(key, "label", descending=(True, False)).head(MOST_BARS)
    before = f"{key}_compare"
    return known.with_columns(
        value=pl.col(key).cast(pl.Float64), target=pl.col(before).cast(pl.Float64),
        value_text=_told(known, key, key, metric_label(key)),
        target_text=_told(known, key, before, t("column.before", name=metric_label(key))),
    )  # fmt: skip


def _told(frame: pl.DataFrame, key: str, column: str, name: str) -> pl.Series:
    def text(value: Number | None) -> str:
        return f"{name}: {formats.exact(key, value)}"

    return frames.written(frame, text, column)


def greatest(frame: pl.DataFrame, name: str, phrase: str) -> str:
    """Who has the greatest part of the joins, in a phrase of label, part and total."""
    total, known = int(frame[JOINS].sum()), frame.drop_nulls((name, JOINS))
    if not total or not known.height:
        return t("growth.no_joins")
    first = known.sort(JOINS, "label", descending=(True, False)).row(0, named=True)
    part = formats.percent(first[JOINS] / total, 0)
    return t(phrase, label=plain(first["label"]), part=part, total=formats.decimal(total))


BINDING = ("scan_bound_share", "scan_already_bound_share", "scan_bound_to_other_share",
           "scan_void_share")  # fmt: skip


def binding(frame: pl.DataFrame) -> pl.DataFrame:
    """For `charts.shares`: what the guide scans of those that scan most did to the binding."""
    known = frame.drop_nulls(BINDING).sort("scans", "label", descending=(True, False))
    shown = known.head(MOST_BARS)
    return shown.with_columns(
        _told(shown, key, key, metric_label(key)).alias(f"{key}_text") for key in BINDING
    )


def bound(total: Mapping[str, Number | None]) -> str:
    """What part of guide scans bound somebody."""
    part = total["scan_bound_share"]
    if part is None:
        return t("growth.no_binding")
    return t("growth.bound", part=formats.percent(part),
             void=formats.percent(total["scan_void_share"] or 0))  # fmt: skip


def months(frame: pl.DataFrame, value: str, before: str) -> pl.DataFrame:
    """For `charts.trend`: two figures by month, one beside the other."""
    return frame.with_columns(
        tick=frames.written(frame, lambda month: formats.tick("month", month), "month"),
        point=frames.written(frame, lambda month: formats.point("month", month), "month"),
        label=frames.written(frame, lambda month: formats.point("month", month), "month"),
        value=pl.col(value), before=pl.col(before),
        value_text=_told(frame, value, value, metric_label(value)),
        before_text=_told(frame, before, before, metric_label(before)),
    )  # fmt: skip


# Coupons -----------------------------------------------------------------------------------------
STEPS = ("visited", "redeemed", "bought", "bought_again", "bought_again_full_price")
"""What becomes of an issued coupon; a visit and a redemption are beside the chain."""


def whole(frame: pl.DataFrame) -> dict[str, int]:
    """All campaigns together: every coupon is of one of them, or of none."""
    return frame.select(pl.col("issued", "immature", *STEPS).sum()).row(0, named=True)


def steps(decided: Mapping[str, int], so_far: Mapping[str, int]) -> pl.DataFrame:
    """For `charts.ladder`: coupons whose 60 days have passed, step by step, and behind them those
    whose days still run. `so_far` counts both together (`answers.campaigns` of immature too)."""
    issued, running = decided["issued"], decided["immature"]
    rows = [("issued", issued, running)]
    rows += [(step, decided[step], so_far[step] - decided[step]) for step in STEPS]
    frame = pl.DataFrame(rows, schema=["step", "value", "open"], orient="row")

    def text(value: int) -> str:
        share = f" · {formats.percent(value / issued)}" if issued else ""
        return f"{formats.decimal(value)}{share}"

    def still_open(value: int) -> str:
        return t("campaigns.running", count=formats.decimal(value))

    named = frame.with_columns(label=frames.written(frame, coupon_label, "step"))
    value_text = frames.written(frame, text, "value")
    return named.with_columns(
        text=value_text if issued else frames.written(frame, formats.decimal, "open"),
        value_text=value_text, open_text=frames.written(frame, still_open, "open"),
        is_beside=pl.col("step").is_in(["visited", "redeemed"]),
        part=pl.col("value") / issued if issued else None,
    )  # fmt: skip


def coupon_label(step: str) -> str:
    """What a step of a coupon is called."""
    return t(f"coupon.{step}")


def redeemed(decided: Mapping[str, int]) -> str:
    """What part of the coupons led to a purchase."""
    issued, bought = decided["issued"], decided["bought"]
    if not issued:
        return t("campaigns.too_early", count=formats.decimal(decided["immature"]))
    return t(
        "campaigns.redeemed", issued=formats.decimal(issued),
        redeemed=formats.percent(decided["redeemed"] / issued),
        bought=formats.percent(bought / issued),
    )  # fmt: skip


def results(frame: pl.DataFrame) -> pl.DataFrame:
    """Campaigns with the parts of their coupons: redeemed_share and bought_share of all counted,
    again_share and full_price_share of those that led to a purchase; the newest first."""
    whole = "issued" if frame["issued"].sum() else "immature"
    counted = pl.when(pl.col(whole) > 0).then(whole)
    bought = pl.when(pl.col("bought") > 0).then("bought")
    return frame.with_columns(
        redeemed_share=pl.col("redeemed") / counted, bought_share=pl.col("bought") / counted,
        again_share=pl.col("bought_again") / bought,
        full_price_share=pl.col("bought_again_full_price") / bought,
    ).sort("campaign", descending=True, nulls_last=True)  # fmt: skip


def parts(frame: pl.DataFrame, value: str, target: str, kind: str) -> pl.DataFrame:
    """For `charts.targets`: two columns of the newest campaigns, a bar and a mark."""
    shown = frame.drop_nulls(value).head(MOST_BARS)
    column = Column("", kind)

    def told(name: str) -> pl.Series:
        def text(number: Number | None) -> str:
            return f"{t(f'coupon.{name}')}: {kinds.written(column, number)}"

        return frames.written(shown, text, name)

    return shown.with_columns(
        value=pl.col(value).cast(pl.Float64), target=pl.col(target).cast(pl.Float64),
        value_text=told(value), target_text=told(target),
    )  # fmt: skip


def paid(frame: pl.DataFrame) -> str:
    """What coupons cost, and what was earned where they were used."""
    discount, profit = frame["discount"].sum() or 0, frame["gross_profit"].sum() or 0
    if not profit and not discount:
        return t("campaigns.no_money")
    return t("campaigns.paid", profit=formats.money(profit), discount=formats.money(discount))


def returned(frame: pl.DataFrame) -> str:
    """What part of coupon buyers came back, and how many of them at full price."""
    bought = int(frame["bought"].sum())
    if not bought:
        return t("campaigns.nobody_back")
    again, full = frame["bought_again"].sum(), frame["bought_again_full_price"].sum()
    return t("campaigns.back", part=formats.percent(again / bought),
             full=formats.percent(full / bought))  # fmt: skip


def retained(frame: pl.DataFrame, coupon: str, other: str) -> str:
    """Whether coupon buyers come back as others do: of the last month of which that is known."""
    known = frame.drop_nulls((coupon, other)).sort("month")
    if not known.height:
        return t("campaigns.retained_unknown")
    last = known.row(-1, named=True)
    return t("campaigns.retained", month=formats.tick("month", last["month"]),
             coupon=formats.percent(last[coupon]), others=formats.percent(last[other]))  # fmt: skip


def coupon_columns(frame: pl.DataFrame) -> dict[str, Column]:
    """How campaigns are headed and written."""
    counts = {name: Column(coupon_label(name), "count") for name in ("issued", "immature", *STEPS)}
    shares = ("redeemed_share", "bought_share", "again_share", "full_price_share")
    money = ("discount", "gross_profit", "budget", "profit_after_budget")
    return {
        "label": Column(t("coupon.campaign")), **counts,
        **{name: Column(coupon_label(name), "ratio") for name in shares},
        **{name: Column(coupon_label(name), "exact_money", t(f"coupon.{name}_note"))
           for name in money if frame[name].count()},
    }  # fmt: skip
