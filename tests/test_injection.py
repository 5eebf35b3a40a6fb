"""Two hundred strings that attack something, in every filter and every name of a link: each is
answered like any other text that nobody knows."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from conftest import SAMPLE_END
from opening import Open, said
from streamlit.testing.v1 import AppTest

from pages.ui import filter_bar
from pages.ui.sign_in import WHO
from reports.formats import plain
from reports.view import GRAINS, LINK, NARROWED, PERIODS, choice, joined, listed, pasted, period_of
from warehouse import answers
from warehouse.access import EVERYTHING
from warehouse.dimensions import DIMENSIONS
from warehouse.engine import reading
from warehouse.filters import Question, QuestionError
from warehouse.settings import Settings

PAYLOADS = (
    "' OR '1'='1", "'; DROP TABLE dim_stores; --", "1; ATTACH '/etc/passwd' AS x",
    "' UNION SELECT 1",
    "1) OR (1=1", "\\'; --", "/* */", "$1", "%s", "%(x)s", "{0}", "{value}", "{{7*7}}", "${7*7}",
    "read_csv('/etc/passwd')", "pragma_database_list()", "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>", "javascript:alert(1)", "\"><svg/onload=alert(1)>",
    "[x](javascript:alert(1))", "![x](http://evil.example/x.png)", "`code`", "$$\\int$$",
    ":red[x]", ":material/home:", "# heading", "| a | b |", "../../etc/passwd", "..\\..\\win.ini",
    "/etc/passwd\x00.csv", "file:///etc/passwd", "http://evil.example/", "//evil.example",
    "=cmd|' /C calc'!A0", "+1+1", "-1-1", "@SUM(A1)", "\r\nSet-Cookie: x=1", "%0d%0aX: y", "%00",
    "%2e%2e%2f", "\u202egnp.exe", "\ufeff", "\u0000", "NULL", "None", "true", "NaN", "Infinity",
    "1e309", "-0", "９９９９", "0x1F", "9" * 40, "2025-13-45", "0000-00-00", "9999-12-31T00:00",
    "__import__('os').system('id')", "__proto__", "constructor", "(?:a+)+$", "a" * 3000, "𝕊𝕢𝕝",
    "店'铺", "S0001'", "S0001--", "S0001%", "_____", "%", "\\", "\"", "'", "`",
)  # fmt: skip
WRAPPERS = ("{}", "S0001{}", "{} S0001")
ATTACKS = tuple(dict.fromkeys(wrap.replace("{}", text) for wrap in WRAPPERS for text in PAYLOADS))


def test_there_are_two_hundred_of_them() -> None:
    assert len(ATTACKS) >= 200


@pytest.mark.parametrize("dimension", sorted(DIMENSIONS))
def test_as_a_value_an_attack_is_as_unknown_as_any_word(
    dimension: str, sample_warehouse: Path
) -> None:
    """Each dimension gets its share of the attacks, all dimensions together every one."""
    place = sorted(DIMENSIONS).index(dimension)
    key = "ring_closure_rate" if dimension == "campaign" else "net_sales"
    with reading(sample_warehouse) as snapshot:
        for text in ATTACKS[place :: len(DIMENSIONS)]:
            told = []
            for value in (text, "plumtree"):
                asked = Question((key,), SAMPLE_END, SAMPLE_END, where=((dimension, (value,)),))
                with pytest.raises(QuestionError) as error:
                    answers.answer(snapshot, asked, EVERYTHING, Settings())
                told.append(str(error.value).replace(repr(value), "…").partition(";")[0])
            assert told[0] == told[1] or "no meaning" in told[0], text
        found = answers.values(snapshot, "store", EVERYTHING, search=ATTACKS[place])
        assert all(ATTACKS[place].lower() in "".join(row).lower() for row in found.iter_rows())


def test_searched_for_an_attack_finds_what_holds_it_and_nothing_else(
    sample_warehouse: Path,
) -> None:
    with reading(sample_warehouse) as snapshot:
        everything = answers.values(snapshot, "guide", EVERYTHING, limit=10_000).rows()
        for text in ATTACKS:
            found = answers.values(snapshot, "guide", EVERYTHING, search=text, limit=10_000)
            holding = [row for row in everything if any(text.lower() in one.lower() for one in row)]
            assert found.rows() == holding, text


def test_a_link_resolves_any_text_to_a_default_or_to_itself() -> None:
    default = (SAMPLE_END - timedelta(days=29), SAMPLE_END)
    for text in ATTACKS:
        assert choice(text, PERIODS) == PERIODS[0]
        assert choice(text, GRAINS) == GRAINS[0]
        period, *days = period_of({"period": text, "from": text, "to": text}, SAMPLE_END)
        assert (period, tuple(days)) == (PERIODS[0], default)
        half = period_of({"period": "custom", "from": text, "to": "2025-11-03"}, SAMPLE_END)
        assert half[2] == date(2025, 11, 3)
        assert listed(joined((text, "S1"))) == tuple(dict.fromkeys((text, "S1")))
        assert all(part in text for part in pasted(text))


def _figures(app: AppTest) -> list[str]:
    return [tile.value for tile in app.metric]


def _attack(app: AppTest, **values: str) -> AppTest:
    for name in (*LINK, *WHO):
        app.session_state[name] = values.get(name, "")
    return app.run()


def test_all_of_them_in_every_filter_of_a_page_change_nothing(
    opened: Open, sample_warehouse: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filter_bar, "NAMED", len(ATTACKS))
    app = opened(sample_warehouse)
    figures = _figures(app)
    for name in NARROWED:
        _attack(app, **{name: joined(ATTACKS)})
        assert not app.exception and not app.error
        assert _figures(app) == figures, name
        (note,) = (warning.value for warning in app.warning)
        kept = [text.strip() for text in listed(joined(ATTACKS))]
        assert not [text for text in kept if plain(text) not in note], name


def test_a_few_in_all_names_of_a_link_at_once_change_nothing(
    opened: Open, sample_warehouse: Path
) -> None:
    app = opened(sample_warehouse)
    figures = _figures(app)
    for first in range(0, len(ATTACKS), 40):
        some = ATTACKS[first:] + ATTACKS[:first]
        _attack(app, **dict(zip((*LINK, *WHO), map(_one, some), strict=False)))
        assert not app.exception and not app.error
        assert _figures(app) == figures, first


def _one(text: str) -> str:
    """An attack as one value of a list."""
    return joined((text,))


def test_typed_into_the_boxes_of_a_page_they_are_text(
    opened: Open, sample_warehouse: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GUIDEPOST_VIEWS", str(tmp_path / "views"))
    monkeypatch.setattr(filter_bar, "OFFERED", 3)
    app = opened(sample_warehouse)
    app.session_state["saved"] = True
    app.run()
    figures = _figures(app)
    for text in ATTACKS[:: len(ATTACKS) // 5]:
        app.text_input(key="search_store").input(text)
        app.text_area(key="paste_store").input(text)
        app.text_input(key="saved_name").input(text[:80])
        app.run()
        app.button(key="saved_keep").click().run()
        assert not app.exception and not app.error
        assert _figures(app) == figures, text
    assert len([b for b in app.button if (b.key or "").startswith("saved_")]) > 3


@pytest.mark.long
@pytest.mark.parametrize("name", [*LINK, *WHO])
def test_each_of_them_in_each_name_of_a_link_changes_nothing(
    name: str, opened: Open, sample_warehouse: Path
) -> None:
    app = opened(sample_warehouse)
    figures = _figures(app)
    for text in ATTACKS:
        _attack(app, **{name: _one(text)})
        assert not app.exception and not app.error, text
        assert _figures(app) == figures, text
        assert "Traceback" not in said(app)
