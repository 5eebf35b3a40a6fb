"""A question: which figures, over which days, grouped and narrowed how."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

COMPARISONS = ("prior", "year", "weekday", "lunar")
ORGANISATIONS = ("as_was", "as_is")


class QuestionError(ValueError):
    """A question that cannot be answered; the message says why and names the nearest that can."""


@dataclass(frozen=True)
class Question:
    """What is asked. `start` and `end` are business dates, both included; `where` holds pairs of
    a dimension and the values it may have; `credit` names a policy (credit.POLICIES),
    `convention` a step of another way to count (conventions.py); with `from_lines` nothing is read
    from sums of lines (routes.py). Hashable, so that answers can be cached."""

    keys: tuple[str, ...]
    start: date
    end: date
    by: tuple[str, ...] = ()
    where: tuple[tuple[str, tuple[str, ...]], ...] = ()
    compare: str | None = None
    org: str = "as_was"
    credit: str = "standard"
    convention: tuple[str, int] | None = None
    from_lines: bool = False


def nearest(kind: str, name: str, known: Iterable[str]) -> QuestionError:
    """The error for an unknown name, with the nearest known one."""
    known = list(known)
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
    hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(known[:40])}"
    return QuestionError(f"unknown {kind} {name!r}; {hint}")


def check_choices(question: Question) -> None:
    """Raises QuestionError for a comparison, organisation or period that cannot be."""
    if question.compare is not None and question.compare not in COMPARISONS:
        raise nearest("comparison", question.compare, COMPARISONS)
    if question.org not in ORGANISATIONS:
        raise nearest("organisation", question.org, ORGANISATIONS)
    if question.end < question.start:
        raise QuestionError(f"the period ends ({question.end}) before it starts ({question.start})")
    if len(set(question.by)) < len(question.by):
        raise QuestionError("a dimension is named twice")
