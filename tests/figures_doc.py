"""docs/metrics.md, written from the registries; the product itself computes the examples."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import polars as pl
from conftest import Company
from lantern_lane import MARCH, ROWS
from sqlalchemy import select
from sqlalchemy.sql.expression import FromClause

from pages.ui.terms import cautions
from warehouse import answers, glossary, queries, show
from warehouse.access import EVERYTHING
from warehouse.dimensions import DIMENSIONS
from warehouse.engine import Snapshot, reading
from warehouse.filters import Question
from warehouse.funnels import KINDS, SHIPPED, Funnel
from warehouse.metrics import METRICS, Metric
from warehouse.schema import CREDITED_LINES, DIM_GUIDES, DIM_STORES, LOADED
from warehouse.sources import SOURCES

HEAD = """\
# Figures

Every figure and funnel: what it means, how it is made, what it can be grouped by, and what it
comes to in a small company. The code writes this page (`make docs`); a test fails when it is not
current.

A figure is a sum of rows or a quotient of such sums. Formulas name the rows ([Rows](#rows)) and
their columns: `Σ(net_amount where not is_return) of lines` adds up `net_amount` of those lines
that are no return. Quotients are taken of sums, never averaged; a zero denominator gives an empty
value, never 0.

The SQL is what DuckDB gets for March 2024, everything, read from lines, its parameters filled in.
Where a question can be had from stored daily sums exactly, these are read instead.

## The example

Lantern Lane has two shops, two guides and three members. These are all its deliveries; every
example asks about March 2024 and is computed from them.
"""
LINES = """\
### Lines

What becomes of them in March: sale and return lines, each credited to a store and a guide. R2 is
shared by two guides; R3 takes back from R1; E1 led to O1 a day later; O3 was never paid.
"""
BY = {"tender_share": "tender", "active_guides": "guide", "members_recruited": "guide"}
"""What an example is shown by, where that is not the store."""
GUIDED = ("credited_net_sales", "guide_receipts", "home_order_net_sales", "net_sales_per_guide")


def written(company: Company) -> str:
    """The whole page."""
    keys = sorted(METRICS)
    links = " · ".join(f"[{key}](#{key})" for key in keys)
    with reading(company.settings.warehouse) as snapshot:
        figures = [_figure(snapshot, company, METRICS[key]) for key in keys]
        ways = [_funnel(snapshot, company, funnel) for funnel in SHIPPED.values()]
        lines = _lines(snapshot)
    top = [HEAD, *_feeds(), lines, _dimensions(), _rows()]
    return "\n".join([*top, f"## All figures\n\n{links}\n", *figures, _kinds(), *ways])


# The company, its rows and dimensions ------------------------------------------------------------
def _feeds() -> Iterator[str]:
    for feed, rows in ROWS.items():
        columns = dict.fromkeys(name for row in rows for name, cell in row.items() if cell != "")
        yield f"### {feed}\n\n{_table(columns, ([r.get(c, '') for c in columns] for r in rows))}"


def _table(columns: Iterable[object], rows: Iterable[Sequence[object]]) -> str:
    lines = [list(columns), *rows]
    lines.insert(1, ["---"] * len(lines[0]))
    return "".join(f"| {' | '.join(map(str, line))} |\n" for line in lines)


def _lines(snapshot: Snapshot) -> str:
    """The lines of March that follow, each with what it is credited to."""
    line, names = CREDITED_LINES, (("store", DIM_STORES), ("guide", DIM_GUIDES))
    names += (("product", LOADED["products"]), ("member", LOADED["members"]))
    joined: FromClause = line
    for name, table in names:
        joined = joined.outerjoin(table, table.c[f"{name}_key"] == line.c[f"{name}_key"])
    told = ("source", "share", "quantity", "net_amount", "list_amount", "is_return", "tender")
    shown = select(
        line.c.business_date,
        *(table.c[f"{name}_id"].label(name) for name, table in names),
        *(line.c[name] for name in told),
    )
    of_march = shown.select_from(joined).where(line.c.business_date.between(*MARCH))
    frame = snapshot.fetch(of_march).sort(pl.all(), nulls_last=True)
    rows = (["" if v is None else _number(v) for v in row.values()] for row in show.records(frame))
    return f"{LINES}\n{_table(frame.columns, rows)}"


def _dimensions() -> str:
    rows = ((f"`{one.name}`", one.meaning) for one in DIMENSIONS.values())
    return f"## Dimensions\n\n{_table(('dimension', 'what it is'), rows)}"


def _rows() -> str:
    """What each source counts, and in full where its rows are made for it alone."""
    makers = [source.rows for source in SOURCES.values()]
    rows = [
        (f"`{name}`", source.counts, " ".join((inspect.getdoc(source.rows) or "").split())
         if makers.count(source.rows) == 1 else "")
        for name, source in SOURCES.items()
    ]  # fmt: skip
    return f"## Rows\n\n{_table(('rows', 'what they are', 'in full'), rows)}"


# A figure ----------------------------------------------------------------------------------------
def _figure(snapshot: Snapshot, company: Company, metric: Metric) -> str:
    return (
        f"### {metric.key}\n\n**{metric.label}** ({metric.unit.value}): {metric.definition}.\n\n"
        f"```text\n{glossary.formula(metric.key, company.settings)}\n```\n\n"
        f"- Edge cases: {' '.join(cautions(metric.key)) or 'none of its own.'}\n"
        f"- Grouped by: {_groups(glossary.refusals(metric.key))}.\n"
        f"- Example: {_example(snapshot, company, metric)}\n\n"
        f"{_sql(glossary.sql(metric.key, company.settings))}"
    )


def _groups(refused: Mapping[str, str]) -> str:
    """What it can be grouped by, and why not by the rest; each reason is given once."""
    reasons: dict[str, list[str]] = {}
    for name, reason in refused.items():
        why = (
            reason.partition(";")[0].removeprefix("it is ").replace(f"have no {name}", "have none")
        )
        reasons.setdefault(why, []).append(f"`{name}`")
    allowed = [f"`{name}`" for name in DIMENSIONS if name not in refused]
    told = "everything but" if len(refused) < len(allowed) else f"{', '.join(allowed)}; not by"
    no = "; ".join(f"{', '.join(names)} ({why})" for why, names in reasons.items())
    return f"{told} {no}"


def _example(snapshot: Snapshot, company: Company, metric: Metric) -> str:
    """The figure with the sums it is made of, then by one dimension."""
    question = Question((metric.key,), *MARCH)
    (row,) = _asked(snapshot, company, question)
    (made,) = show.records(
        snapshot.fetch(queries.sums(question, metric.parts, EVERYTHING, company.settings))
    )
    sums = " ÷ ".join(
        f"{part.name} {_number(made[part.name])}" for part in metric.numerator + metric.denominator
    )
    whole = f"**{_number(row[metric.key])}**"
    told = f"{sums}{' − 1' if metric.minus_one else ''} = {whole}" if metric.denominator else whole
    by = BY.get(metric.key, "guide" if metric.key in GUIDED else "store")
    groups = _asked(snapshot, company, replace(question, by=(by,)))
    each = (f"{row[by] or f'no {by}'} {_number(row[metric.key])}" for row in groups)
    return f"{told}; by {by}: {', '.join(each)}."


def _asked(snapshot: Snapshot, company: Company, question: Question) -> list[dict[str, Any]]:
    return show.records(answers.answer(snapshot, question, EVERYTHING, company.settings))


def _number(value: Any) -> str:
    if value is None or isinstance(value, (bool, str)):
        return "empty" if value is None else str(value)
    return f"{float(value):.4f}".rstrip("0").rstrip(".")


def _sql(text: str) -> str:
    return f"<details><summary>SQL</summary>\n\n```sql\n{text}\n```\n\n</details>\n"


# A funnel ----------------------------------------------------------------------------------------
def _kinds() -> str:
    """What counts as the happenings that are no touchpoints."""
    rows = ((f"`{kind}`", told) for kind, told in KINDS.items() if told != "a touchpoint")
    intro = "`first(…)` is the earliest such happening of the person inside the window."
    return f"## Funnels\n\n{intro}\n\n{_table(('what happens', 'what counts'), rows)}"


def _funnel(snapshot: Snapshot, company: Company, funnel: Funnel) -> str:
    settings, question = company.settings, Question((), *MARCH)
    frame = answers.funnel(snapshot, funnel.name, question, EVERYTHING, settings)
    rows = ([_number(value) for value in row.values()] for row in show.records(frame))
    return (
        f"### {funnel.name}\n\n**{funnel.direction}**\n\n```text\n{glossary.steps(funnel)}\n```\n\n"
        f"Entries of March 2024:\n\n{_table(frame.columns, rows)}\n"
        f"{_sql(glossary.funnel_sql(funnel.name, settings))}"
    )
