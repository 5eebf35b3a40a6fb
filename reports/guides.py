"""Guides as their page tells them: places within the store, and the statement of one of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

import polars as pl

from reports import formats, frames, headlines
from reports.formats import plain
from reports.i18n import dimension_label, metric_definition, metric_label, t
from reports.paper import Column
from warehouse import credit
from warehouse.statements import ORIGINAL, TILL

CREDITED = "credited_net_sales"
MOST_STORES = 12
"""Stores whose guides are drawn at once."""
_WORDS = ("kind", "rule_name", "since")
_RULES = (TILL, ORIGINAL, *credit.STANDARD.rules)


def homes(frame: pl.DataFrame) -> pl.DataFrame:
    """Of rows by store and guide, each guide's row of the store they have most credited sales in:
    guide, store."""
    known = frame.drop_nulls(("store", "guide")).sort(CREDITED, descending=True, nulls_last=True)
    return known.unique("guide", keep="first", maintain_order=True).select("guide", "store")


def at_home(ranked: pl.DataFrame, placed: pl.DataFrame, stores: pl.DataFrame) -> pl.DataFrame:
    """Ranked guides with their store: `store`, `guide_coverage` and `store_label` (`stores` has
    these by store, the label as `label`)."""
    named = stores.select("store", "guide_coverage", store_label="label")
    homed = ranked.join(homes(placed), on="guide", how="left", maintain_order="left")
    return homed.join(named, on="store", how="left", maintain_order="left")


def spread(guides: pl.DataFrame, chosen: Sequence[str]) -> pl.DataFrame:
    """For `charts.spread`: guides by store, the stores with most credited sales first; of chosen
    guides only their stores."""
    known = guides.drop_nulls(("store", CREDITED))
    own = known.filter(pl.col("guide").is_in(list(chosen)))["store"].unique()
    known = frames.only(known, "store", own.to_list())
    largest = known.group_by("store", maintain_order=True).agg(of_store=pl.col(CREDITED).sum())
    first = largest.sort("of_store", "store", descending=(True, False)).head(MOST_STORES)
    drawn = known.join(first, on="store").sort(
        "of_store", "store", CREDITED, descending=(True, False, True)
    )
    return drawn.with_columns(
        row=pl.col("store_label").fill_null(pl.col("store")), id="guide",
        value=pl.col(CREDITED).cast(pl.Float64), is_small="is_small_sample",
        is_chosen=pl.col("guide").is_in(list(chosen)),
        text=frames.written(drawn, _dot, "label", CREDITED, "rank"),
    )  # fmt: skip


def _dot(label: str, value: Decimal, rank: int | None) -> str:
    place = "" if rank is None else f" · {t('guides.rank', rank=rank)}"
    return f"{label} · {formats.exact_money(value)}{place}"


def leaning(drawn: pl.DataFrame) -> str:
    """Who stands furthest above the median of their store."""
    several = drawn.filter(pl.len().over("store") > 1, pl.col("value") > 0)
    times = pl.col("value") / pl.col("value").median().over("store")
    if not several.height:
        return t("guides.alone")
    most = several.with_columns(times=times).sort("times", "guide", descending=(True, False))
    first = most.row(0, named=True)
    return t("guides.leaning", guide=plain(first["label"]), store=plain(first["row"]),
             times=formats.decimal(first["times"], 1))  # fmt: skip


def named(rows: pl.DataFrame) -> pl.DataFrame:
    """A statement in words: `kind` of each row and the name of its rule."""
    return rows.with_columns(
        kind=frames.written(rows, lambda source: t(f"sold.{source}"), "source"),
        rule_name=frames.written(rows, _rule, "rule"),
        since=frames.written(rows, _since, "at"),
    )


def _since(at: datetime | None) -> str:
    return formats.EMPTY if at is None else f"{formats.long_day(at)} {at:%H:%M}"


def _rule(name: str) -> str:
    return t(f"rule.{name}")


def columns(rows: pl.DataFrame) -> dict[str, Column]:
    """How a statement is headed and written; the buyer only where the viewer may know them."""
    shown = {
        "day": Column(dimension_label("day"), "day"),
        "number": Column(t("statement.number")),
        "amount": Column(metric_label(CREDITED), "exact_money", metric_definition(CREDITED)),
        "kind": Column(t("statement.kind")),
        "rule_name": Column(t("statement.rule"), note=t("statement.rule_note")),
        "share": Column(t("statement.share"), "ratio"),
        "event": Column(t("statement.event"), note=t("statement.event_note")),
        "since": Column(t("statement.at")),
        "buyer": Column(t("statement.buyer")),
    }
    return {name: column for name, column in shown.items() if name in (*rows.columns, *_WORDS)}


def by_rule(rows: pl.DataFrame) -> pl.DataFrame:
    """For `charts.ranks`: what each rule credited, in the order rules are tried."""
    sums = rows.group_by("rule").agg(amount=pl.col("amount").sum(), number=pl.len())
    order = {rule: place for place, rule in enumerate(_RULES)}
    ranked = sums.sort(pl.col("rule").replace_strict(order, default=len(order)))
    return ranked.with_columns(
        label=frames.written(ranked, _rule, "rule"), value=pl.col("amount").cast(pl.Float64),
        value_text=frames.written(ranked, formats.money, "amount"),
    )  # fmt: skip


def label_of(ranked: pl.DataFrame, guide: str) -> str:
    """What a guide is called; by their number where they have no part in these sales."""
    return next(iter(ranked.filter(pl.col("guide") == guide)["label"]), guide)


def stated(label: str, rows: pl.DataFrame) -> str:
    """What a guide is credited with, on how many receipts and orders, and how much of it online."""
    total = frames.added(rows["amount"])
    online = frames.added(rows.filter(pl.col("source") != "pos")["amount"])
    if not total:
        return t("guides.nothing", guide=plain(label))
    sold = rows.filter(~pl.col("is_return")).select("number", "source", "store").n_unique()
    return t("guides.stated", guide=plain(label), total=formats.money(total), number=sold,
             part=formats.percent(online / total, 0))  # fmt: skip


def proof(rows: pl.DataFrame, figure: Decimal) -> str:
    """That the rows of a statement add up to the figure; never shown to differ unless they do."""
    total = frames.added(rows["amount"])
    key = "guides.closes" if total == figure else "guides.open"
    return t(key, rows=rows.height, total=formats.exact_money(total),
             figure=formats.exact_money(figure))  # fmt: skip


def leaders(ranked: pl.DataFrame, key: str) -> str:
    """Who leads the ranking, and what the first tenth of all guides make of the whole."""
    first = ranked.row(0, named=True)
    tenth = -(-ranked.height // 10)
    if "share" not in ranked.columns or first["share"] is None or ranked.height <= tenth + 1:
        return headlines.leaders(ranked, key)
    return t("guides.leaders", guide=plain(first["label"]), number=tenth, all=ranked.height,
             part=formats.percent(ranked["share"].head(tenth).sum(), 0))  # fmt: skip


def found(ranked: pl.DataFrame, search: str) -> pl.DataFrame:
    """The guides whose name, number or store holds the words of a search."""
    names = pl.concat_str("label", "guide", "store_label", separator=" ", ignore_nulls=True)
    held = (names.str.to_lowercase().str.contains(w, literal=True) for w in search.lower().split())
    return ranked.filter(*held)


def listed(some: pl.DataFrame, ranked: pl.DataFrame) -> str:
    """How many of all guides a search has found."""
    shown, every = formats.decimal(some.height), formats.decimal(ranked.height)
    return t("guides.listed", shown=shown, all=every)


def peers(ranked: pl.DataFrame, guide: str, keys: Sequence[str]) -> pl.DataFrame | None:
    """A guide against the others of their store, as `frames.against_peers`; None without any."""
    store = ranked.filter(pl.col("guide") == guide)["store"]
    same = ranked.filter(pl.col("store").is_in(store.drop_nulls().to_list()))
    return frames.against_peers(same, "guide", guide, keys) if same.height > 1 else None
