"""Whom to call: what left its band, in which way and why; worked out by hand."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from reports import calls, formats
from reports.calls import Call


def _bands(*rows: tuple[str, float, float, bool]) -> pl.DataFrame:
    """Stores with their figure, how far out it is, and whether it is out; usual is 100 to 300."""
    return pl.DataFrame(
        [
            (store, Decimal(f"{value:.2f}"), Decimal(200), Decimal(100), Decimal(300), away, is_out)
            for store, value, away, is_out in rows
        ],
        schema=("store", "store_net_sales", "usual", "usual_low", "usual_high", "deviations",
                "is_out"),
        orient="row",
    )  # fmt: skip


def _told(value: float, receipts: int, before: float, receipts_before: int, away: float) -> str:
    """What is said of a store with this figure and these receipts, after eight weeks of those."""
    named = _bands(("S1", value, away, True)).with_columns(label=pl.lit("Shop"))
    now, then = (
        pl.DataFrame({"store": ["S1"], "store_net_sales": [sales], "receipts": [count]})
        for sales, count in ((value, receipts), (before, receipts_before))
    )
    (call,) = calls.of_bands("store", named, now, then)
    assert (call.dimension, call.value, call.label) == ("store", "S1", "Shop")
    return call.text


def test_those_below_their_band_come_first_and_most_money_first() -> None:
    """Of 200 as usual, D lacks 190 and B 110; A has 700 more and E, though further out, 200."""
    found = _bands(
        ("E", 400, 9.5, True), ("A", 900, 6.0, True), ("B", 90, -7.1, True),
        ("C", 200, 0.1, False), ("D", 10, -5.0, True),
    )  # fmt: skip
    assert calls.out(found, 3)["store"].to_list() == ["D", "B", "A"]
    assert calls.out(found, 9).height == 4


@pytest.mark.parametrize(
    ("value", "receipts", "before", "receipts_before", "away", "reason"),
    [
        # 8 weeks of 200 in 10 receipts each; now 80 in 4 receipts of the same 20.
        (80, 4, 1600, 80, -4.0, "Fewer receipts: 4, usually 10."),
        # As many receipts, of 8 each instead of 20.
        (80, 10, 1600, 80, -4.0, "Smaller receipts: ¥8 each, usually ¥20."),
        # Half the receipts (÷ 2), each a fifth smaller (÷ 1.25): the number matters more.
        (80, 5, 1600, 80, -4.0, "Fewer receipts: 5, usually 10."),
        (800, 40, 1600, 80, 4.0, "More receipts: 40, usually 10."),
        # Fewer receipts, yet far larger ones: what is above is told by what went up.
        (900, 9, 1600, 80, 4.0, "Larger receipts: ¥100 each, usually ¥20."),
        (0, 0, 1600, 80, -4.0, "Not one receipt."),
    ],
)
def test_the_reason_is_what_moved_the_figure_its_way_most(
    value: float, receipts: int, before: float, receipts_before: int, away: float, reason: str
) -> None:
    told = _told(value, receipts, before, receipts_before, away)
    way = "below" if away < 0 else "above"
    figure = formats.money(value)
    assert told == f"Store net sales {figure}, {way} its usual ¥100 – ¥300. {reason}"


def test_where_nothing_says_why_no_reason_is_given() -> None:
    assert _told(80, 4, 0, 0, -4.0) == "Store net sales ¥80, below its usual ¥100 – ¥300."
    assert _told(-5, 4, 1600, 80, -4.0).endswith("– ¥300.")
    # Above the median of eight weeks, though below their mean.
    assert _told(171, 9, 1600, 80, 3.2).endswith("– ¥300.")


def test_what_is_usual_is_told_by_the_eight_weeks_before() -> None:
    """The week from Monday 2 March 2026; eight weeks before begin on Monday 5 January."""
    assert calls.weeks_before(date(2026, 3, 2)) == (date(2026, 1, 5), date(2026, 3, 1))


def test_regions_far_behind_their_target_are_named_the_furthest_first() -> None:
    regions = pl.DataFrame({
        "region": ["N", "E", "S", "W", None], "label": ["North", "East", "South", "West", "None"],
        "target": [100.0, 200.0, 300.0, None, 50.0],
        "target_attainment": [0.85, 0.9, 0.5, None, 0.1],
    })  # fmt: skip
    found = calls.behind(regions, "region", "region", 5)
    assert [(call.value, call.text) for call in found] == [
        ("S", "50.0% of the target of ¥300 for these days."),
        ("N", "85.0% of the target of ¥100 for these days."),
    ]
    assert calls.behind(regions.drop("target_attainment"), "region", "region", 5) == []


@pytest.mark.parametrize(
    ("kinds", "title"),
    [
        ([], "Nobody to call: all is as usual"),
        (["store"], "Worth a call: 1 store"),
        (["feed", "store", "guide", "guide"], "Worth a call: 1 feed, 1 store, 2 guides"),
    ],
)
def test_a_title_counts_whom_to_call(kinds: list[str], title: str) -> None:
    assert calls.headline(Call(kind, "x", "X", "") for kind in kinds) == title


def test_a_file_gets_the_names_without_marks() -> None:
    rows: Any = calls.as_table([Call("store", "S1", r"A\*B", r"x \[y\]")]).rows()
    assert rows == [("Store", "A*B", "x [y]")]
