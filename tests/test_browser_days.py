"""Whole errands in a browser: signing in through a provider, an administrator's look as somebody
else, and the mornings of a regional manager and of an executive. What the pages say is held against
what the command line says."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import provider
import pytest
from browsing import PHONE, ROOT, Visit, free_port, serving, settled
from playwright.sync_api import Page, expect

from reports import formats, i18n
from warehouse.metrics import METRICS

pytestmark = pytest.mark.browser
LIN, ADA, CHEN = "lin@example.com", "ada@example.com", "chen@example.com"
USERS = f"""
[users."{ADA}"]
role = "administrator"
[users."{CHEN}"]
role = "executive"
[users."{LIN}"]
role = "regional_manager"
regions = ["CN-S"]
"""
MONTH = ("--from", "2025-10-22", "--to", "2025-11-20")


@pytest.fixture(scope="module")
def users(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("users") / "users.toml"
    file.write_text(USERS, encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def trial(sample_warehouse: Path, users: Path) -> Iterator[str]:
    """A server with a users file and without a provider."""
    with serving(sample_warehouse, USERS=users) as address:
        yield address


@pytest.fixture
def told(sample_warehouse: Path, users: Path) -> Any:
    """What the command line says to a user: told(user, figures, *options)."""

    def ask(user: str, figures: str, *options: str) -> list[dict[str, Any]]:
        command = [sys.executable, "-m", "warehouse", "query", figures, *MONTH, "--as", user]
        environment = {"GUIDEPOST_WAREHOUSE": str(sample_warehouse), "GUIDEPOST_USERS": str(users)}
        ended = subprocess.run([*command, *options, "--format", "json"], cwd=ROOT, check=True,
                               env=environment, capture_output=True, text=True)  # fmt: skip
        return list(json.loads(ended.stdout))

    return ask


def _tile(page: Page, label: str) -> str:
    tile = page.get_by_test_id("stMetric").filter(has_text=re.compile(f"^{re.escape(label)}"))
    return tile.get_by_test_id("stMetricValue").first.inner_text()


def _written(key: str, value: Any, language: str = "en") -> str:
    """A figure of the command line as a page in that language writes it."""
    i18n.speak(language)
    try:
        return formats.figure(key, None if value is None else float(value))
    finally:
        i18n.speak("en")


def _opened(page: Page, audience: str, name: str) -> None:
    """Go to a page by the menu."""
    page.get_by_test_id("stTopNav").get_by_text(audience, exact=True).click()
    page.get_by_role("menuitem", name=name, exact=True).click()
    expect(page.locator("h1")).to_have_text(name)
    settled(page)


# Signing in --------------------------------------------------------------------------------------
def test_one_signs_in_through_a_provider_and_out_again(
    sample_warehouse: Path, users: Path, tmp_path: Path, visit: Visit, told: Any
) -> None:
    known = {
        LIN: {"email_verified": True},
        "eve@example.com": {"email_verified": True},
        ADA: {"email_verified": False},
    }
    port, secrets = free_port(), tmp_path / "secrets.toml"
    with provider.providing(known) as identity:
        secrets.write_text(provider.settings(identity, f"http://127.0.0.1:{port}"))
        options = ("--secrets.files", str(secrets))
        with serving(sample_warehouse, *options, port=port, USERS=users) as address:
            page = visit(f"{address}/?user={ADA}", None, "light", identity)
            expect(page.get_by_test_id("stMetric")).to_have_count(0)  # a link is no sign-in
            _sign_in(page, ADA)
            expect(page.get_by_text("Please sign in")).to_be_visible()  # not vouched for
            _sign_in(page, "eve@example.com")
            expect(page.get_by_text("may not see anything yet")).to_be_visible()
            page.get_by_role("button", name="Sign out").click()
            _sign_in(page, LIN)
            expect(page.get_by_text(f"Signed in as {LIN}")).to_be_visible()
            page.goto(f"{address}/stores")  # remembered in a cookie
            settled(page)
            _opened(page, "Field", "Guides")
            page.goto(f"{address}/stores?store=S0001,S0003")
            settled(page)
            own = {row["store"] for row in told(LIN, "net_sales", "--by", "store")}
            assert own
            for store in {"S0001", "S0003"} - own:
                expect(page.get_by_text(re.compile(f"left out: .*{store}"))).to_be_visible()
            page.get_by_role("button", name="Sign out").click()
            expect(page.get_by_role("button", name="Sign in")).to_be_visible()
            page.close()


def _sign_in(page: Page, user: str) -> None:
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name=user).click()
    expect(
        page.get_by_test_id("stSidebar").or_(page.get_by_test_id("stAlert")).first
    ).to_be_visible()
    page.wait_for_function(
        "() => document.querySelector('.stApp')?.dataset.testScriptState === 'notRunning'"
    )


def test_an_administrator_looks_as_a_manager_and_every_page_says_so(
    trial: str, visit: Visit, told: Any
) -> None:
    page = visit(f"{trial}/users?user={ADA}")
    page.locator(".st-key-whose input").click()
    page.get_by_role("option", name=LIN).click()
    page.get_by_role("button", name="View as this user").click()
    banner = page.get_by_text("You look as")
    expect(banner).to_be_visible()
    settled(page)
    _opened(page, "Field", "Stores")
    expect(banner).to_be_visible()
    page.reload()
    settled(page)
    expect(banner).to_be_visible()
    page.get_by_role("button", name="Back to your own view").click()
    expect(banner).to_have_count(0)
    expect(page.locator("h1")).to_have_text("Overview")


# Mornings ----------------------------------------------------------------------------------------
def test_a_regional_managers_morning(trial: str, visit: Visit, told: Any) -> None:
    """On the laptop: sign in, last month in the region, the first store, its guides, keep the view,
    and open it again another day."""
    page = visit(trial)
    page.locator(".st-key-who input").click()
    page.get_by_role("option", name=re.compile(LIN)).click()
    page.get_by_role("button", name="Sign in").click()
    settled(page)
    expect(page.get_by_text(f"Signed in as {LIN}")).to_be_visible()
    _opened(page, "Field", "Stores")
    first, *_ = sorted(
        (row for row in told(LIN, "net_sales,receipts", "--by", "store") if row["store"]),
        key=lambda row: -float(row["net_sales"]),
    )
    page.get_by_test_id("stDataFrame").first.click(position={"x": 18, "y": 52})
    page.wait_for_url(f"**store={first['store']}**")
    settled(page)
    _opened(page, "Field", "Guides")
    where = ("--where", f"store={first['store']}")
    (guides,) = told(LIN, "credited_net_sales,guide_receipts", *where)
    for key in ("credited_net_sales", "guide_receipts"):
        assert _tile(page, METRICS[key].label) == _written(key, guides[key])
    page.get_by_text("Saved views").click()
    page.get_by_label("Keep this view as").fill("First store's guides")
    page.get_by_role("button", name="Keep", exact=True).click()
    kept = page.get_by_role("button", name="First store's guides")
    expect(kept).to_be_visible()
    page.goto(f"{trial}/?user={LIN}&period=last_7")
    settled(page)
    page.get_by_text("Saved views").click()
    kept.click()
    expect(page.locator("h1")).to_have_text("Guides")
    settled(page)
    assert f"store={first['store']}" in page.url
    assert _tile(page, METRICS["guide_receipts"].label) == _written(
        "guide_receipts", guides["guide_receipts"]
    )


@pytest.mark.parametrize(("language", "title"), [("en", "Overview"), ("zh", "总览")])
def test_an_executives_morning_on_the_phone(
    language: str, title: str, trial: str, visit: Visit, told: Any
) -> None:
    """The figures of the company, of the region that lost most, and of that region last year."""
    page = visit(f"{trial}/?user={CHEN}&lang={language}", PHONE)
    expect(page.locator("h1")).to_have_text(title)
    i18n.speak(language)
    labels = {key: i18n.metric_label(key) for key in ("net_sales", "receipts")}
    i18n.speak("en")
    (whole,) = told(CHEN, "net_sales,receipts")
    for key in ("net_sales", "receipts"):
        assert _tile(page, labels[key]) == _written(key, whole[key], language)
    regions = told(CHEN, "net_sales", "--by", "top_region", "--compare", "prior")
    worst = min(
        (row for row in regions if row["top_region"] and row["net_sales"] is not None),
        key=lambda row: float(row["net_sales"]) - float(row["net_sales_compare"] or 0),
    )["top_region"]
    page.goto(f"{trial}/?user={CHEN}&lang={language}&region={worst}&compare=year")
    settled(page)
    (there,) = told(CHEN, "net_sales,receipts", "--where", f"region={worst}")
    assert _tile(page, labels["net_sales"]) == _written("net_sales", there["net_sales"], language)
    assert _tile(page, labels["receipts"]) == _written("receipts", there["receipts"], language)
    page.goto(f"{trial}/health?user={CHEN}&lang={language}")
    settled(page)
    expect(page.get_by_test_id("stAlertContentError")).to_have_count(0)
