"""The dashboard as people use it: a real server, a real Chromium, laptop and phone.

With GUIDEPOST_PICTURES=1 the pictures of the documentation are made anew.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.request import Request, urlopen

import pytest
from axe_playwright_python.sync_playwright import Axe
from browsing import LAPTOP, PHONE, ROOT, Visit, pick, serving, settled, tiles
from opening import SCRIPTS
from playwright.sync_api import Locator, Page, expect

from reports import i18n

if TYPE_CHECKING:
    from playwright.sync_api import ViewportSize

pytestmark = pytest.mark.browser
PICTURES = ROOT / "docs" / "pictures"
PALE = (ROOT / "tests" / "contrast.js").read_text(encoding="utf-8")


# Pages -----------------------------------------------------------------------------------------
@pytest.mark.parametrize(("theme", "language"), [("light", "en"), ("dark", "zh")])
@pytest.mark.parametrize("name", SCRIPTS)
def test_every_page_opens_by_link_and_can_be_used_by_anybody(
    name: str, theme: str, language: str, server: str, visit: Visit
) -> None:
    """On laptop and phone, in both themes and languages: axe-core finds nothing serious, text
    stands out from its ground (WCAG AA: 4.5 to 1, large text 3 to 1), a phone scrolls down only."""
    page = visit(f"{server}/{name}?lang={language}&store=S0001,nonsense", LAPTOP, theme)
    expect(page.locator("h1")).to_have_text(i18n.catalogue(language)[f"page.{name}"])
    expect(page.get_by_test_id("stAlertContentError")).to_have_count(0)
    expect(page.get_by_test_id("stException")).to_have_count(0)
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    serious = [one for one in found if one["impact"] in ("serious", "critical")]
    assert not [(one["id"], [node["html"] for node in one["nodes"]]) for one in serious]
    assert not page.evaluate(PALE)
    page.set_viewport_size(PHONE)
    page.wait_for_function("() => innerWidth === 390")
    settled(page)
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= 390
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 390


def test_a_page_can_be_used_by_the_keyboard_alone(server: str, visit: Visit) -> None:
    page = visit(f"{server}/stores")
    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to main content")).to_be_focused()
    reached = []
    while not page.evaluate("!!document.activeElement.closest('.st-key-pick_period')"):
        assert len(reached) < 40, reached
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.innerText"))
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**period=**")
    settled(page)
    expect(page.locator("h1")).to_have_text("Stores")


def test_the_server_keeps_a_page_to_itself_and_compresses(server: str) -> None:
    asked = Request(server, headers={"Accept-Encoding": "gzip"})
    with urlopen(asked) as answer:
        policy = answer.headers["Content-Security-Policy"]
        assert answer.headers["Content-Encoding"] == "gzip"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'self'" in policy


def test_a_deep_link_opens_the_same_view_on_a_fresh_server(
    server: str, sample_warehouse: Path, visit: Visit
) -> None:
    page = visit(server)
    everything = tiles(page)
    pick(page, "period", "Last 7 days")
    page.wait_for_url("**period=last_7**")
    pick(page, "region", "South China")
    expect(page.get_by_role("button", name="Region: South China ✕")).to_be_visible()
    settled(page)
    narrowed, link = tiles(page), page.url.removeprefix(server)
    assert narrowed != everything
    with serving(sample_warehouse) as another:
        opened = visit(another + link)
        assert tiles(opened) == narrowed
        expect(opened.get_by_text("Last 7 days: 14–20 Nov 2025")).to_be_visible()
        opened.close()  # or it would ask the server that ends here to answer once more


def test_a_deep_link_to_a_page_is_the_first_thing_a_fresh_server_may_see(
    sample_warehouse: Path, visit: Visit
) -> None:
    with serving(sample_warehouse) as fresh:
        page = visit(f"{fresh}/stores?period=last_month")
        expect(page.locator("h1")).to_have_text("Stores")
        expect(page.get_by_role("dialog")).to_have_count(0)
        page.close()


def test_a_range_of_days_can_be_picked(server: str, visit: Visit) -> None:
    page = visit(f"{server}/?period=custom&from=2025-10-06&to=2025-10-26")
    page.locator(".st-key-pick_days button").last.click()
    page.get_by_role("button", name="October 13, 2025").click()
    page.get_by_role("button", name="October 19, 2025").click()
    expect(page.get_by_text("Custom: 13–19 Oct 2025")).to_be_visible()
    assert "from=2025-10-13&to=2025-10-19" in page.url


def test_filters_follow_to_other_pages_and_back(server: str, visit: Visit) -> None:
    page = visit(f"{server}/?period=last_7&region=CN-S")
    page.get_by_test_id("stTopNav").get_by_text("Field").click()
    page.get_by_role("menuitem", name="Stores").click()
    expect(page.locator("h1")).to_have_text("Stores")
    assert "period=last_7" in page.url
    assert "region=CN-S" in page.url
    page.go_back()
    expect(page.locator("h1")).to_have_text("Overview")
    expect(page.get_by_role("button", name="Region: South China ✕")).to_be_visible()


def test_the_language_can_be_switched_and_is_kept_in_the_link(server: str, visit: Visit) -> None:
    page = visit(server)
    page.get_by_text("简体中文").click()
    expect(page.locator("h1")).to_have_text("总览")
    assert page.url.endswith("?lang=zh")
    page.reload()
    expect(page.locator("h1")).to_have_text("总览")
    settled(page)
    assert "万" in tiles(page)[0]
    # What is drawn is translated too; the regions' names are the source's own.
    drawn = " ".join(page.locator(".stPlotlyChart svg text").all_text_contents())
    assert not re.search(r"Net sales|Target|\d (Oct|Nov)", drawn)


def test_a_row_becomes_a_filter_and_its_chip_takes_it_away(server: str, visit: Visit) -> None:
    page = visit(f"{server}/stores")
    page.get_by_test_id("stDataFrame").first.click(position={"x": 18, "y": 52})
    chip = page.get_by_role("button", name=re.compile("^Store: .* ✕$"))
    expect(chip).to_be_visible()
    assert "store=S" in page.url
    expect(page.get_by_text("is ahead of its peers in")).to_be_visible()
    chip.click()
    expect(chip).to_have_count(0)
    assert "store=" not in page.url


def test_a_point_becomes_a_filter(server: str, visit: Visit) -> None:
    page = visit(f"{server}/stores")
    _click_middle(page, page.locator(".scatterlayer path.point").first)
    expect(page.get_by_role("button", name=re.compile("^Store: .* ✕$"))).to_be_visible()


def _click_middle(page: Page, mark: Locator) -> None:
    """Plotly catches the mouse above its marks, so the click goes to where the mark is."""
    mark.scroll_into_view_if_needed()
    box = mark.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.locator(".hoverlayer .hovertext")).to_be_visible()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


def test_a_charts_table_is_one_click_away(server: str, visit: Visit) -> None:
    page = visit(server)
    before = page.get_by_test_id("stDataFrame").count()
    page.get_by_text("Show as table").first.click()
    expect(page.get_by_test_id("stDataFrame")).to_have_count(before + 1)


def test_rejects_can_be_downloaded(server: str, visit: Visit) -> None:
    page = visit(f"{server}/health")
    with page.expect_download() as download:
        page.get_by_test_id("stDownloadButton").click()
    lines = download.value.path().read_text(encoding="utf-8-sig").splitlines()
    assert lines[0] == "feed,file,line,rule,message,row"
    assert len(lines) > 1


# Looks -----------------------------------------------------------------------------------------
def test_a_phone_shows_two_tiles_abreast(server: str, visit: Visit) -> None:
    page = visit(server, PHONE)
    first, second = (page.get_by_test_id("stMetric").nth(place).bounding_box() for place in (0, 1))
    assert first
    assert second
    assert abs(first["y"] - second["y"]) < 5
    assert second["x"] > first["x"]


@pytest.mark.parametrize(
    ("theme", "line"), [("light", "rgb(0, 114, 178)"), ("dark", "rgb(86, 180, 233)")]
)
def test_charts_wear_the_colours_of_the_theme(
    theme: str, line: str, server: str, visit: Visit
) -> None:
    page = visit(server, theme=theme)
    drawn = page.locator(".scatterlayer path.js-line").last
    assert drawn.evaluate("mark => getComputedStyle(mark).stroke") == line


def test_axes_can_still_be_read_after_the_theme_has_changed(server: str, visit: Visit) -> None:
    page = visit(server)
    page.emulate_media(color_scheme="dark")
    expect(page.locator(".stApp")).to_have_css("background-color", "rgb(23, 22, 20)")
    expect(page.locator(".xtick text").first).to_have_css("fill", "rgb(237, 235, 232)")


# Pictures --------------------------------------------------------------------------------------
SCENES: dict[str, tuple[str, ViewportSize, str]] = {
    **{name: (name, LAPTOP, "light") for name in SCRIPTS if name != "users"},
    **{f"{name}-phone": (f"{name}?lang=zh", PHONE, "dark") for name in SCRIPTS if name != "users"},
    "overview-dark-zh": ("overview?lang=zh&rise=red&compare=year", LAPTOP, "dark"),
    "overview-phone-zh": ("overview?lang=zh&period=month_to_date", PHONE, "light"),
    "stores": ("stores?store=S0003", LAPTOP, "light"),
}
"""Each page on a laptop, light, and on a phone, dark and in Chinese; a few more of some."""


@pytest.fixture(scope="session")
def pictured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server with a company large and old enough to be worth a picture."""
    from conftest import SAMPLE_END

    from etl import job
    from etl.simulate import simulate
    from warehouse.settings import Settings

    root = tmp_path_factory.mktemp("pictured")
    simulate(root / "inbox", stores=40, days=450, seed=7, end=SAMPLE_END)
    job.run(Settings(warehouse=root / "warehouse", inbox=root / "inbox"), ())
    with serving(root / "warehouse") as address:
        yield address


@pytest.mark.skipif(not os.environ.get("GUIDEPOST_PICTURES"), reason="set GUIDEPOST_PICTURES=1")
@pytest.mark.parametrize("scene", SCENES)
def test_pictures(scene: str, request: pytest.FixtureRequest, visit: Visit) -> None:
    address: Any = request.getfixturevalue("pictured")
    path, size, theme = SCENES[scene]
    page = visit(f"{address}/{path}", size, theme)
    height = page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")
    page.set_viewport_size({"width": size["width"], "height": max(height, size["height"])})
    settled(page)
    page.wait_for_function("() => new Promise(done => requestAnimationFrame(() => done(true)))")
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"{scene}.png")
