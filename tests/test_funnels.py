"""Funnels over a random company: the product beside the oracle, and what always holds."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

import oracle
import pytest
from cli import environment
from click.testing import CliRunner
from conftest import Company
from oracle.sample import USUAL, Row, guide, member, order, sale, store, touch
from shops import deliver, opened
from sqlalchemy import select

from etl import funnels, publish
from warehouse import answers, show
from warehouse.__main__ import main
from warehouse.access import EVERYTHING, NOTHING, Scope
from warehouse.engine import Hub, Snapshot
from warehouse.filters import Question, QuestionError
from warehouse.funnels import EVENTS, SHIPPED, window_of
from warehouse.schema import COUPON_USES, FUNNEL_ENTRIES

DAYS = (date(2024, 3, 1), date(2024, 5, 31))
STORES = ("S1", "S2", "S3", "S9")
MEMBERS = tuple(f"M{number}" for number in range(1, 31))
VISITORS = tuple(f"V{number}" for number in range(1, 16))
COUPONS = tuple(f"C{number}" for number in range(1, 13))
BY = ("store", "region", "top_region", "brand", "guide", "campaign", "city", "site", "week", None)


# A company in which people meet stores, coupons and each other often -----------------------------
def happened(chance: Random) -> Mapping[str, Sequence[Row]]:
    """Half a year of events at few hours, so that many are at one time."""
    touches = [_touch(chance, number) for number in range(900)]
    return {
        "stores": [*USUAL["stores"], store("S3", "A", "R2", city="Wuhan", day_cutoff_hour="4"),
                   store("S1", "B", "R2", valid_from="2024-04-01", site="mall")],
        "guides": [*USUAL["guides"], guide("G4", "S3")],
        "campaigns": [{"campaign_id": "K1", "campaign_name": "one"}
                      | {"starts_on": "2024-03-01", "ends_on": "2024-05-31"}],
        "members": [_member(chance, number) for number, _ in enumerate(MEMBERS)],
        "touchpoints": touches,
        "pos_sales": [line for number in range(300) for line in _receipt(chance, number)],
        "online_orders": [_order(chance, number) for number in range(250)],
    }  # fmt: skip


def _moment(chance: Random, days: int = 150) -> str:
    start = datetime(2024, 2, 15) + timedelta(days=chance.randrange(days))
    return (start + timedelta(hours=chance.choice((2, 10, 18, 23)))).isoformat()


def _one(chance: Random, among: Sequence[str], empty: float = 0.0) -> str:
    return "" if chance.random() < empty else chance.choice(among)


def _touch(chance: Random, number: int) -> Row:
    who = _one(chance, MEMBERS, empty=0.4)
    return touch(
        f"{chance.randrange(1000)}-{number}", _moment(chance), chance.choice(EVENTS),
        member_id=who, visitor_id="" if who else chance.choice(VISITORS),
        store_id=_one(chance, STORES, empty=0.2), guide_id=_one(chance, ("G1", "G2", "G9"), 0.5),
        campaign_id=_one(chance, ("K1", "K9"), 0.5), coupon_id=_one(chance, COUPONS, empty=0.2),
    )  # fmt: skip


def _member(chance: Random, number: int) -> Row:
    merged = MEMBERS[number // 2] if number and chance.random() < 0.15 else ""
    named = VISITORS[number % 20] if number % 20 < 12 else ""
    return member(MEMBERS[number], _moment(chance), visitor_id=named, merged_into_member_id=merged)


def _receipt(chance: Random, number: int) -> Iterator[Row]:
    at = _moment(chance)
    for line in range(1, chance.choice((2, 2, 3))):
        yield sale(
            f"R{number}", at, chance.choice(("5.00", "5.00", "5.00", "-5.00")), line_number=line,
            store_id=STORES[number % 3], member_id=_one(chance, MEMBERS, empty=0.4),
            coupon_id=_one(chance, COUPONS, empty=0.5),
        )  # fmt: skip


def _order(chance: Random, number: int) -> Row:
    at = datetime.fromisoformat(_moment(chance))
    paid = at + timedelta(hours=chance.choice((0, 24, 400)))
    who = _one(chance, MEMBERS, empty=0.3)
    return order(
        f"O{number}", at.isoformat(), "7.00", member_id=who,
        visitor_id="" if who else _one(chance, VISITORS, empty=0.2),
        paid_at=_one(chance, (paid.isoformat(),), empty=0.2),
        fulfilled_at=_one(chance, ((paid + timedelta(days=2)).isoformat(),), empty=0.4),
        cancelled_at=_one(chance, ((paid + timedelta(days=3)).isoformat(),), empty=0.8),
        coupon_id=_one(chance, COUPONS, empty=0.7), origin_store_id=_one(chance, STORES, 0.6),
    )  # fmt: skip


# Asked ------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Asked:
    """The company as the product and as the oracle know it."""

    company: Company
    snapshot: Snapshot
    known: oracle.Company

    def funnel(self, name: str, by: str | None, window: str | None = None, **how: Any) -> Any:
        """Rows of the product."""
        question = Question((), *DAYS, by=(by,) if by else (), where=how.pop("where", ()))
        span = window_of(window) if window else None
        settings = self.company.settings
        return show.records(
            answers.funnel(self.snapshot, name, question, EVERYTHING, settings, window=span, **how)
        )


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    """A company loaded in two parts, the second small enough to be followed."""
    feeds = happened(Random(7))
    first = {feed: rows[: -len(rows) // 12] for feed, rows in feeds.items()}
    company = opened(tmp_path_factory.mktemp("asked"), **first)
    deliver(company, **{feed: rows[len(first[feed]) :] for feed, rows in feeds.items()})
    hub = Hub(company.settings.warehouse)
    with hub.snapshot() as snapshot:
        yield Asked(company, snapshot, oracle.load(company.settings.inbox))
    hub.close()


def _same(mine: Any, theirs: Any) -> bool:
    """Texts and counts alike, other numbers to a billionth."""
    if isinstance(mine, float) and isinstance(theirs, float):
        return mine == pytest.approx(theirs, rel=1e-9)
    return type(mine) is type(theirs) and bool(mine == theirs)


def assert_same(mine: list[dict[str, Any]], theirs: list[dict[str, Any]]) -> None:
    assert [list(row) for row in mine] == [list(row) for row in theirs]
    for one, other in zip(mine, theirs, strict=True):
        assert [(key, one[key], other[key]) for key in one if not _same(one[key], other[key])] == []


@pytest.mark.parametrize("name", SHIPPED)
def test_product_and_oracle_count_alike(asked: Asked, name: str) -> None:
    for number, by in enumerate(BY):
        how: dict[str, Any] = {"detail": True, "with_immature": number % 2 == 1}
        mine = asked.funnel(name, by, **how)
        assert mine, by
        assert_same(mine, oracle.funnel(asked.known, name, *DAYS, by=by, **how))


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("window", ["36h", "7d", "30d"])
def test_product_and_oracle_count_alike_in_other_windows(
    asked: Asked, name: str, window: str
) -> None:
    mine = asked.funnel(name, "store", window)
    assert_same(mine, oracle.funnel(asked.known, name, *DAYS, by="store", window=window))


@pytest.mark.parametrize("where", [("region", ("R1",)), ("campaign", ("K1",)), ("guide", ("G1",))])
def test_product_and_oracle_narrow_alike(asked: Asked, where: tuple[str, tuple[str, ...]]) -> None:
    for name in SHIPPED:
        mine = asked.funnel(name, "week", where=(where,))
        theirs = oracle.funnel(asked.known, name, *DAYS, by="week", where={where[0]: where[1]})
        assert_same(mine, theirs)


# What always holds ------------------------------------------------------------------------------
def test_entries_are_the_same_when_persons_are_followed_some_at_a_time(
    asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(funnels, "EVENTS_AT_ONCE", 100)
    settings = asked.company.settings
    with publish.building(settings.warehouse) as (_, build):
        tables = (FUNNEL_ENTRIES, COUPON_USES)
        all_at_once = [sorted(build.fetch(select(one)).rows(), key=repr) for one in tables]
        funnels.derive_funnels(build, settings.timezone, None)
        assert [sorted(build.fetch(select(one)).rows(), key=repr) for one in tables] == all_at_once


@pytest.mark.parametrize("name", SHIPPED)
def test_stores_add_up_to_regions_and_brands(asked: Asked, name: str) -> None:
    counts = ("entries", "immature", *(step.name for step in SHIPPED[name].steps))
    total = asked.funnel(name, None)[0]
    for by in ("store", "region", "brand", "guide", "campaign", "week", "city"):
        rows = asked.funnel(name, by)
        assert {key: sum(row[key] for row in rows) for key in counts} == {
            key: total[key] for key in counts
        }, by


@pytest.mark.parametrize("name", SHIPPED)
def test_no_step_has_more_than_the_one_before(asked: Asked, name: str) -> None:
    funnel = SHIPPED[name]
    for row in asked.funnel(name, "store", detail=True):
        for step in funnel.steps:
            before = funnel.before(step)
            assert row[step.name] <= row[before.name if before else "entries"]
            assert row[f"{step.name}_rate"] is None or 0 <= row[f"{step.name}_rate"] <= 1


def test_no_more_orders_are_paid_in_the_funnel_than_at_all(asked: Asked) -> None:
    row = asked.funnel("scan_to_order", None, with_immature=True)[0]
    last = DAYS[1] + SHIPPED["scan_to_order"].window
    days = (DAYS[0].isoformat(), last.isoformat())
    orders = asked.company.ask("receipts", *days, by=["channel"])
    paid = {one["channel"]: one["receipts"] for one in orders}
    assert 0 < row["paid"] <= paid["mini_program"]


# Who is known -----------------------------------------------------------------------------------
def test_what_has_no_person_is_counted_apart(asked: Asked) -> None:
    for by in (None, "store", "region", "week"):
        question = Question((), *DAYS, by=(by,) if by else ())
        frame = answers.unidentified(asked.snapshot, question, EVERYTHING, asked.company.settings)
        rows = show.records(frame)
        assert_same(rows, oracle.unidentified(asked.known, *DAYS, by=by))
        for row in rows:
            assert row["total"] == row["members"] + row["visitors"] + row["unidentified"]


def test_guides_of_receipts_are_not_told(asked: Asked) -> None:
    question = Question((), *DAYS, by=("guide",))
    with pytest.raises(QuestionError, match="receipts, orders and events have no guide"):
        answers.unidentified(asked.snapshot, question, EVERYTHING, asked.company.settings)


# Windows ----------------------------------------------------------------------------------------
def test_windows_stand_beside_each_other_with_funnel_and_credit(asked: Asked) -> None:
    question = Question((), *DAYS)
    settings = asked.company.settings
    rows = show.records(
        answers.windows(asked.snapshot, (1, 7, 14, 30), question, EVERYTHING, settings)
    )
    assert [row["window"] for row in rows] == ["1d", "7d", "14d", "30d"]
    rules = [key for key in rows[0] if key.startswith("orders_")]
    for row in rows:
        (funnel,) = asked.funnel("scan_to_order", None, row["window"])
        assert {key: row[key] for key in funnel} == funnel
        assert sum(row[rule] for rule in rules) == sum(rows[0][rule] for rule in rules)
    touched = [row["orders_recent_touch"] for row in rows]
    assert touched == sorted(touched) and touched[0] < touched[-1]
    now = asked.company.ask("credited_net_sales", *(day.isoformat() for day in DAYS))
    assert rows[2]["credited_net_sales"] == now[0]["credited_net_sales"]


def test_windows_by_store_add_up(asked: Asked) -> None:
    settings = asked.company.settings
    both = [
        show.records(answers.windows(asked.snapshot, (7,), question, EVERYTHING, settings))
        for question in (Question((), *DAYS), Question((), *DAYS, by=("store",)))
    ]
    for key in ("entries", "paid", "orders_recent_touch", "orders_uncredited"):
        assert both[0][0][key] == sum(row[key] for row in both[1])


# Commands and scopes -----------------------------------------------------------------------------
def test_a_scope_sees_what_happened_in_its_stores_only(asked: Asked) -> None:
    settings, snapshot = asked.company.settings, asked.snapshot
    question, mine = Question((), *DAYS, by=("store",)), Scope(stores=frozenset({"S2"}))
    for scope, stores in ((mine, {"S2"}), (NOTHING, set())):
        frames = (
            answers.unidentified(snapshot, question, scope, settings),
            answers.windows(snapshot, (7,), question, scope, settings),
            *(answers.funnel(snapshot, name, question, scope, settings) for name in SHIPPED),
        )
        assert [set(frame["store"]) for frame in frames] == [stores] * len(frames)


def test_commands_print_what_the_answers_are(asked: Asked) -> None:
    days = ["--from", DAYS[0].isoformat(), "--to", DAYS[1].isoformat(), "--format", "json"]
    env = environment(asked.company)

    def printed(*arguments: str) -> list[dict[str, Any]]:
        result = CliRunner().invoke(main, [*arguments, *days], env=env)
        assert result.exit_code == 0, result.output
        rows: list[dict[str, Any]] = json.loads(result.output)
        return rows

    funnel = printed("funnel", "join_to_repeat", "--detail", "--by", "week")
    assert funnel == asked.funnel("join_to_repeat", "week", detail=True)
    assert printed("unidentified") == oracle.unidentified(asked.known, *DAYS)
    assert [row["window"] for row in printed("whatif", "--windows", "1d,30d")] == ["1d", "30d"]


@pytest.mark.parametrize("options", [(), ("--policy", "linear", "--windows", "7d")])
def test_whatif_asks_for_a_policy_or_for_windows(asked: Asked, options: Sequence[str]) -> None:
    days = ("--from", "2024-03-01", "--to", "2024-03-31")
    result = CliRunner().invoke(main, ["whatif", *options, *days], env=environment(asked.company))
    assert (result.exit_code, result.output) == (1, "give either --policy or --windows\n")
