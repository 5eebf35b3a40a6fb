"""SQL as people read it: what the engine runs, its parameters filled in, lines broken."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.sql import ClauseElement

from warehouse import engine

WIDTH = 96
_QUOTED = r"'[^']*'|\"[^\"]*\""
_CLAUSES = (
    r" (?=(?:SELECT|FROM|WHERE|GROUP BY|HAVING|ORDER BY|UNION ALL|UNION|LEFT OUTER JOIN)\b)"
    r"|(?<!LEFT OUTER) (?=JOIN\b)"
)
_ARMS = r" (?=(?:WHEN|THEN|ELSE)\b)"
_TERMS = r"(?<=,) | (?=(?:AND|OR|ON)\b)| (?=[-+*/] )"


def sql(statement: ClauseElement) -> str:
    """A statement's SQL for DuckDB, ready to be run as it stands. `a.x AS x` is shortened to
    `a.x`, which means the same."""
    text, parameters = engine.render(statement)
    filled = re.sub(r"\$(\d+)", lambda found: _literal(parameters[int(found[1]) - 1]), text)
    shorter = re.sub(r'(\.("?\w+"?)) AS \2(?=[ ,)\n])', r"\1", filled)
    return "\n".join(_lines(" ".join(shorter.split()), ""))


def _literal(value: Any) -> str:
    match value:
        case bool():
            return str(value).upper()
        case str():
            return "'" + value.replace("'", "''") + "'"
        case datetime():
            return f"TIMESTAMP '{value}'"
        case date():
            return f"DATE '{value}'"
        case timedelta():
            days = value / timedelta(days=1)
            return (
                f"INTERVAL '{days:g} days'" if days % 1 == 0 else f"INTERVAL '{days * 24:g} hours'"
            )
    return "NULL" if value is None else str(value)


def _lines(text: str, margin: str) -> Iterator[str]:
    """A query clause by clause, or what else stands in parentheses."""
    if len(margin + text) <= WIDTH:
        yield margin + text
        return
    for clause in _split(text, _CLAUSES):
        hanging = "  " if re.match(r"(?!CASE)[A-Z]{2,} ", clause) else ""
        yield from _filled(_split(clause, _TERMS), margin, hanging)


def _filled(pieces: Sequence[str], margin: str, hanging: str) -> Iterator[str]:
    """As few lines as hold all pieces, those after the first with a hanging indent."""
    first, *more = pieces
    line = margin + first
    for piece in more:
        if len(line) + len(piece) < WIDTH:
            line += f" {piece}"
        else:
            yield from _opened(line)
            line = margin + hanging + piece
    yield from _opened(line)


def _opened(line: str) -> Iterator[str]:
    """A line; one that is too long arm by arm if it is a case, else with what stands in its longest
    parentheses below it, else term by term."""
    text = line.lstrip()
    margin = line[: len(line) - len(text)]
    arms, terms = _split(text, _ARMS, "("), _split(text, _TERMS)
    inside = [pair for pair in _parentheses(line) if pair[0] < WIDTH]
    if len(line) <= WIDTH:
        yield line
    elif len(arms) > 1:
        yield from _filled(arms, margin, "  ")
    elif inside:
        start, end = max(inside, key=lambda pair: pair[1] - pair[0])
        yield line[: start + 1]
        yield from _lines(line[start + 1 : end], margin + "  ")
        yield from _opened(margin + line[end:])
    elif len(terms) > 1:
        yield from _filled(terms, margin, "  ")
    else:
        yield line


def _parentheses(line: str) -> Iterator[tuple[int, int]]:
    """Where the outermost parentheses open and close."""
    depth = start = 0
    for found in re.finditer(r"'[^']*'|[()]", line):
        if found[0] == "(":
            start, depth = (start if depth else found.start()), depth + 1
        elif found[0] == ")":
            depth -= 1
            if not depth:
                yield start, found.start()


def _split(text: str, where: str, around: Sequence[str] = ("(", "CASE")) -> list[str]:
    """Text cut at a pattern, outside quotes, parentheses, cases and the AND of a BETWEEN."""
    pieces, depth, start, is_between = [], 0, 0, False
    steps = {"(": 1, ")": -1} | ({"CASE": 1, "END": -1} if "CASE" in around else {})
    for found in re.finditer(rf"{_QUOTED}|[()]|\b(?:CASE|END|BETWEEN)\b|({where})", text):
        depth += steps.get(found[0], 0)
        is_between = is_between or (found[0] == "BETWEEN" and not depth)
        if found[1] is None or depth:
            continue
        if is_between and text.startswith("AND", found.end()):
            is_between = False
        else:
            pieces.append(text[start : found.start()])
            start = found.end()
    return [*pieces, text[start:]]
