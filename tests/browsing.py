"""A real server and a real Chromium for the tests that use them.

Every visit fails on an error in the page, an error on the console and a request that leaves the
machine.
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
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, ConsoleMessage, ViewportSize

ROOT = Path(__file__).parent.parent
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


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def serving(
    warehouse: Path, *options: str, port: int | None = None, **environment: object
) -> Iterator[str]:
    """A fresh server on that warehouse, and its address; `environment` without GUIDEPOST_."""
    port = port or free_port()
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GUIDEPOST_")}
    given = {"WAREHOUSE": warehouse, "VIEWS": warehouse.parent / "views", **environment}
    process = subprocess.Popen(
        [*command, *options], cwd=ROOT, text=True,
        env=kept | {f"GUIDEPOST_{name}": str(value) for name, value in given.items()},
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
    """Open an address in a tab of its own and wait until the page has settled. Requests may go to
    that server, and to `friends`."""
    wrong: list[str] = []
    tabs = []

    def open_tab(
        address: str, size: ViewportSize | None = None, theme: str = "light", *friends: str
    ) -> Page:
        page = window(theme).new_page()
        tabs.append(page)
        page.set_viewport_size(size or LAPTOP)
        _watch(page, {urlsplit(one).netloc for one in (address, *friends)}, wrong)
        page.goto(address)
        settled(page)
        return page

    yield open_tab
    for page in tabs:
        page.close()
    assert not wrong, wrong


def _watch(page: Page, servers: set[str], wrong: list[str]) -> None:
    def console(message: ConsoleMessage) -> None:
        if message.type == "error" and not PROBES.search(message.location.get("url", "")):
            wrong.append(f"console: {message.text} {message.location}")

    def asked(url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("data", "blob") and parts.netloc not in servers:
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
