"""Rankings: intervals and rank ranges worked out by hand, what always holds, and how often."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from random import Random
from typing import Any

import polars as pl
import pytest
from cli import environment
from click.testing import CliRunner
from conftest import Company
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle.sample import sale, store
from shops import at, opened

from warehouse import answers, show
from warehouse.__main__ import main
from warehouse.access import EVERYTHING, Scope
from warehouse.engine import reading
from warehouse.filters import Question, QuestionError
from warehouse.metrics import METRICS
from warehouse.parts import ACTIVE_GUIDES
from warehouse.queries import sums
from warehouse.rankings import planned, ranked, student

START = date(2024, 3, 1)
END = date(2024, 3, 31)
Days = Sequence[tuple[float, float]]


def _question(key: str, *by: str) -> Question:
    return Question((key,), START, END, by=by)


# A shop by hand ----------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """S1 sells on three days, S2 on one, S3 on two; S4 is not known yet."""
    return opened(
        tmp_path_factory.mktemp("ranked"),
        stores=[
            store("S1", "A", "R1", selling_area_sqm="10"),
            store("S2", "A", "R1"),
            store("S3", "A", "R1"),
        ],
        pos_sales=[
            sale("a", at(2), "10.00"),
            sale("b", at(3), "10.00"),
            sale("c", at(3), "30.00"),
            sale("d", at(4), "40.00"),
            sale("e", at(3), "5.00", store_id="S2"),
            sale("f", at(2), "100.00", store_id="S3"),
            sale("g", at(5), "101.00", store_id="S3"),
            sale("h", at(3), "7.00", store_id="S4"),
        ],
    )


def _ranking(of: Company, key: str, scope: Scope = EVERYTHING) -> dict[str, dict[str, Any]]:
    with of.reading() as snapshot:
        frame = answers.ranking(snapshot, _question(key, "store"), scope, of.settings)
    return {row["store"]: row for row in show.records(frame)}


def test_an_average_varies_as_its_days_do(shop: Company) -> None:
    # S1: 10, 40 and 40 on 1, 2 and 1 receipts: 90 ÷ 4 = 22.50. What a day has beyond that for its
    # receipts: −12.5, −5, 17.5; squares 156.25 + 25 + 306.25 = 487.5; × 3/2 ÷ 4² = 45.703125, of
    # which the root is 6.7604. Student's t of 2 degrees: 2.9200. 22.50 ± 19.7403.
    # S3: 100 and 101, a receipt each: ±0.5; squares 0.5; × 2/1 ÷ 2² = 0.25; root 0.5; t of one
    # degree 6.3138: 100.50 ± 3.1569. S2 has one day, so nothing is seen to vary.
    rows = _ranking(shop, "average_receipt_value")
    ends = {
        name: (row["average_receipt_value_low"], row["average_receipt_value_high"])
        for name, row in rows.items()
    }
    assert ends["S1"] == pytest.approx((2.7597, 42.2403), abs=1e-4)
    assert ends["S3"] == pytest.approx((97.3431, 103.6569), abs=1e-4)
    assert ends["S2"] == (None, None)


def test_ranks_are_sure_only_where_intervals_for_all_at_once_do_not_meet(shop: Company) -> None:
    # Two stores have an interval, so each gets √0.9 = 0.9487: t of 2 degrees is 4.24, of one 12.38.
    # S1 22.5 + 4.24 × 6.7604 = 51.2 stays below S3's 100.5 − 12.38 × 0.5 = 94.3. S2 may be
    # anywhere.
    rows = _ranking(shop, "average_receipt_value")
    places = {name: (row["rank"], row["rank_low"], row["rank_high"]) for name, row in rows.items()}
    assert places == {
        "S3": (1, 1, 2), "S1": (2, 2, 3), "S2": (3, 1, 3), "unassigned": (None, None, None),
    }  # fmt: skip
    assert list(rows) == ["S3", "S1", "S2", "unassigned"]


def test_a_sum_counts_days_without_anything(shop: Company) -> None:
    # From the 2nd to the 5th S1 has 10, 40, 40 and 0: 22.5 a day; squares 156.25 + 306.25 + 306.25
    # + 506.25 = 1275; × 4/3 = 1700, of which the root is 41.2311; t of 3 degrees 2.3534: ± 97.03.
    # No day is below 0, so neither is the interval.
    row = _ranking(shop, "net_sales")["S1"]
    assert (row["net_sales"], row["net_sales_low"], row["net_sales_high"]) == (
        "90.00", "0.00", "187.03",
    )  # fmt: skip


def test_a_sum_over_what_stands_still_varies_as_the_sum(shop: Company) -> None:
    row = _ranking(shop, "sales_per_sqm")["S1"]  # 90.00 and 187.03 on 10 m²
    assert row["sales_per_sqm"] == 9.0
    assert row["sales_per_sqm_high"] == pytest.approx(18.703, abs=1e-3)


def test_fewer_than_seven_days_are_a_small_sample(shop: Company) -> None:
    assert all(row["is_small_sample"] for row in _ranking(shop, "average_receipt_value").values())


def test_a_viewer_ranks_among_what_they_see(shop: Company) -> None:
    rows = _ranking(shop, "average_receipt_value", Scope(stores=frozenset({"S1"})))
    assert [(name, row["rank"], row["rank_high"]) for name, row in rows.items()] == [("S1", 1, 1)]
    assert _ranking(shop, "average_receipt_value", Scope()) == {}


# Tables by hand ----------------------------------------------------------------------------------
def _table(key: str, units: Mapping[str, Days], order: Random | None = None) -> pl.DataFrame:
    """A ranking of units from what is added up a day, and what it is divided by."""
    plan = planned(METRICS[key], _question(key, "store"))
    found = [{"store": unit, **_added_up(days, plan.of_days)} for unit, days in units.items()]
    values = [(unit, _quotient(days)) for unit, days in units.items()]
    if order:
        order.shuffle(found)
        order.shuffle(values)
    answer = pl.DataFrame(values, schema={"store": pl.String, key: pl.Float64}, orient="row")
    return ranked(answer, pl.DataFrame(found), plan)


def _quotient(days: Days) -> float | None:
    whole = sum(x for _, x in days)
    return sum(y for y, _ in days) / whole if whole else None


def _added_up(days: Days, of_days: bool) -> dict[str, Any]:
    """As `rankings.evidence` selects it."""
    whole = sum(int(x) for _, x in days)
    if not of_days:
        return {"bottom": float(whole), "things": float(whole)}
    return {
        "days": len(days), "first_day": "2024-03-01", "last_day": f"2024-03-{len(days):02}",
        "top": float(sum(y for y, _ in days)), "bottom": float(whole), "things": float(whole),
        "top_top": float(sum(y * y for y, _ in days)),
        "top_bottom": float(sum(y * x for y, x in days)),
        "bottom_bottom": float(sum(x * x for _, x in days)),
        "least_top": float(min(y for y, _ in days)), "least_bottom": float(min(x for _, x in days)),
        "least_rest": float(min(x - y for y, x in days)),
    }  # fmt: skip


def _rows(frame: pl.DataFrame) -> dict[str, dict[str, Any]]:
    return {row["store"]: row for row in frame.to_dicts()}


def test_a_share_of_persons_has_wilsons_interval() -> None:
    # 2 of 5, z = 1.644854, z² = 2.705543: the middle is (0.4 + 2.705543/10) ÷ (1 + 2.705543/5)
    # = 0.435112, half the width 1.644854 ÷ 1.541109 × √(0.4 × 0.6 ÷ 5 + 2.705543/100) = 0.292405.
    rows = _rows(_table("repeat_rate", {"A": [(2, 5)], "B": [(0, 40)]}))
    ends = rows["A"]["repeat_rate_low"], rows["A"]["repeat_rate_high"]
    assert ends == pytest.approx((0.142706, 0.727517), abs=1e-6)
    # None of 40: from 0 to 2.705543 ÷ 42.705543.
    ends = rows["B"]["repeat_rate_low"], rows["B"]["repeat_rate_high"]
    assert ends == pytest.approx((0, 0.063354), abs=1e-6)
    assert [rows[name]["is_small_sample"] for name in "AB"] == [True, False]


def test_ties_share_the_better_rank_and_a_unit_without_a_value_has_none() -> None:
    rows = _rows(_table("units_per_receipt", {
        "A": [(3, 1), (1, 1)], "B": [(4, 2), (4, 2)], "C": [(1, 1), (1, 1)], "D": [(0, 0), (0, 0)],
    }))  # fmt: skip
    assert {name: row["rank"] for name, row in rows.items()} == {"A": 1, "B": 1, "C": 3, "D": None}
    # B and C never vary, so nobody is told apart from them.
    assert [rows[name]["rank_low"] for name in "ABCD"] == [1, 1, 1, None]
    assert [rows[name]["rank_high"] for name in "ABCD"] == [3, 3, 3, None]


def test_of_returns_the_lowest_rate_is_the_best() -> None:
    steady = [(9, 100), (11, 100)] * 10
    rows = _rows(_table("return_rate", {"A": [(y * 4, x) for y, x in steady], "B": steady}))
    assert [(rows[name]["rank_low"], rows[name]["rank_high"]) for name in "AB"] == [(2, 2), (1, 1)]


def test_a_part_of_a_whole_stays_between_0_and_1() -> None:
    rows = _rows(
        _table("return_rate", {"A": [(0, 50), (0, 50), (9, 50)], "B": [(50, 50), (40, 50)]})
    )
    assert rows["A"]["return_rate_low"] == 0.0
    assert rows["B"]["return_rate_high"] == 1.0


def test_students_t_is_that_of_the_tables() -> None:
    # Two-sided 90 % and 99 %.
    assert [round(student(n, 0.9), 4) for n in (1, 2, 4, 10, 29, 120)] == [
        6.3138, 2.9200, 2.1318, 1.8125, 1.6991, 1.6577,
    ]  # fmt: skip
    assert [round(student(n, 0.99), 3) for n in (1, 5, 30)] == [63.657, 4.032, 2.750]


# What always holds -------------------------------------------------------------------------------
DAY = st.tuples(st.integers(-20, 100), st.integers(0, 9))
UNITS = st.dictionaries(st.sampled_from("ABCDE"), st.lists(DAY, min_size=1, max_size=8), min_size=1)


@settings(deadline=None)
@given(UNITS)
def test_an_interval_holds_its_value_and_a_range_its_rank(units: Mapping[str, Days]) -> None:
    for row in _table("average_receipt_value", units).to_dicts():
        value, low, high = (row[f"average_receipt_value{end}"] for end in ("", "_low", "_high"))
        assert (row["rank"] is None) == (value is None)
        if value is not None:
            assert 1 <= row["rank_low"] <= row["rank"] <= row["rank_high"] <= len(units)
        if low is not None:
            assert low <= value <= high


@settings(deadline=None)
@given(UNITS, st.integers(0, 1000))
def test_the_order_of_rows_changes_nothing(units: Mapping[str, Days], seed: int) -> None:
    before = _table("average_receipt_value", units)
    assert before.equals(_table("average_receipt_value", units, Random(seed)))


@settings(deadline=None)
@given(st.lists(DAY, min_size=2, max_size=8))
def test_more_days_of_the_same_kind_make_an_interval_narrower(days: Days) -> None:
    (once,), (twice,) = (
        _table("average_receipt_value", {"A": kind}).to_dicts() for kind in (days, [*days, *days])
    )
    low, high = "average_receipt_value_low", "average_receipt_value_high"
    if once[low] is not None:
        assert twice[low] >= once[low]
        assert twice[high] < once[high]


# How often ---------------------------------------------------------------------------------------
def _drawn(random: Random, mean: float, days: int) -> Days:
    """Receipts of 40 % spread around a mean that itself is better or worse by the day."""
    drawn = []
    for _ in range(days):
        receipts, weather = random.randint(4, 16), random.uniform(0.8, 1.2)
        amounts = (random.gauss(mean, 0.4 * mean) * weather for _ in range(receipts))
        drawn.append((sum(amounts), receipts))
    return drawn


def test_nine_of_ten_intervals_hold_the_truth() -> None:
    random = Random(20)
    frame = _table("average_receipt_value", {str(n): _drawn(random, 100, 21) for n in range(1500)})
    low, high = pl.col("average_receipt_value_low"), pl.col("average_receipt_value_high")
    held = frame.select(((low <= 100) & (high >= 100)).mean()).item()
    assert 0.88 <= held <= 0.92


def test_all_ranges_of_a_table_hold_the_true_ranks_in_nine_of_ten_tables() -> None:
    random, means = Random(21), {"A": 115.0, "B": 105.0, "C": 100.0, "D": 95.0, "E": 70.0}
    held = told_apart = 0
    for _ in range(60):
        rows = _rows(
            _table("average_receipt_value", {u: _drawn(random, m, 14) for u, m in means.items()})
        )
        held += all(
            rows[unit]["rank_low"] <= place <= rows[unit]["rank_high"]
            for place, unit in enumerate(means, start=1)
        )
        told_apart += rows["E"]["rank_low"] == 5
    assert held >= 0.9 * 60
    assert told_apart > 0.5 * 60


# Every figure ------------------------------------------------------------------------------------
REFUSED = {"active_guides", "active_members", "buyers", "members", "purchase_frequency",
           "spend_per_buyer", "target"}  # fmt: skip


def test_every_figure_is_ranked_or_says_why_not() -> None:
    refused = set()
    for key, metric in METRICS.items():
        try:
            planned(metric, _question(key, "store"))
        except QuestionError as error:
            refused.add(key)
            assert "cannot be ranked" in str(error)
    assert refused == REFUSED


def test_a_ranking_shows_the_figures_of_the_answer(sample_company: Company) -> None:
    period, settings = (date(2025, 10, 1), date(2025, 11, 20)), sample_company.settings
    with reading(settings.warehouse) as snapshot:
        for key in METRICS.keys() - REFUSED:
            asked = Question((key,), *period, ("store",))
            plain = answers.answer(snapshot, asked, EVERYTHING, settings)
            sure = answers.ranking(snapshot, asked, EVERYTHING, settings)
            assert sure.select(plain.columns).sort("store", nulls_last=True).equals(plain), key
            assert sure["rank"].drop_nulls().is_sorted(), key


def test_a_sample_is_counted_in_things_and_never_in_amounts(sample_company: Company) -> None:
    settings = sample_company.settings
    with reading(settings.warehouse) as snapshot:
        for key in METRICS.keys() - REFUSED:
            plan = planned(METRICS[key], _question(key, "store"))
            kinds = snapshot.fetch(sums(plan.asked, plan.parts, EVERYTHING, settings)).schema
            for part in (*METRICS[key].denominator, *([plan.things] if plan.things else [])):
                kind = kinds[part.name]
                counts = kind.is_integer() or (isinstance(kind, pl.Decimal) and kind.scale == 0)
                assert counts == (part is plan.things or part is ACTIVE_GUIDES), (key, part.name)


@pytest.mark.parametrize(
    ("by", "why"),
    [((), "add --by store"), (("month",), "by month"), (("store", "day"), "by day")],
)
def test_what_has_nothing_to_rank_is_refused(by: tuple[str, ...], why: str) -> None:
    with pytest.raises(QuestionError, match=why):
        planned(METRICS["net_sales"], _question("net_sales", *by))


# Command line ------------------------------------------------------------------------------------
def _asked(of: Company, *arguments: str) -> Any:
    period = ("--from", START.isoformat(), "--to", END.isoformat())
    return CliRunner().invoke(main, ["query", *arguments, *period], env=environment(of))


def test_the_command_line_ranks_when_asked_to(shop: Company) -> None:
    result = _asked(shop, "net_sales,receipts", "--by", "store", "--rank", "--format", "json")
    rows = json.loads(result.stdout)
    assert list(rows[0]) == [
        "store", "net_sales", "receipts", "net_sales_low", "net_sales_high", "rank", "rank_low",
        "rank_high", "is_small_sample",
    ]  # fmt: skip
    assert [row["store"] for row in rows] == ["S3", "S1", "S2", "unassigned"]
    assert [type(value) for value in list(rows[0].values())[3:]] == [str, str, int, int, int, bool]
    plain = json.loads(_asked(shop, "net_sales", "--by", "store", "--format", "json").stdout)
    assert list(plain[0]) == ["store", "net_sales"]


def test_the_command_line_says_why_it_cannot_rank(shop: Company) -> None:
    result = _asked(shop, "spend_per_buyer", "--by", "store", "--rank")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("spend_per_buyer cannot be ranked: a person who comes")
