"""What happens when too much is asked at once: a limit, a wait, a sentence, and never a crash."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from opening import Open, said, shows_data
from sqlalchemy import func, select

from pages.ui import session
from warehouse import engine
from warehouse.engine import Hub, QueryTimeout, Snapshot
from warehouse.schema import CREDITED_LINES
from warehouse.turns import Busy, Turns

ENDLESS = "SELECT sum(one.range * other.range) FROM range(1000000) one, range(1000000) other"
BUSY = "This page tries again in a few seconds."
LINES = select(func.count()).select_from(CREDITED_LINES)


def test_whoever_comes_first_is_served_first_even_before_one_who_just_was() -> None:
    turns, served, arrived = Turns(1), list[int](), threading.Event()

    def wait(place: int) -> None:
        with turns.taken(10):
            served.append(place)

    waiting = [threading.Thread(target=wait, args=(place,)) for place in range(3)]
    with turns.taken(10):
        for place, one in enumerate(waiting, 1):
            one.start()
            while len(turns._waiting) < place:
                arrived.wait(0.001)
    with turns.taken(10):
        served.append(99)
    for one in waiting:
        one.join()
    assert served == [0, 1, 2, 99]


def test_a_query_too_many_waits_its_turn_and_then_says_it_is_busy(
    sample_warehouse: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "WAIT_SECONDS", 0.05)
    monkeypatch.setattr(engine, "QUERY_SECONDS", 0.5)
    hub = Hub(sample_warehouse)
    with hub.snapshot() as snapshot:
        running = [threading.Thread(target=_endless, args=(snapshot,))
                   for _ in range(engine.HEAVY_QUERIES)]  # fmt: skip
        for one in running:
            one.start()
        with pytest.raises(Busy, match="ask again in a moment"):
            _until_all_run(snapshot)
        for one in running:
            one.join()
        assert snapshot.fetch(LINES).item() > 0  # their places are free again
    hub.close()


def _endless(snapshot: Snapshot) -> None:
    with pytest.raises(QueryTimeout):
        snapshot.fetch_sql(ENDLESS, ())


def _until_all_run(snapshot: Snapshot) -> None:
    for _ in range(1000):
        snapshot.fetch_sql("SELECT 1", ())


def test_a_query_that_needs_more_memory_than_there_is_says_it_is_busy(
    sample_warehouse: Path,
) -> None:
    hub = Hub(sample_warehouse, memory="20MB")
    with hub.snapshot() as snapshot:
        with pytest.raises(Busy, match="memory"):
            snapshot.fetch_sql("SELECT list(hash(range)) FROM range(9000000)", ())
        assert snapshot.fetch(LINES).item() > 0
    hub.close()


def test_a_hub_takes_a_share_of_the_machines_memory(sample_warehouse: Path) -> None:
    def limit(memory: str) -> str:
        hub = Hub(sample_warehouse, memory)
        with hub.snapshot() as snapshot:
            found = snapshot.fetch_sql("SELECT current_setting('memory_limit')", ()).item()
        hub.close()
        return str(found)

    half, tenth = (_bytes(limit(share)) for share in ("50.0%", "10.0%"))
    assert half == pytest.approx(5 * tenth, rel=0.1)


def _bytes(text: str) -> float:
    number, unit = text.split()
    return float(number) * 1024 ** ["KiB", "MiB", "GiB", "TiB"].index(unit)


def test_a_busy_page_says_so_and_shows_its_figures_when_it_is_no_more(
    opened: Open, sample_warehouse: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited = _too_busy(monkeypatch, times=2)
    app = opened(sample_warehouse)
    assert waited == [session.RETRY_SECONDS] * 2
    assert shows_data(app) and not app.exception and BUSY not in said(app)


def test_a_page_that_stays_busy_gives_up_with_one_sentence(
    opened: Open, sample_warehouse: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited = _too_busy(monkeypatch, times=1_000_000)
    app = opened(sample_warehouse)
    assert len(waited) == session.RETRIES
    assert not app.exception and not shows_data(app)
    assert "choose a shorter period or fewer stores" in said(app)


def test_a_page_that_takes_too_long_says_what_to_choose(
    opened: Open, sample_warehouse: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _failing(monkeypatch, QueryTimeout("stopped"), times=1_000_000)
    app = opened(sample_warehouse)
    assert not app.exception and "This takes too long." in said(app)


def _too_busy(monkeypatch: pytest.MonkeyPatch, times: int) -> list[float]:
    """The first queries are refused; what is slept is told."""
    waited: list[float] = []
    monkeypatch.setattr(session, "sleep", waited.append)
    _failing(monkeypatch, Busy("ask again"), times)
    return waited


def _failing(monkeypatch: pytest.MonkeyPatch, error: Exception, times: int) -> None:
    session.st.cache_resource.clear()
    asked, left = Hub.query, [error] * min(times, 1000)

    def query(*arguments: object) -> object:
        if left:
            raise left.pop()
        return asked(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Hub, "query", query)
