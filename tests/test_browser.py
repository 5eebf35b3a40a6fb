"""The dashboard as people use it: a real server, a real Chromium, laptop and phone.

Every visit fails on an error in the page, an error on the console and a request that leaves the
machine. With GUIDEPOST_PICTURES=1 the pictures of the documentation are made anew.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, ConsoleMessage, ViewportSize

pytestmark = pytest.mark.browser
ROOT = Path(__file__).parent.parent
PICTURES = ROOT / "docs" / "pictures"
CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
LAPTOP: ViewportSize = {"width": 1366, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
PROBES = re.compile(r"/\w+/_stcore/(health|host-config)$")
"""On a deep link the front end asks below the page's path first; that answer is 404 by design."""
WAIT = 60_000
expect.set_options(timeout=20_000)

Visit = Callable[..., Page]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        missing = f"{CHROMIUM} is not there; install chromium or name it in CHROMIUM"
        pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield chromium
        chromium.close()


@contextmanager
def serving(warehouse: Path) -> Iterator[str]:
    """A fresh server on that warehouse, and its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GUIDEPOST_")}
    process = subprocess.Popen(
        command, cwd=ROOT, env={**kept, "GUIDEPOST_WAREHOUSE": str(warehouse)}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    assert process.stdout
    said = []
    for line in process.stdout:
        said.append(line)
        if "URL:" in line:
            break
    else:
        pytest.fail("the server did not start:\n" + "".join(said))
    threading.Thread(target=process.stdout.read, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


@pytest.fixture(scope="session")
def server(sample_warehouse: Path) -> Iterator[str]:
    with serving(sample_warehouse) as address:
        yield address


@pytest.fixture(scope="session")
def window(browser: Browser) -> Callable[[str], BrowserContext]:
    """One browser profile a theme, so that what has been fetched once stays."""
    return cache(lambda theme: browser.new_context(color_scheme=theme))  # type: ignore[arg-type]


@pytest.fixture
def visit(window: Callable[[str], BrowserContext]) -> Iterator[Visit]:
    """Open an address in a tab of its own and wait until the page has settled."""
    wrong: list[str] = []
    tabs = []

    def open_tab(address: str, size: ViewportSize = LAPTOP, theme: str = "light") -> Page:
        page = window(theme).new_page()
        tabs.append(page)
        page.set_viewport_size(size)
        _watch(page, urlsplit(address).netloc, wrong)
        page.goto(address)
        settled(page)
        return page

    yield open_tab
    for page in tabs:
        page.close()
    assert not wrong


def _watch(page: Page, server: str, wrong: list[str]) -> None:
    def console(message: ConsoleMessage) -> None:
        if message.type == "error" and not PROBES.search(message.location.get("url", "")):
            wrong.append(f"console: {message.text} {message.location}")

    def asked(url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("data", "blob") and parts.netloc != server:
            wrong.append(f"left the server: {url}")

    page.on("pageerror", lambda error: wrong.append(f"page: {error}"))
    page.on("console", console)
    page.on("request", lambda request: asked(request.url))
    page.on("websocket", lambda socket: asked(socket.url))


def settled(page: Page) -> None:
    """Wait for the run to end and every chart to be drawn."""
    expect(page.locator("h1")).to_be_visible(timeout=WAIT)
    page.wait_for_function(
        """() => document.querySelector('.stApp')?.dataset.testScriptState === 'notRunning'
            && !document.querySelector('[data-testid=stSkeleton]')
            && [...document.querySelectorAll('.stPlotlyChart')].every(
                c => c.querySelector('.main-svg'))
            && [...document.querySelectorAll('[data-testid=stMetricChart]')].every(
                c => c.querySelector('canvas, svg'))""",
        timeout=WAIT,
    )


def tiles(page: Page) -> list[str]:
    return page.get_by_test_id("stMetricValue").all_inner_texts()


def pick(page: Page, name: str, option: str) -> None:
    page.locator(f".st-key-pick_{name} input").click()
    page.get_by_role("option", name=option, exact=True).click()
    page.keyboard.press("Escape")  # a list one may pick several from stays open


# Pages -----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("path", "title"),
    [("", "Overview"), ("stores", "Stores"), ("health", "Health"), ("glossary", "Glossary")],
)
def test_every_page_opens_by_link_and_stays_on_the_server(
    path: str, title: str, server: str, visit: Visit
) -> None:
    page = visit(f"{server}/{path}")
    expect(page.locator("h1")).to_have_text(title)
    expect(page.get_by_test_id("stAlertContentError")).to_have_count(0)
    expect(page.get_by_role("dialog")).to_have_count(0)


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


def test_a_deep_link_to_a_page_is_the_first_thing_a_fresh_server_may_see(
    sample_warehouse: Path, visit: Visit
) -> None:
    with serving(sample_warehouse) as fresh:
        page = visit(f"{fresh}/stores?period=last_month")
        expect(page.locator("h1")).to_have_text("Stores")
        expect(page.get_by_role("dialog")).to_have_count(0)


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
@pytest.mark.parametrize("path", ["", "stores", "health", "glossary"])
def test_a_phone_scrolls_down_only(path: str, server: str, visit: Visit) -> None:
    page = visit(f"{server}/{path}", PHONE)
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= 390
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 390


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


PALE = (ROOT / "tests" / "contrast.js").read_text(encoding="utf-8")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("path", ["", "stores?store=S0001,nonsense", "health", "glossary"])
def test_all_text_stands_out_from_its_ground(
    path: str, theme: str, server: str, visit: Visit
) -> None:
    """WCAG AA: 4.5 to 1, large text 3 to 1."""
    assert not visit(f"{server}/{path}", theme=theme).evaluate(PALE)


# Pictures --------------------------------------------------------------------------------------
SCENES: dict[str, tuple[str, ViewportSize, str]] = {
    "overview": ("", LAPTOP, "light"),
    "overview-dark-zh": ("?lang=zh&rise=red&compare=year", LAPTOP, "dark"),
    "overview-phone-zh": ("?lang=zh&period=month_to_date", PHONE, "light"),
    "stores": ("stores?store=S0003", LAPTOP, "light"),
    "stores-phone-dark": ("stores", PHONE, "dark"),
    "health": ("health", LAPTOP, "light"),
}


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
