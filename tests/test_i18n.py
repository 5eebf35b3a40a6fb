"""Every phrase exists in both languages and is used; numbers and dates read as they should."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import pytest

from reports import formats, i18n, view
from warehouse.conventions import CONVENTIONS
from warehouse.dimensions import DIMENSIONS
from warehouse.feeds import FEEDS
from warehouse.filters import COMPARISONS, ORGANISATIONS
from warehouse.funnels import SHIPPED
from warehouse.metrics import METRICS, Unit

ROOT = Path(__file__).parent.parent
SAID_BY_THE_REGISTRY = ("metric.", "dimension.", "convention.")
"""English takes these from warehouse.metrics, warehouse.dimensions and warehouse.conventions."""
FAMILIES = {
    "language": i18n.LANGUAGES,
    "period": view.PERIODS,
    "grain": view.GRAINS,
    "each": view.GRAINS[1:],
    "rise": view.RISES,
    "compare": COMPARISONS,
    "than": COMPARISONS,
    "versus": COMPARISONS,
    "org": ORGANISATIONS,
    "feed": tuple(FEEDS),
    "unit": tuple(unit.name.lower() for unit in Unit),
    "funnel": tuple(SHIPPED),
    "exit": ("0", "1", "2", "3"),
}
"""Keys made of a prefix and one of these codes."""


def _sources() -> str:
    files = [ROOT / "app.py", *(ROOT / "pages").rglob("*.py"), *(ROOT / "reports").rglob("*.py")]
    return "\n".join(file.read_text(encoding="utf-8") for file in files)


def _fields(phrase: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(phrase) if name}


def _own(language: str) -> dict[str, str]:
    return {
        key: phrase
        for key, phrase in i18n.catalogue(language).items()
        if not key.startswith(SAID_BY_THE_REGISTRY)
    }


def test_both_languages_say_the_same_things() -> None:
    english, chinese = _own("en"), _own("zh")
    assert english.keys() == chinese.keys()
    assert not [key for key in english if _fields(english[key]) != _fields(chinese[key])]


def test_every_phrase_asked_for_exists() -> None:
    asked = set(re.findall(r'\bt\(\s*"([^"]+)"', _sources()))
    assert asked
    assert not asked - i18n.catalogue("en").keys()


def test_every_code_of_a_family_has_a_phrase() -> None:
    wanted = {f"{prefix}.{code}" for prefix, codes in FAMILIES.items() for code in codes}
    assert not wanted - i18n.catalogue("en").keys()


def test_no_phrase_is_left_over() -> None:
    source = _sources()
    asked = set(re.findall(r"""["']([a-z_]+\.[a-z_0-9]+)["']""", source))
    prefixes = set(re.findall(r'f"([a-z_]+\.[a-z_]*)\{', source))
    unused = [
        key
        for key in _own("en")
        if key not in asked and not any(key.startswith(prefix) for prefix in prefixes)
    ]
    assert not unused


def test_no_code_of_a_family_is_left_over() -> None:
    known = {f"{prefix}.{code}" for prefix, codes in FAMILIES.items() for code in codes}
    helps = {"rise.help", "org.help"}
    said = {key for key in _own("en") if key.partition(".")[0] in FAMILIES}
    assert not said - known - helps


def test_every_figure_and_dimension_is_called_something_in_chinese() -> None:
    chinese = i18n.catalogue("zh")
    wanted = {f"metric.{key}.{part}" for key in METRICS for part in ("label", "definition")}
    wanted |= {f"metric.{key}.edge_cases" for key in METRICS if METRICS[key].edge_cases}
    wanted |= {f"dimension.{name}" for name in DIMENSIONS}
    wanted |= {f"convention.{name}" for name in CONVENTIONS}
    wanted |= {
        f"convention.{name}_{place}"
        for name, one in CONVENTIONS.items()
        for place in range(len(one.steps))
    }
    assert {key for key in chinese if key.startswith(SAID_BY_THE_REGISTRY)} == wanted


@pytest.mark.parametrize(
    ("language", "value", "text"),
    [
        ("en", 12_345_678, "¥12.35M"),
        ("en", 999_999.99, "¥1.00M"),
        ("en", -4_320, "-¥4.3K"),
        ("en", 823.4, "¥823"),
        ("zh", 12_346_000, "¥1,234.6万"),
        ("zh", 123_456_789, "¥1.23亿"),
        ("zh", 9_999, "¥9,999"),
    ],
)
def test_money_reads_at_a_glance(language: str, value: float, text: str) -> None:
    i18n.speak(language)
    assert formats.money(value) == text


@pytest.mark.parametrize(
    ("language", "key", "value", "text"),
    [
        ("en", "net_sales", 0.0423, "+4.2%"),
        ("en", "guide_coverage", -0.019, "-1.9 pp"),
        ("zh", "net_sales", -1.5, "-150.0%"),
        ("zh", "net_sales", None, "–"),
    ],
)
def test_changes_are_signed(language: str, key: str, value: float | None, text: str) -> None:
    i18n.speak(language)
    assert formats.change(key, value) == text


def test_dates_follow_the_language() -> None:
    start, end = date(2025, 11, 3), date(2025, 11, 20)
    i18n.speak("en")
    assert formats.period(start, end) == "3–20 Nov 2025"
    i18n.speak("zh")
    assert formats.period(start, end) == "2025年11月3日至20日"
    assert formats.moment(datetime(2025, 11, 20, 16, 30), "Asia/Shanghai") == "11月21日 00:30"
    assert formats.tick("week", "2025-W07") == "2025年第07周"


def test_names_cannot_bring_markup_along() -> None:
    assert formats.plain("A: $x$ [b](c) :red[d]") == r"A: \$x\$ \[b\]\(c\) \:red\[d\]"


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    yield
    i18n.speak("en")
