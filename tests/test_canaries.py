"""Random filters and links of a manager of one region, in a company with a canary in every other:
not a trace of a foreign store on pages, in files, options, totals and the words of errors."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from canaries import HUGE, Guarded, guarded, question, too_large
from conftest import SAMPLE_END, Company
from google.protobuf.message import Message
from opening import SCRIPTS, Open
from streamlit.testing.v1 import AppTest

from pages.ui import export
from reports import excel, texts
from reports.paper import Paper
from reports.view import NARROWED, listed
from warehouse import access, answers
from warehouse.access import EVERYTHING
from warehouse.dimensions import DIMENSIONS
from warehouse.engine import Snapshot
from warehouse.filters import Question, QuestionError
from warehouse.funnels import SHIPPED
from warehouse.metrics import METRICS

MANAGER = "manager@example.com"


@pytest.fixture(scope="module")
def east(sample_company: Company, tmp_path_factory: pytest.TempPathFactory) -> Guarded:
    return guarded(sample_company, tmp_path_factory.mktemp("canaries") / "east", "CN-E")


@pytest.fixture(scope="module")
def south(sample_company: Company, tmp_path_factory: pytest.TempPathFactory) -> Guarded:
    """The canary of the east is hidden here."""
    return guarded(sample_company, tmp_path_factory.mktemp("canaries") / "south", "CN-S")


def test_every_canary_is_there_for_who_may_see_it(east: Guarded) -> None:
    month = Question(("net_sales",), SAMPLE_END - timedelta(days=29), SAMPLE_END, ("store",))
    with east.company.stored() as snapshot:
        found = answers.answer(snapshot, month, EVERYTHING, east.company.settings)
        mine = answers.answer(snapshot, month, east.scope, east.company.settings)
    canaries = found.filter(pl.col("store").str.starts_with("CANARY"))
    assert sorted(canaries["store"]) == ["CANARY-CN-N-S", "CANARY-CN-S-S", "CANARY-CN-W-S"]
    assert canaries["net_sales"].min() >= HUGE  # type: ignore[operator]
    assert mine.height > 0
    assert len(east.foreign["store"]) > len(canaries)


def _typed(link: dict[str, str]) -> list[str]:
    """What a link names, which an answer may repeat."""
    return [value for name in NARROWED for value in listed(link.get(name, ""))]


# Questions ---------------------------------------------------------------------------------------
def _asked(
    of: Guarded, snapshot: Snapshot, link: dict[str, str], chance: random.Random
) -> Iterator[pl.DataFrame]:
    """What pages ask of the warehouse under a link, one kind of it."""
    by = chance.sample(sorted(DIMENSIONS), chance.randrange(3))
    key = chance.choice([*METRICS])
    settings, scope = of.company.settings, of.scope
    asked = question(link, key, by, compare=link["compare"], org=link["org"])
    match chance.randrange(7):
        case 0 | 1 | 2:
            yield answers.answer(snapshot, asked, scope, settings)
        case 3:
            name = chance.choice([*SHIPPED])
            plain = question(link, "scans", by[:1])
            yield answers.funnel(snapshot, name, plain, scope, settings, detail=True)
        case 4:
            yield answers.ranking(snapshot, question(link, key, ["store"]), scope, settings)
        case 5:
            yield answers.rfm(snapshot, question(link, key, []), "segment", scope)
            yield answers.cohorts(snapshot, question(link, key, []), scope)
        case _:
            plain = question(link, key, by[:1])
            yield answers.unidentified(snapshot, plain, scope, settings)
            yield answers.conservation(snapshot, plain.start, plain.end, scope, settings)


def _options(
    of: Guarded, snapshot: Snapshot, link: dict[str, str], chance: random.Random
) -> pl.DataFrame:
    dimension = chance.choice(sorted(DIMENSIONS))
    search = chance.choice(["", "CANARY", "HIDDEN", *of.foreign["store"]])
    where = tuple((name, listed(link[name])) for name in NARROWED if link.get(name))
    return answers.values(snapshot, dimension, of.scope, search=search, where=where, limit=500)


def _check_questions(of: Guarded, number: int, seed: int) -> None:
    with of.company.stored() as snapshot:
        _check_each(of, snapshot, islice(of.links(seed), number), random.Random(seed), number)


def _check_each(
    of: Guarded, snapshot: Snapshot, links: Iterable[dict[str, str]], chance: random.Random,
    number: int,
) -> None:  # fmt: skip
    answered = 0
    for link in links:
        typed = _typed(link)
        try:
            found = [*_asked(of, snapshot, link, chance)]
            answered += 1
        except QuestionError as error:
            assert not of.leaks(str(error), *typed), link
            found = []
        for frame in [*found, _options(of, snapshot, link, chance)]:
            cells = "\n".join(map(str, frame.select(pl.col(pl.String)).rows()))
            assert not of.leaks(cells), link
            assert not too_large(frame), link
    assert answered > number / 10


def test_no_question_of_another_regions_manager_meets_a_canary(east: Guarded) -> None:
    _check_questions(east, 120, seed=1)


@pytest.mark.long
def test_a_thousand_questions_of_other_regions_managers_meet_no_canary(
    east: Guarded, south: Guarded
) -> None:
    _check_questions(east, 500, seed=2)
    _check_questions(south, 500, seed=3)


# Pages and files ---------------------------------------------------------------------------------
@pytest.fixture
def papers(monkeypatch: pytest.MonkeyPatch) -> list[Paper]:
    """What the pages of this test could be downloaded as."""
    kept: list[Paper] = []
    monkeypatch.setattr(export, "_offer", kept.append)
    return kept


@pytest.fixture
def manage(opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Open a page as the manager of a region."""

    def open_page(of: Guarded, **link: str) -> AppTest:
        users = tmp_path / "users.toml"
        users.write_text(
            f'[users."{MANAGER}"]\nrole = "regional_manager"\nregions = ["{of.area}"]\n'
            '[users."chief@example.com"]\nrole = "executive"\n'
        )
        monkeypatch.setenv("GUIDEPOST_USERS", str(users))
        return opened(of.company.settings.warehouse, user=MANAGER, **link)

    yield open_page


def _shown(app: AppTest) -> str:
    """Everything that went to the browser."""
    protos = [getattr(node, "proto", None) for node in app._tree]
    sent = [proto.SerializeToString() for proto in protos if isinstance(proto, Message)]
    return "\n".join(one.decode("utf-8", "replace") for one in sent)


def _files(page: Paper, *makers: Any) -> str:
    """The text of what a page could be downloaded as."""
    told = []
    for make in makers:
        with zipfile.ZipFile(io.BytesIO(make(page))) as archive:
            told += [archive.read(name).decode("utf-8", "replace") for name in archive.namelist()]
    return "\n".join(told)


def _check_pages(of: Guarded, number: int, seed: int, manage: Any, papers: list[Paper]) -> None:
    chance = random.Random(seed)
    pages = [name for name in SCRIPTS if name in access.PAGES["regional_manager"]]
    app = manage(of)
    for turn, link in enumerate(islice(of.links(seed), number)):
        if turn % 10 == 9:
            app = manage(of, **link)  # by its address, on a session of its own
        for name in ("period", "from", "to", "compare", "org", *NARROWED):
            app.session_state[name] = link.get(name, "")
        app.switch_page(SCRIPTS[pages[turn % len(pages)]])
        papers.clear()
        app.run()
        made = excel.made if chance.random() < 0.1 else texts.made
        _check_page(of, app, link, papers, made)


def _check_page(
    of: Guarded, app: AppTest, link: dict[str, str], papers: list[Paper], made: Any
) -> None:
    typed = _typed(link)
    assert not app.exception, link
    assert not app.error, link
    told = [value.replace("%", "%25") for value in typed]
    assert not of.leaks(_shown(app), *typed, *told), link
    for table in app.dataframe:
        assert not too_large(pl.from_pandas(table.value.reset_index(drop=True))), link
    for page in papers:
        assert not of.leaks(_files(page, made), *typed), link


def test_no_page_or_file_of_another_regions_manager_holds_a_canary(
    east: Guarded, manage: Any, papers: list[Paper]
) -> None:
    _check_pages(east, 14, 4, manage, papers)


@pytest.mark.long
def test_no_page_or_file_of_many_links_holds_a_canary(
    east: Guarded, south: Guarded, manage: Any, papers: list[Paper]
) -> None:
    _check_pages(east, 500, 5, manage, papers)
    _check_pages(south, 500, 6, manage, papers)


def test_a_canary_would_be_noticed(east: Guarded, manage: Any, opened: Open) -> None:
    """The same page, of somebody who may see canaries."""
    manage(east)
    app = opened(east.company.settings.warehouse, "stores", user="chief@example.com")
    assert east.leaks(_shown(app)) >= {"HIDDEN"}
