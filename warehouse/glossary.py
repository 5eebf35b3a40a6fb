"""What can be told of every figure and funnel, read off from how they are computed.

A formula is written as code, the same in every language: `Σ(net_amount where not is_return)`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import Case, Grouping

from warehouse import funnel_queries, printed, queries
from warehouse.access import EVERYTHING
from warehouse.dimensions import DIMENSIONS
from warehouse.filters import Question, QuestionError
from warehouse.funnels import Funnel, Step, named
from warehouse.joined import Joined
from warehouse.metrics import METRICS
from warehouse.parts import Columns, Part
from warehouse.rows import View
from warehouse.schema import DIM_DATES
from warehouse.settings import Settings
from warehouse.sources import SOURCES, Source

Expression = ColumnElement[Any]
MONTH = (date(2024, 3, 1), date(2024, 3, 31))
"""The period of the plain questions whose SQL is shown."""


# SQL ---------------------------------------------------------------------------------------------
def sql(key: str, settings: Settings) -> str:
    """The SELECT of a figure in one month, for everybody."""
    return printed.sql(queries.figures(_plain_question(key), EVERYTHING, settings))


def funnel_sql(name: str, settings: Settings) -> str:
    """The SELECT of a funnel's entries of one month, for everybody."""
    funnel, question = named(name, settings.funnels), Question((), *MONTH)
    return printed.sql(funnel_queries.funnel(funnel, question, EVERYTHING, settings))


def _plain_question(key: str, by: tuple[str, ...] = ()) -> Question:
    return Question((key,), *MONTH, by, from_lines=True)


def steps(funnel: Funnel) -> str:
    """A funnel in a line each for its entry and its steps."""
    days = funnel.window / timedelta(days=1)
    window = f"{days * 24:g} h" if days % 1 else f"{days:g} d"
    place = funnel.place if funnel.needs_place else f"{funnel.place} or none"
    entry = f"entry = first({', '.join(funnel.entry)}) per (person, {place}, day), window {window}"
    return "\n".join([entry, *(_of_step(funnel, step) for step in funnel.steps)])


def _of_step(funnel: Funnel, step: Step) -> str:
    before = funnel.before(step)
    flags = {"later day": step.later_day, "no coupon": step.without_coupon}
    flags["optional"] = step.optional
    more = "".join(f", {words}" for words, holds in flags.items() if holds)
    after = before.name if before else "entry"
    return f"{step.name} = first({', '.join(step.kinds)}) after {after}{more}"


# What it can be grouped by -----------------------------------------------------------------------
def refusals(key: str) -> Mapping[str, str]:
    """Dimensions a figure cannot be grouped by, each with the reason."""
    found = {}
    for name in DIMENSIONS:
        try:
            queries.metrics_of(_plain_question(key, (name,)))
        except QuestionError as error:
            found[name] = str(error).partition(": ")[2]
    return found


@cache
def counts_once(key: str) -> bool:
    """Whether a figure counts something once in each group it is found in."""
    metric = METRICS[key]
    return not metric.denominator and "distinct" in formula(key, Settings())


# Formulas ----------------------------------------------------------------------------------------
def formula(key: str, settings: Settings) -> str:
    """How a figure is made of summed parts, and each part of which rows; a line each."""
    metric = METRICS[key]
    parts = list(dict.fromkeys(metric.numerator + metric.denominator))
    if len(parts) == 1:
        return "\n".join(_of_part(key, parts[0], settings))
    whole = " ÷ ".join(part.name for part in parts) + (" − 1" if metric.minus_one else "")
    lines = (line for part in parts for line in _of_part(part.name, part, settings))
    return "\n".join(dict.fromkeys([f"{key} = {whole}", *lines]))


def _of_part(name: str, part: Part, settings: Settings) -> Iterator[str]:
    """A part over its source; where one thing counts once, first what is found of each."""
    source = SOURCES[part.source]
    tables: Columns = _tables(source, part.needs, settings)
    if source.each is None or source.of_each is None:
        yield f"{name} = {_said(part.aggregate(tables, settings))} of {source.name}"
        return
    found = source.of_each(tables)
    each = {"line": select(*(value.label(name) for name, value in found.items())).subquery()}
    yield f"{name} = {_said(part.aggregate(each, settings))} of each {source.each}"
    told = ", ".join(f"{name} = {_said(value)}" for name, value in found.items())
    yield f"each {source.each}: {told} of {source.name}"


def _tables(source: Source, needs: tuple[str, ...], settings: Settings) -> Columns:
    days = select(DIM_DATES.c.date.label("source_date")).subquery()
    joined = Joined(source.rows(View(_plain_question(source.name), days, settings)), "as_was")
    for name in (*needs, "store") if source.each == "store" else needs:
        joined.entity(name)
    return joined.tables


def _said(value: Expression) -> str:
    text = str(value.compile(dialect=_DIALECT, compile_kwargs={"literal_binds": True}))
    lower = re.sub(r"\b[A-Z]{2,}\b", lambda word: word[0].lower(), text)
    return lower.replace(" * ", " × ").replace(" - ", " − ").replace("-Σ", "−Σ")


class _Formula(SQLCompiler):
    """Expressions as a person would write them down."""

    def visit_column(self, column: Any, *_: Any, **__: Any) -> str:
        return str(column.name)

    def visit_cast(self, cast: Any, **how: Any) -> str:
        return str(self.process(cast.clause, **how))

    def visit_case(self, clause: Any, **how: Any) -> str:
        """`value where condition`; what is counted is `*`."""
        said = []
        for condition, value in clause.whens:
            what, when = (self.process(getattr(one, "element", one), **how)
                          if isinstance(one, Grouping) else self.process(one, **how)
                          for one in (value, condition))  # fmt: skip
            what = f"({what})" if isinstance(value, Case) else "*" if what == "1" else what
            said.append(f"{what} where {when}")
        return ", ".join(said).removesuffix(" where true")

    def visit_coalesce_func(self, fn: Any, **how: Any) -> str:
        """A sum of nothing is 0: no need to say so."""
        said = [self.process(clause, **how) for clause in fn.clauses]
        return said[0] if said[1:] == ["0"] else f"first of ({', '.join(said)})"

    def visit_sum_func(self, fn: Any, **how: Any) -> str:
        said = self.process(fn.clauses, **how)
        return f"count({said})" if said.startswith("*") else f"Σ({said})"

    def visit_max_func(self, fn: Any, **how: Any) -> str:
        said = self.process(fn.clauses, **how)
        return f"any({said[8:]})" if said.startswith("* where ") else f"max({said})"


_DIALECT = DefaultDialect(supports_native_boolean=True)
_DIALECT.statement_compiler = _Formula
