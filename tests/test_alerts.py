"""Late feeds, trouble of runs and broken rules: told to whom it concerns, once."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from cli import etl
from conftest import Company
from filelock import FileLock
from loading import hurry
from postbox import Postbox, open_postbox
from rows import ROWS, row, sale

from etl import job
from warehouse import alerts, freshness, watch
from warehouse.watch import Watch

OPS = Watch(("ops@example.com",))
LONG_DUE = watch.schedules({"pos_sales": {"due": "00:00"}})
"""Sales of March 2026 are late for this on any day from then on."""
USERS = """
    [users."east@example.com"]
    role = "regional_manager"
    regions = ["EAST"]
    [users."boss@example.com"]
    role = "executive"
"""


@pytest.fixture
def box() -> Iterator[Postbox]:
    with open_postbox() as box:
        yield box


@pytest.fixture
def watched(company: Company, box: Postbox) -> Company:
    """A company whose operator gets mail."""
    return Company(replace(company.settings, mail=box.mail, alerts=OPS))


def given(company: Company, **more: object) -> Company:
    return Company(replace(company.settings, **more))  # type: ignore[arg-type]


# Schedules -------------------------------------------------------------------------------------
@pytest.mark.parametrize(("described", "now", "since"), [
    ({"due": "06:00"}, "2026-03-03 06:00", "2026-03-02 06:00"),
    ({"due": "06:00"}, "2026-03-03 05:59", "2026-03-01 06:00"),
    ({"due": ["18:00", "06:00"]}, "2026-03-03 18:30", "2026-03-03 06:00"),
    ({"due": ["06:00", "18:00"]}, "2026-03-03 07:00", "2026-03-02 18:00"),
    ({"due": "09:00", "days": ["mon"]}, "2026-03-05 12:00", "2026-02-23 09:00"),
    ({"due": "09:00", "days": ["mon", "fri"]}, "2026-03-05 12:00", "2026-02-27 09:00"),
    ({"due": "06:00", "max_age_hours": 72}, "2026-03-03 12:00", "2026-02-28 06:00"),
])  # fmt: skip
def test_a_feed_must_be_newer_than_the_time_it_was_due_before(
    described: object, now: str, since: str
) -> None:
    """Local times; 3 March 2026 is a Tuesday. Shanghai is eight hours ahead of UTC."""
    schedule = watch.schedules({"pos_sales": described})["pos_sales"]
    ahead = timedelta(hours=8)
    found = schedule.needed_since(datetime.fromisoformat(now) - ahead, "Asia/Shanghai")
    assert found == datetime.fromisoformat(since) - ahead


@pytest.mark.parametrize(
    ("now", "late"),
    [
        ("2026-03-02 06:00", False),
        ("2026-03-03 05:59", False),
        ("2026-03-03 06:00", True),
    ],
)
def test_a_feed_is_late_when_its_schedule_says_so(
    company: Company, monkeypatch: pytest.MonkeyPatch, now: str, late: bool
) -> None:
    """The last sale is of 1 March, 10:00 in Shanghai: good until the morning of the third."""
    hurry(monkeypatch)
    company.deliver("pos_sales", sale())
    company.load()
    schedules = watch.schedules({"pos_sales": {"due": "06:00"}, "stores": {"due": "06:00"}})
    given = replace(company.settings, schedules=schedules)
    with company.stored() as snapshot:
        found = freshness.freshness(
            snapshot, given, datetime.fromisoformat(now) - timedelta(hours=8)
        )
    by_feed = dict(found.select("feed", "is_late").iter_rows())
    assert (by_feed["pos_sales"], by_feed["stores"]) == (late, True)


def test_of_rows_without_a_time_the_last_delivery_counts(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    hurry(monkeypatch)
    company.deliver("stores", ROWS["stores"])
    company.load()
    given = replace(company.settings, schedules=watch.schedules({"stores": {"due": "06:00"}}))
    with company.stored() as snapshot:
        rows = freshness.newest(snapshot, given)
    loaded = rows.filter(feed="stores")["loaded_at"].item()
    for days, late in ((0, False), (3, True)):
        found = freshness.judged(rows, given, loaded + timedelta(days=days))
        assert found.filter(feed="stores")["is_late"].item() is late


def test_a_late_feed_makes_the_run_end_with_2_and_shows_in_the_summary_and_status(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    hurry(monkeypatch)
    config = company.settings.inbox.parent / "guidepost.toml"
    config.write_text('[schedules.pos_sales]\ndue = "00:00"\n[schedules.targets]\ndue = "00:00"')
    company.deliver("pos_sales", sale())
    first = etl(company, "run", CONFIG=config)
    assert first.exit_code == job.NEEDS_A_PERSON
    assert first.stdout.strip().endswith("0 files refused; late: pos_sales, targets")
    again = etl(company, "run", CONFIG=config)
    assert (again.exit_code, again.stdout) == (2, "nothing new; late: pos_sales, targets\n")
    told = etl(company, "alerts", CONFIG=config).stdout.splitlines()
    assert told == [
        "pos_sales is late: its newest row is of 2026-03-01 02:00 UTC",
        "targets is late: it never came",
    ]
    status = etl(company, "status", CONFIG=config).stdout
    assert [line.split()[0] for line in status.splitlines() if " True" in line] == [
        "pos_sales", "targets"
    ]  # fmt: skip
    assert etl(company, "run").exit_code == job.OK


# Trouble of runs -------------------------------------------------------------------------------
def test_a_late_feed_is_told_once_while_it_lasts_and_again_when_it_comes_back(
    watched: Company, box: Postbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    hurry(monkeypatch)
    watched.deliver("pos_sales", sale())
    late, in_time = given(watched, schedules=LONG_DUE), watched
    for company in (late, late, in_time, late, late):
        company.load()
    (to, text), again = box.texts
    assert to == ["ops@example.com"] and again == (to, text)
    assert text == (
        "- pos_sales is late: its newest row is of 2026-03-01 02:00 UTC; ask its source, or look"
        f" for its file in {watched.settings.inbox}"
    )
    assert box.letters[0][1]["Subject"].startswith("Guidepost, run 1: pos_sales is late: its")


def test_refused_files_and_rejects_above_the_limit_are_told_with_file_cure_and_run(
    watched: Company, box: Postbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of ten rows one is bad, then two; the operator wants to hear of more than one."""
    hurry(monkeypatch)
    company = given(watched, alerts=replace(OPS, max_rejects=1), webhook=box.webhook)
    sound = [sale(receipt_id=f"R{number}") for number in range(10)]
    company.deliver("pos_sales", *sound, sale(quantity="0"), name="1.csv")
    assert company.load().exit_code == job.NEEDS_A_PERSON
    assert not box.letters
    company.deliver("pos_sales", *sound, sale(quantity="0"), sale(sold_at="?"), name="2.csv")
    company.deliver("products", {"productid": "P1"}, name="p.csv")
    company.load()
    ((_, text),) = box.texts
    assert box.letters[0][1]["Subject"] == "Guidepost, run 2: 2 things need a person"
    assert "- refused: products/p.csv: the required column product_id is missing" in text
    assert (
        "- pos_sales/2.csv: 2 of 12 rows rejected, first line 12: quantity must not be 0; see"
        " python -m etl rejects, correct them and deliver them again"
    ) in text
    assert [(one["subject"], one["text"].strip()) for one in box.posted] == [
        ("Guidepost, run 2: 2 things need a person", text)
    ]


def test_a_run_that_fails_is_told_once_until_it_succeeds(
    watched: Company, box: Postbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    hurry(monkeypatch)
    watched.deliver("stores", ROWS["stores"])
    lost = given(watched, inbox=Path("/nowhere/inbox"))
    assert [company.load().exit_code for company in (lost, lost, watched, lost)] == [1, 1, 0, 1]
    told = [text for _, text in box.texts]
    assert len(told) == 2 and told[0] == told[1]
    assert told[0].startswith("- failed, nothing was published: there is no inbox /nowhere/inbox")
    assert told[0].endswith("; remove the cause; the next run tries again")


def test_an_alert_that_cannot_be_sent_is_logged_changes_nothing_and_is_sent_later(
    watched: Company, box: Postbox, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    hurry(monkeypatch)
    watched.deliver("pos_sales", sale())
    late = given(watched, schedules=LONG_DUE)
    mute = given(late, mail=replace(box.mail, port=9))
    with caplog.at_level(logging.ERROR):
        outcomes = [mute.load(), mute.load()]
    assert [outcome.exit_code for outcome in outcomes] == [2, 2]
    assert outcomes[0].version == 1
    assert "alert not sent to ops@example.com: 127.0.0.1:9 cannot be used" in caplog.text
    assert not box.letters
    late.load()
    ((_, text),) = box.texts
    assert text.startswith("- pos_sales is late")
    late.load()
    assert len(box.letters) == 1


def test_nothing_that_goes_wrong_with_alerts_changes_what_a_run_came_to(
    watched: Company, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    hurry(monkeypatch)
    watched.deliver("stores", ROWS["stores"])
    watched.settings.warehouse.mkdir()
    kept = watched.settings.warehouse / alerts.ALERTS
    kept.write_text("{", encoding="utf-8")
    assert watched.load().exit_code == job.OK
    assert "what it held may be told again" in caplog.text
    kept.unlink()
    kept.mkdir()
    assert given(watched, schedules=LONG_DUE).load().exit_code == job.NEEDS_A_PERSON
    assert "alerts may be told again" in caplog.text


def test_a_dry_run_and_one_that_finds_another_at_work_tell_nobody(
    watched: Company, box: Postbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    hurry(monkeypatch)
    late = given(watched, schedules=LONG_DUE)
    late.deliver("pos_sales", sale())
    assert late.load(dry_run=True).exit_code == job.NEEDS_A_PERSON
    with FileLock(late.settings.warehouse / "LOCK"):
        assert late.load().exit_code == job.BUSY
    assert not box.letters


# Rules -----------------------------------------------------------------------------------------
def two_regions(company: Company, tmp_path: Path, **described: object) -> Company:
    """S1 in the east and S2 in the west, each with sales of 200.00 on 1 March 2026."""
    users = tmp_path / "users.toml"
    users.write_text(USERS, encoding="utf-8")
    to = ["east@example.com", "boss@example.com"]
    rules = watch.rules({"weak": {"figure": "net_sales", "by": "store", "to": to, **described}})
    regions = [row("regions", region_id=name, parent_region_id="") for name in ("EAST", "WEST")]
    company.deliver("regions", *regions)
    west = row("stores", store_id="S2", store_name="Two", region_id="WEST")
    company.deliver("stores", ROWS["stores"], west)
    company.deliver("pos_sales", sale(), sale(store_id="S2"), name="1.csv")
    return given(company, users=users, rules=rules)


def test_a_rule_is_told_to_each_user_within_their_scope_and_once(
    watched: Company, box: Postbox, tmp_path: Path
) -> None:
    """Both stores sold for less than 300.00. Another 500.00 lifts S1 out of it, and a return of
    450.00 puts it back, at 250.00; S2 stays where it was."""
    company = two_regions(watched, tmp_path, below=300)
    company.load()
    one, two = (f"- Net sales, store {n}, 2026-03-01: 200.00, below 300.00" for n in ("One", "Two"))
    assert box.texts == [(["east@example.com"], one), (["boss@example.com"], f"{one}\n{two}")]
    company.deliver("pos_sales", sale(receipt_id="R2", net_amount="500.00"), name="2.csv")
    company.load()
    assert len(box.letters) == 2
    back = sale(receipt_id="R3", net_amount="-450.00", quantity="-1")
    company.deliver("pos_sales", back, name="3.csv")
    company.load()
    told = "- Net sales, store One, 2026-03-01: 250.00, below 300.00"
    assert box.texts[2:] == [(["east@example.com"], told), (["boss@example.com"], told)]


def test_a_band_rule_tells_what_is_usual(watched: Company, box: Postbox, tmp_path: Path) -> None:
    """S1 sells for 90.00 to 110.00 on each of eight Sundays, then for 200.00: the median is
    100.00, the MAD 5.00, and 1.4826 × 5.00 × 8 / 7.2 = 8.24 a deviation, so three are 24.71."""
    company = two_regions(watched, tmp_path, band=3, to="east@example.com")
    amounts = ("90", "110", "95", "105", "95", "105", "95", "105")
    before = [
        sale(receipt_id=f"B{week}", net_amount=amount,
             sold_at=f"{date(2026, 3, 1) - timedelta(weeks=week)}T10:00:00")
        for week, amount in enumerate(amounts, 1)
    ]  # fmt: skip
    company.deliver("pos_sales", *before, name="before.csv")
    company.load()
    usual = "usually 75.29 to 124.71 (the 8 such periods before)"
    told = f"- Net sales, store One, 2026-03-01: 200.00, {usual}"
    assert box.texts == [(["east@example.com"], told)]


def test_a_rule_for_somebody_who_is_not_listed_is_told_to_the_operator(
    watched: Company, box: Postbox, tmp_path: Path
) -> None:
    company = two_regions(watched, tmp_path, below=300, to="est@example.com")
    assert company.load().exit_code == job.OK
    ((to, text),) = box.texts
    assert to == ["ops@example.com"]
    assert text == (
        "- the rule weak cannot be watched for est@example.com: user est@example.com is not listed"
        f" in {company.settings.users}; did you mean east@example.com?"
    )


# The command -----------------------------------------------------------------------------------
def test_a_test_message_goes_to_everybody_who_would_be_told_or_says_why_not(
    company: Company, box: Postbox, tmp_path: Path
) -> None:
    def tried(port: int) -> tuple[int, str]:
        config = tmp_path / "guidepost.toml"
        config.write_text(
            f"[alerts]\nto = 'ops@example.com'\n[mail]\nhost = '127.0.0.1'\nport = {port}\n"
            "security = 'none'\nsender = 'guidepost@example.com'",
            encoding="utf-8",
        )
        told = etl(company, "alerts", "--test", CONFIG=config, WEBHOOK=box.webhook.address)
        return told.exit_code, told.output.strip()

    assert tried(box.mail_port) == (job.OK, "sent to ops@example.com, the webhook")
    assert [to for to, _ in box.texts] == [["ops@example.com"]] and len(box.posted) == 1
    code, told = tried(9)
    assert code == job.FAILED and told.startswith("not sent: 127.0.0.1:9 cannot be used")


def test_the_command_shows_what_breaks_a_rule_and_sends_nothing(
    company: Company, box: Postbox, tmp_path: Path
) -> None:
    users, config = tmp_path / "users.toml", tmp_path / "guidepost.toml"
    users.write_text(USERS, encoding="utf-8")
    config.write_text(
        "[rules.weak]\nfigure = 'receipts'\nbelow = 2\nto = ['boss@example.com']", encoding="utf-8"
    )
    company.deliver("pos_sales", sale())
    company.load()
    told = etl(company, "alerts", CONFIG=config, USERS=users).stdout
    assert told == "weak, for boss@example.com: Receipts, 2026-03-01: 1, below 2\n"
    nobody = etl(company, "alerts", CONFIG=config)
    assert nobody.exit_code == job.FAILED and "GUIDEPOST_USERS" in nobody.stderr
    assert not box.letters
