"""What pages and the command line ask for: frames, ready to show."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Protocol, runtime_checkable

import polars as pl
from sqlalchemy import BigInteger, cast, func, literal, select

from warehouse import access, funnel_queries, joined, options, portable, queries, rankings
from warehouse.access import Scope
from warehouse.campaigns import coupon_results
from warehouse.cohorts import cohort_months
from warehouse.filters import Question, QuestionError, nearest
from warehouse.funnels import named
from warehouse.rfm import quintiles
from warehouse.rollups import days_sold
from warehouse.schema import (
    DIM_DATES,
    ETL_FACTS,
    ETL_FILES,
    ETL_REJECTS,
    ETL_RUNS,
)  # fmt: skip
from warehouse.settings import Settings

SAMPLE = "sample"
CUTS = {"guide": "guide_key", "store": "store_key", "region": "region_key", "brand": "brand",
        "channel": "channel"}  # fmt: skip


class Reader(Protocol):
    """Anything that runs a SELECT: a published snapshot, or a build being checked."""

    def fetch(self, statement: Any) -> pl.DataFrame:
        """Rows of a SELECT as a frame."""


@runtime_checkable
class Keeping(Reader, Protocol):
    """A reader that keeps answers."""

    def recall(self, ask: Callable[..., Any], *arguments: Any) -> Any:
        """What `ask` answers, given a reader before these arguments; asked once."""


def answer(reader: Reader, question: Question, scope: Scope, settings: Settings) -> pl.DataFrame:
    """The figures a question asks for, one row a group: dimensions (text), then figures.

    Money is Decimal with two decimals, counts Int64, quotients Float64; empty is null.
    Raises QuestionError for what has no meaning, is unknown, or cannot be compared.
    """
    statement = queries.figures(question, scope, settings)
    _check_lunar(reader, question)
    check_values(reader, question, scope)
    return reader.fetch(statement)


def ranking(reader: Reader, question: Question, scope: Scope, settings: Settings) -> pl.DataFrame:
    """An answer, best first, with the interval and the ranks of its first figure, among what the
    scope sees (rankings.ranked). Raises QuestionError for what cannot be ranked."""
    plan = rankings.planned(queries.metrics_of(question)[0], question)
    found = answer(reader, question, scope, settings)
    sums = queries.sums(plan.asked, plan.parts, scope, settings)
    return rankings.ranked(found, reader.fetch(rankings.evidence(sums, plan)), plan)


def _check_lunar(reader: Reader, question: Question) -> None:
    if question.compare != "lunar":
        return
    dates = DIM_DATES
    in_period = dates.c.date.between(question.start, question.end)
    far = reader.fetch(
        select(dates.c.day).where(in_period, dates.c.lunar_ago_date.is_(None)).limit(1)
    )
    if far.height:
        raise QuestionError(
            "the lunar comparison reaches 45 days around lunar New Year;"
            f" {far['day'][0]} lies beyond"
        )


def check_values(reader: Reader, question: Question, scope: Scope) -> None:
    """Raises QuestionError for a filter by what does not exist or is out of sight."""
    for name, wanted in question.where:
        there = set(_known(reader, name, wanted, scope)["value"])
        for value in wanted:
            if value not in there and value != joined.UNASSIGNED:
                every = reader.fetch(options.values(name, scope, limit=20_000))["value"].to_list()
                raise nearest(name, value, every)


def _known(reader: Reader, *asked: Any) -> pl.DataFrame:
    """What exists of a filter: it is asked of before every answer."""
    return reader.recall(known, *asked) if isinstance(reader, Keeping) else known(reader, *asked)


def funnel(
    reader: Reader, name: str, question: Question, scope: Scope, settings: Settings, *,
    window: timedelta | None = None, with_immature: bool = False, detail: bool = False,
) -> pl.DataFrame:  # fmt: skip
    """A funnel's rows: dimensions, entries (mature ones), immature, a count per step, and
    median_hours from entry to the last step; with `detail` rates and times too
    (funnel_queries.funnel). Raises QuestionError."""
    statement = funnel_queries.funnel(
        named(name, settings.funnels), question, scope, settings,
        window=window, with_immature=with_immature, detail=detail,
    )  # fmt: skip
    check_values(reader, question, scope)
    return reader.fetch(statement)


def campaigns(
    reader: Reader, question: Question, scope: Scope, settings: Settings, *,
    with_immature: bool = False,
) -> pl.DataFrame:  # fmt: skip
    """What the coupons issued in a period led to, and the money (coupon_results). Raises
    QuestionError."""
    statement = coupon_results(question, scope, settings, with_immature=with_immature)
    check_values(reader, question, scope)
    return reader.fetch(statement)


def unidentified(
    reader: Reader, question: Question, scope: Scope, settings: Settings
) -> pl.DataFrame:
    """Receipts, paid orders and events by what is known of who: dimensions, kind, total, members,
    visitors, unidentified. Raises QuestionError."""
    statement = funnel_queries.unidentified(question, scope, settings)
    check_values(reader, question, scope)
    return reader.fetch(statement)


def cohorts(reader: Reader, question: Question, scope: Scope) -> pl.DataFrame:
    """Who first bought in the question's period, and who of them bought month after month: cohort,
    members, months_since, active_members, share_active; empty where a month is not over. Raises
    QuestionError."""
    statement = cohort_months(question, scope)
    check_values(reader, question, scope)
    return reader.fetch(statement)


def rfm(reader: Reader, question: Question, by: str, scope: Scope) -> pl.DataFrame:
    """Members of the twelve months up to the question's end by score, by segment or one by one
    (rfm.quintiles). Raises QuestionError."""
    statement = quintiles(question, by, scope)
    check_values(reader, question, scope)
    return reader.fetch(statement)


CREDITED_TO = {"guide": "credited_net_sales", "store": "store_net_sales",
               "region": "store_net_sales"}  # fmt: skip


def credited_by_rule(
    reader: Reader, question: Question, scope: Scope, settings: Settings
) -> pl.DataFrame:
    """How many orders paid in the period each rule credits: dimensions, orders_<rule>. Raises
    QuestionError."""
    statement = funnel_queries.credited_by_rule(question, scope, settings)
    check_values(reader, question, scope)
    return reader.fetch(statement)


def whatif(
    reader: Reader, policy: str, start: date, end: date, by: str, scope: Scope, settings: Settings,
    *, where: options.Where = (), org: str = "as_was",
) -> pl.DataFrame:  # fmt: skip
    """A period replayed under another credit policy, by guide, store or region: credit_now,
    credit_then, difference (money), and orders_moved (orders credited otherwise to that one)."""
    key = CREDITED_TO[by]
    now = Question((key,), start, end, (by,), where, org=org)
    then = replace(now, credit=policy)
    frames = [
        answer(reader, now, scope, settings).rename({key: "credit_now"}),
        answer(reader, then, scope, settings).rename({key: "credit_then"}),
        reader.fetch(queries.moved_orders(then, scope, settings)),
    ]
    both = frames[0]
    for frame in frames[1:]:
        both = both.join(frame, on=by, how="full", coalesce=True, nulls_equal=True)
    money = pl.col("credit_now", "credit_then").fill_null(Decimal("0.00"))
    filled = both.with_columns(money, pl.col("orders_moved").fill_null(0)).sort(by, nulls_last=True)
    gap = (pl.col("credit_then") - pl.col("credit_now")).cast(pl.Decimal(38, 2))
    return filled.select(by, "credit_now", "credit_then", gap.alias("difference"), "orders_moved")


def windows(
    reader: Reader, days: Sequence[int], question: Question, scope: Scope, settings: Settings
) -> pl.DataFrame:
    """What other conversion windows, in days, make of a period: window, the question's dimensions,
    the rows of scan_to_order with it, orders paid in the period by the rule that credits them when
    touches count that long (orders_<rule>), and credited_net_sales then."""
    ways = []
    for number in days:
        window = timedelta(days=number)
        then = replace(question, keys=("credited_net_sales",), credit=f"standard@{number}")
        frames = (
            funnel(reader, "scan_to_order", question, scope, settings, window=window),
            reader.fetch(funnel_queries.credited_by_rule(then, scope, settings)),
            answer(reader, then, scope, settings),
        )
        ways.append(_side_by_side(f"{number}d", question.by, frames))
    return pl.concat(ways)


def _side_by_side(window: str, by: Sequence[str], frames: Iterable[pl.DataFrame]) -> pl.DataFrame:
    keys = ["window", *by]
    first, *others = (frame.with_columns(pl.lit(window).alias("window")) for frame in frames)
    both = first
    for frame in others:
        both = both.join(frame, on=keys, how="full", coalesce=True, nulls_equal=True)
    filled = both.with_columns(
        pl.col("credited_net_sales").fill_null(Decimal("0.00")), pl.col(pl.Int64).fill_null(0)
    )
    rest = [name for name in filled.columns if name not in keys]
    return filled.select(*keys, *rest).sort(keys, nulls_last=True)


def values(
    reader: Reader, name: str, scope: Scope, *, search: str = "", where: options.Where = (),
    limit: int = 50,
) -> pl.DataFrame:  # fmt: skip
    """What a filter may be set to: `value` and `label`, at most `limit`, searched here."""
    return reader.fetch(options.values(name, scope, search=search, where=where, limit=limit))


def known(reader: Reader, name: str, wanted: Sequence[str], scope: Scope) -> pl.DataFrame:
    """Those of some values of a dimension that exist: `value` and `label`."""
    return reader.fetch(options.known_values(name, wanted, scope))


def bounds(reader: Reader, scope: Scope) -> tuple[date, date] | None:
    """First and last business date with a sale the viewer may see; None without any."""
    days = days_sold()
    ends = select(func.min(days.c.business_date), func.max(days.c.business_date))
    first, last = reader.fetch(ends.where(access.visible(days.c.store_key, scope))).row(0)
    return (first, last) if first else None


def conservation(
    reader: Reader, start: date, end: date, scope: Scope, settings: Settings
) -> pl.DataFrame:
    """For each cut of net sales what its members add up to, what none has, and net sales.

    One row a cut: cut, total, none, net_sales, difference (0.00 when it closes).
    """
    whole = answer(reader, Question(("net_sales",), start, end), scope, settings)["net_sales"][0]
    rows = [
        (
            name,
            *_cut(reader, Question(("net_sales",), start, end, by=(name,)), scope, settings),
            whole,
        )
        for name in CUTS
    ]
    money = pl.Decimal(38, 2)
    frame = pl.DataFrame(
        rows, orient="row",
        schema={"cut": pl.String, "total": money, "none": money, "net_sales": money},
    )  # fmt: skip
    gap = (pl.col("total") + pl.col("none") - pl.col("net_sales")).cast(money)
    return frame.with_columns(gap.alias("difference"))


def _cut(reader: Reader, question: Question, scope: Scope, settings: Settings) -> tuple[Any, Any]:
    """Net sales of all members of a dimension, and of the lines that have none."""
    frame = answer(reader, question, scope, settings)
    none = pl.col(question.by[0]).is_null()
    parts = frame.select(
        pl.col("net_sales").filter(~none).sum().alias("total"),
        pl.col("net_sales").filter(none).sum().alias("none"),
    )
    return parts.row(0)  # type: ignore[return-value]


def is_sample(reader: Reader) -> bool:
    """True while the warehouse shows the made-up company."""
    facts = ETL_FACTS
    return bool(reader.fetch(select(facts.c.text).where(facts.c.name == SAMPLE)).height)


def deliveries(reader: Reader, scope: Scope) -> pl.DataFrame:
    """Per feed what its deliveries became: files, refused, last_loaded_at, and rows read, loaded,
    unchanged, superseded, rejected, voided. Empty for a scope that is not the whole company's."""
    files, runs = ETL_FILES, ETL_RUNS
    rows = ("read", "loaded", "unchanged", "superseded", "rejected", "voided")
    columns = {f"rows_{name}": files.c[f"rows_{name}"] for name in rows}
    return reader.fetch(
        select(
            files.c.feed,
            func.count().label("files"),
            func.count().filter(files.c.outcome == "refused").label("refused"),
            func.max(runs.c.finished_at).label("last_loaded_at"),
            *(
                cast(portable.total(column), BigInteger).label(name)
                for name, column in columns.items()
            ),
        )
        .outerjoin(runs, runs.c.run_key == files.c.run_key)
        .where(literal(scope.everything))
        .group_by(files.c.feed)
        .order_by(files.c.feed)
    )


def rejects(
    reader: Reader, scope: Scope, feed: str | None = None, limit: int = 1000
) -> pl.DataFrame:
    """Rejected rows and refused files: feed, file, line, rule, message, row."""
    kept = ETL_REJECTS
    chosen = select(kept.c.feed, kept.c.file, kept.c.line, kept.c.rule, kept.c.message, kept.c.row)
    chosen = chosen.where(literal(scope.everything))
    if feed is not None:
        chosen = chosen.where(kept.c.feed == feed)
    return reader.fetch(chosen.order_by(kept.c.feed, kept.c.file, kept.c.line).limit(limit))


def runs(reader: Reader) -> pl.DataFrame:
    """Runs that published, newest first."""
    return reader.fetch(select(ETL_RUNS).order_by(ETL_RUNS.c.run_key.desc()))
