"""What is read from rollups is what lines add up to, whatever is asked and however odd the rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial
from itertools import product
from typing import Any

import pytest
import shops
from conftest import Company
from dense_company import dense_company
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from loading import Loading
from oracle.sample import Row, member, order, refund, sale
from sqlalchemy.sql.expression import Select

from warehouse import answers, cohorts, queries, rfm, show
from warehouse.access import EVERYTHING, Scope
from warehouse.dimensions import DIMENSIONS
from warehouse.engine import Hub, Snapshot
from warehouse.filters import Question
from warehouse.metrics import METRICS
from warehouse.queries import has_meaning
from warehouse.rollups import ROLLUPS, TABLES
from warehouse.routes import routed
from warehouse.settings import Settings
from warehouse.sources import SOURCES

PERIODS = (
    (date(2024, 1, 20), date(2024, 3, 5)),
    (date(2024, 2, 28), date(2024, 3, 1)),
    (date(2023, 1, 25), date(2024, 2, 10)),
)
NORTH = Scope(regions=frozenset({"N"}))
WAYS = tuple(product((None, "prior", "year"), ("as_was", "as_is"), (EVERYTHING, NORTH)))
CUTS: Sequence[tuple[str, ...]] = (
    (), *((name,) for name in DIMENSIONS if name != "campaign"),
    ("store", "month"), ("region", "week"), ("weekday", "hour"), ("brand", "day"),
    ("category", "top_region"), ("guide", "channel"), ("tier", "quarter"),
)  # fmt: skip
FILTERS = (
    (),
    (("region", ("N",)),),
    (("brand", ("A",)), ("month", ("2024-02",))),
    (("store", ("S1", "unassigned")),),
    (("channel", ("pos",)),),
    (("guide", ("G1", "G2")),),
    (("category", ("coats",)),),
)  # fmt: skip


Ask = Callable[[Question, Scope], Select[Any]]


@dataclass(frozen=True)
class Asked:
    """A company, read through one snapshot."""

    snapshot: Snapshot
    settings: Settings

    def both(
        self, question: Question, scope: Scope = EVERYTHING, ask: Ask | None = None
    ) -> tuple[object, object]:
        """The answer from rollups, and the one from lines."""

        def figures(one: Question, scope: Scope) -> Select[Any]:
            return queries.figures(one, scope, self.settings)

        rolled, lines = (
            show.records(self.snapshot.fetch((ask or figures)(one, scope)))
            for one in (question, replace(question, from_lines=True))
        )
        return rolled, lines


def _asked(company: Company) -> Iterator[Asked]:
    hub = Hub(company.settings.warehouse)
    with hub.snapshot() as snapshot:
        yield Asked(snapshot, company.settings)
    hub.close()


@pytest.fixture(scope="module")
def dense(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    """A company in which every oddity happens often."""
    root = tmp_path_factory.mktemp("dense")
    (root / "inbox").mkdir()
    company = Company(Settings(warehouse=root / "warehouse", inbox=root / "inbox", secret="a key"))
    for feed, rows in dense_company(5).items():
        company.deliver(feed, *rows)
    assert company.load().version == 1
    yield from _asked(company)


def _summed(question: Question, scope: Scope) -> tuple[str, ...]:
    """The figures a question may ask for that rollups have a part in."""
    asked = [key for key in METRICS if has_meaning(replace(question, keys=(key,)))]
    return tuple(
        key for key in asked
        if any(rollup for part in METRICS[key].parts
               for rollup, _ in routed(SOURCES[part.source], [part], question, scope))
    )  # fmt: skip


def _check(
    asked: Asked, number: int, cut: tuple[str, ...], way: tuple[object, ...], part: slice
) -> None:
    """Some of the figures by one cut, asked one way; periods and filters go round."""
    compare, org, scope = way
    where = FILTERS[number % len(FILTERS)]
    if {name for name, _ in where} & set(cut):
        where = ()
    question = Question((), *PERIODS[number % len(PERIODS)], cut, where, compare, org)  # type: ignore[arg-type]
    keys = _summed(question, scope)[part]  # type: ignore[arg-type]
    if keys:
        rolled, lines = asked.both(replace(question, keys=keys), scope)  # type: ignore[arg-type]
        assert rolled == lines


@pytest.mark.parametrize("cut", CUTS, ids=",".join)
def test_rollups_answer_as_lines_do_by(dense: Asked, cut: tuple[str, ...]) -> None:
    number = CUTS.index(cut)
    _check(dense, number, cut, WAYS[number * 5 % len(WAYS)], slice(number % 3, None, 3))


@pytest.mark.long
@pytest.mark.parametrize("cut", CUTS, ids=",".join)
def test_rollups_answer_as_lines_do_any_way_by(dense: Asked, cut: tuple[str, ...]) -> None:
    for number, way in enumerate(WAYS):
        _check(dense, number, cut, way, slice(number % 3, None, 3))


OF_LINES = [key for key, metric in METRICS.items() if metric.parts[0].source == "lines"]


# Fee rates are a setting, which sums do not know.
@pytest.mark.parametrize("key", [key for key in OF_LINES if key != "payment_fee"])
def test_of_lines_everything_asked_of_stores_and_days_is_read_from_rollups(key: str) -> None:
    for cut in ((), ("day",), ("store",), ("region",), ("brand",), ("channel",), ("guide",)):
        question = Question((key,), *PERIODS[0], cut)
        for part in METRICS[key].parts:
            for rollup, _ in routed(SOURCES[part.source], [part], question, EVERYTHING):
                assert rollup is not None, (key, cut)


# By hand ---------------------------------------------------------------------------------------
def _hard() -> Mapping[str, Sequence[Row]]:
    """Days of March 2024; S1's day ends at 4 in the morning."""
    first = shops.USUAL["stores"][0] | {"day_cutoff_hour": "4"}
    return {
        "stores": [first, *shops.USUAL["stores"][1:]],
        "members": [
            member("M1"), member("M2"), member("M3", merged_into_member_id="M1"), member("M4"),
        ],
        "pos_sales": [
            # one receipt over two days: the second line after the day's end
            sale("R1", shops.at(5, "23:50"), "100.00", member_id="M1", guide_id="G1"),
            sale("R1", shops.at(6, "04:10"), "50.00", line_number=2, member_id="M1"),
            # the same number in two stores, and two brands on one
            sale("R2", shops.at(6), "80.00", member_id="M2", guide_id="G3"),
            sale("R2", shops.at(6), "70.00", store_id="S2", product_id="P2", guide_id="G2"),
            sale("R2", shops.at(6), "30.00", line_number=2, store_id="S2", guide_id="G2"),
            # two tenders, and split between guides
            sale("R3", shops.at(6), "60.00", tender="cash", member_id="M3", guide_id="G1"),
            sale("R3", shops.at(6), "40.00", line_number=2, tender="alipay", member_id="M3",
                 guide_shares="G1=0.5;G3=0.5"),
            # nothing but goods brought back
            sale("R4", shops.at(7), "-80.00", member_id="M4", original_receipt_id="R2"),
            # a day's last hours belong to the day before, here to the month before
            sale("R5", "2024-04-01 03:00", "10.00", member_id="M2"),
            sale("R6", "2024-02-29 22:00", "20.00", member_id="M1"),
        ],
        "online_orders": [
            order("O1", shops.at(6, "12:00"), "200.00", member_id="M1", origin_store_id="S1",
                  fulfilment="store_pickup", device="mobile"),
            order("O1", shops.at(6, "12:00"), "25.00", line_number=2, product_id="P2",
                  member_id="M1", origin_store_id="S1", fulfilment="store_pickup",
                  device="mobile"),
            order("O2", shops.at(8), "90.00", member_id="M2"),
        ],
        "refunds": [refund("O1", shops.at(9), "25.00", line_number=2)],
    }  # fmt: skip


@pytest.fixture(scope="module")
def hard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    """Receipts and persons that a careless sum counts twice."""
    yield from _asked(shops.opened(tmp_path_factory.mktemp("hard"), **_hard()))


def _figure(asked: Asked, key: str, first: int, last: int, **how: object) -> object:
    start, end = (date(2024, 3, day) for day in (first, last))
    question = Question((key,), start, end, **how)  # type: ignore[arg-type]
    rolled, lines = asked.both(question)
    assert rolled == lines
    found = rolled[0] if question.by == () else {row[question.by[0]]: row for row in rolled}  # type: ignore[index,attr-defined]
    return found[key] if question.by == () else {k: row[key] for k, row in found.items()}  # type: ignore[index,union-attr]


def test_a_receipt_over_two_days_counts_on_both_and_once_in_both_together(hard: Asked) -> None:
    assert _figure(hard, "receipts", 5, 5) == 1
    # R1, R2 of S1, R2 of S2, R3, O1
    assert _figure(hard, "receipts", 6, 6) == 5
    assert _figure(hard, "receipts", 5, 6) == 5
    by_day = _figure(hard, "receipts", 5, 6, by=("day",))
    assert by_day == {"2024-03-05": 1, "2024-03-06": 5}


def test_a_receipt_of_two_brands_counts_in_both_and_once_in_their_store(hard: Asked) -> None:
    # B: R2 of S2; the order's P2 has no brand of its own, so it is of its store's, A
    assert _figure(hard, "receipts", 6, 6, by=("brand",)) == {"A": 5, "B": 1}
    assert _figure(hard, "receipts", 6, 6, by=("store",)) == {"S1": 4, "S2": 1}


def test_a_split_receipt_counts_for_each_guide_and_once_in_all(hard: Asked) -> None:
    by_guide = _figure(hard, "guide_receipts", 6, 6, by=("guide",))
    assert by_guide == {"G1": 1, "G2": 1, "G3": 2, None: 0}
    # R2 of S1, R2 of S2, R3
    assert _figure(hard, "guide_receipts", 6, 6) == 3
    assert _figure(hard, "active_guides", 5, 6) == 3


def test_a_receipt_of_returns_only_is_no_receipt_and_its_member_no_buyer(hard: Asked) -> None:
    assert _figure(hard, "receipts", 7, 7) == 0
    assert _figure(hard, "buyers", 7, 7) == 0
    assert _figure(hard, "returns_amount", 7, 7) == "80.00"


def test_a_person_counts_once_whatever_days_stores_and_merged_rows(hard: Asked) -> None:
    # M1 (on three receipts and an order, once as M3) and M2 (a receipt, an order, R5 on the 31st)
    assert _figure(hard, "buyers", 1, 31) == 2
    assert _figure(hard, "buyers", 6, 6) == 2
    assert _figure(hard, "buyers", 7, 31) == 1
    assert _figure(hard, "repeat_rate", 1, 31) == 1.0


def test_hours_after_midnight_belong_to_the_month_before(hard: Asked) -> None:
    assert _figure(hard, "receipts", 31, 31) == 1
    assert _figure(hard, "receipts", 1, 4) == 0


def test_orders_picked_up_count_once_however_many_lines(hard: Asked) -> None:
    # O1 of O1 and O2
    assert _figure(hard, "pickup_share", 1, 31) == 0.5
    assert _figure(hard, "mobile_share", 1, 31) == 1.0


DISTINCT = ("receipts", "member_receipt_share", "guide_receipts", "active_guides", "buyers",
            "repeat_rate", "pickup_share", "mobile_share")  # fmt: skip
DAYS = st.dates(date(2023, 1, 10), date(2024, 3, 20))


@pytest.mark.parametrize("by", [(), ("region",), ("month",), ("store", "week")], ids=",".join)
def test_what_counts_once_does_so_over_any_period(dense: Asked, by: tuple[str, ...]) -> None:
    @settings(max_examples=4, deadline=None, derandomize=True, database=None,
              phases=[Phase.generate], suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(DAYS, st.integers(0, 200), st.sampled_from((None, "year", "prior")))
    def check(start: date, length: int, compare: str | None) -> None:
        end = start + timedelta(days=length)
        rolled, lines = dense.both(Question(DISTINCT, start, end, by, compare=compare))
        assert rolled == lines

    check()


@pytest.mark.parametrize("scope", [EVERYTHING, NORTH], ids=["all", "north"])
@pytest.mark.parametrize("where", FILTERS, ids=str)
def test_cohorts_and_rfm_are_the_same_from_rollups_as_from_lines(
    dense: Asked, where: tuple[tuple[str, tuple[str, ...]], ...], scope: Scope
) -> None:
    inside = tuple(pair for pair in where if pair[0] != "month")
    question = Question((), date(2023, 1, 1), PERIODS[0][1], (), inside)
    asked: list[Ask] = [cohorts.cohort_months, *(partial(_quintiles, cut) for cut in rfm.CUTS)]
    for ask in asked:
        rolled, lines = dense.both(question, replace(scope, personal_data=True), ask)
        assert rolled == lines
        assert rolled or scope is NORTH or inside


def _quintiles(cut: str, question: Question, scope: Scope) -> Select[Any]:
    return rfm.quintiles(question, cut, scope)


def test_every_rollup_is_asked(dense: Asked) -> None:
    used = {
        rollup.name
        for cut, (compare, org, scope), metric in product(CUTS, WAYS, METRICS.values())
        for part in metric.parts
        for rollup, _ in routed(
            SOURCES[part.source], [part],
            Question((metric.key,), *PERIODS[0], cut, (), compare, org), scope,  # type: ignore[arg-type]
        )
        if rollup
    }  # fmt: skip
    assert used == {rollup.name for rollup in ROLLUPS}


def test_bounds_are_the_first_and_last_day_with_a_sale(hard: Asked) -> None:
    found = answers.bounds(hard.snapshot, EVERYTHING)
    assert found == (date(2024, 2, 29), date(2024, 3, 31))


# Following loads -------------------------------------------------------------------------------
def _follow(loading: Loading, feeds: Mapping[str, Sequence[Row]]) -> None:
    """Load some rows; what follows them is what all rows give."""
    for feed, rows in feeds.items():
        if rows:
            loading.load(feed, *({name: str(cell) for name, cell in row.items()} for row in rows))
    assert loading.follow() is not None
    followed, rebuilt = loading.derived(), loading.rebuilt()
    assert {name: followed[name] for name in TABLES} == {name: rebuilt[name] for name in TABLES}


@pytest.mark.usefixtures("always_follow")
def test_rollups_follow_what_arrives_in_any_order() -> None:
    loading, feeds = Loading(), {**shops.USUAL, **_hard()}
    loading.follow()
    for first in (2, 1, 0):
        _follow(loading, {feed: rows[first::3] for feed, rows in feeds.items()})
    coat = shops.USUAL["products"][0]
    _follow(loading, {"products": [coat | {"cost": "55", "category": "capes"}]})
    loading.build.abandon()
