"""The product against the oracle: every figure, cut and compared, on companies drawn from seeds.

A question asks all figures that count the same rows, so that the groups they share are compared
too. The default suite asks each family of figures by each dimension of one company or another,
with comparison, organisation, period and filter going round so that every two of them meet; the
long one asks everything of every company.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import oracle
import pytest
from conftest import Company
from dense_company import dense_company
from oracle.dimensions import LINE_DIMENSIONS
from oracle.calendars import TIME_DIMENSIONS

from etl.simulate import simulate
from warehouse import answers, show
from warehouse.access import EVERYTHING
from warehouse.engine import Hub, Snapshot
from warehouse.filters import Question, QuestionError
from warehouse.metrics import METRICS
from warehouse.queries import metrics_of
from warehouse.settings import Settings
from warehouse.sources import SOURCES

Days = tuple[date, date]
Where = tuple[tuple[str, tuple[str, ...]], ...]

DIMENSIONS = (*TIME_DIMENSIONS, *LINE_DIMENSIONS, "handling_store")
CUTS: Sequence[tuple[str, ...]] = (
    (),
    *((name,) for name in DIMENSIONS),
    ("store", "month"), ("brand", "region"), ("guide", "week"), ("channel", "top_region"),
    ("product", "tier"), ("day", "store"), ("guide", "store"), ("tender", "quarter"),
)  # fmt: skip
COMPARISONS = (None, "year", "prior", "lunar", "weekday")
ORGANISATIONS = ("as_was", "as_is")
FILTERS: Sequence[Where] = (
    (),
    (("region", ("N", "X")),),
    (("store", ("S1", "S2")),),
    (),
    (("channel", ("pos", "app")),),
    (("guide", ("G1", "G2", "unassigned")),),
    (("brand", ("A",)), ("month", ("2024-02", "2024-01"))),
    (("tier", ("gold",)),),
    (("category", ("coats",)), ("region", ("TOP",))),
    (("product", ("P1", "P3")),),
)  # fmt: skip
"""Filters that the dense company knows the values of."""


@dataclass(frozen=True)
class Drawn:
    """A company that a seed gives: simulated, or (no stores) dense; `periods` to ask about."""

    seed: int
    stores: int
    days: int
    periods: tuple[Days, ...]

    @property
    def filters(self) -> Sequence[Where]:
        """Filters it knows the values of."""
        return FILTERS if not self.stores else ((),)

    def deliver(self, company: Company) -> None:
        """Fill the inbox."""
        if self.stores:
            end = self.periods[0][1]
            how = {"stores": self.stores, "days": self.days, "seed": self.seed}
            simulate(company.settings.inbox, end=end, **how)
            return
        for feed, rows in dense_company(self.seed).items():
            company.deliver(feed, *rows)


_NEAR_NEW_YEAR = (date(2024, 1, 20), date(2024, 3, 5))
_DENSE = (_NEAR_NEW_YEAR, (date(2024, 2, 28), date(2024, 3, 1)), (date(2023, 1, 15), date(2023, 2, 20)))
DRAWN = {
    "dense 1": Drawn(1, 0, 0, _DENSE),
    "dense 2": Drawn(2, 0, 0, _DENSE),
    "2 stores": Drawn(11, 2, 20, ((date(2024, 2, 12), date(2024, 3, 2)),)),
    "4 stores": Drawn(12, 4, 60, ((date(2024, 2, 6), date(2024, 3, 5)),)),
    "14 months": Drawn(13, 2, 420, ((date(2024, 2, 1), date(2024, 2, 29)),)),
}


def _families() -> list[tuple[str, ...]]:
    """Figures that count the same rows; those of lines that cannot be cut alike stand apart."""
    families: dict[tuple[str, ...], list[str]] = {}
    for key, metric in METRICS.items():
        counted = {part.source for part in metric.parts if SOURCES[part.source].makes_groups}
        families.setdefault((*sorted(counted),), []).append(key)
    return [tuple(keys) for keys in families.values()]


@dataclass(frozen=True)
class Pair:
    """A company as the product and as the oracle know it."""

    drawn: Drawn
    settings: Settings
    snapshot: Snapshot
    known: oracle.Company


@cache
def _hub(directory: Path) -> Hub:
    return Hub(directory)


@pytest.fixture(scope="module", params=DRAWN)
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """One company after the other, each loaded once and read through one snapshot."""
    root, drawn = tmp_path_factory.mktemp("drawn"), DRAWN[request.param]
    (root / "inbox").mkdir()
    company = Company(Settings(warehouse=root / "warehouse", inbox=root / "inbox", secret="a key"))
    drawn.deliver(company)
    assert company.load().version == 1
    with _hub(company.settings.warehouse).snapshot() as snapshot:
        yield Pair(drawn, company.settings, snapshot, oracle.load(company.settings.inbox))
