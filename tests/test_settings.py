"""Settings from the environment: defaults that work, and errors that name the setting."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import time, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from warehouse import settings
from warehouse.outbox import Mail, Webhook
from warehouse.settings import HOME, SettingError, Settings
from warehouse.watch import Rule, Schedule, Watch


def test_a_fresh_clone_needs_no_setting() -> None:
    given = settings.load({})
    assert given == Settings()
    assert given.warehouse.is_relative_to(HOME) and given.inbox.is_relative_to(HOME)
    assert (given.timezone, given.secret, given.users) == ("Asia/Shanghai", None, None)


def test_the_environment_is_read_and_an_empty_variable_is_none(
    clean_environment: Callable[[Mapping[str, str]], None], tmp_path: Path
) -> None:
    clean_environment({
        "GUIDEPOST_WAREHOUSE": str(tmp_path / "new"), "GUIDEPOST_INBOX": str(tmp_path),
        "GUIDEPOST_TIMEZONE": "Europe/Paris", "GUIDEPOST_SECRET": "s", "GUIDEPOST_USERS": "",
    })  # fmt: skip
    given = settings.load()
    assert (given.warehouse, given.inbox) == (tmp_path / "new", tmp_path)
    assert (given.timezone, given.secret, given.users) == ("Europe/Paris", "s", None)


def test_relative_directories_become_absolute(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert settings.load({"GUIDEPOST_INBOX": "in"}).inbox == tmp_path / "in"


@pytest.mark.parametrize(("name", "value", "said"), [
    ("TIMEZONE", "Mars/Olympus", "Asia/Shanghai"),
    ("TIMEZONE", "../../etc/passwd", "unknown time zone"),
    ("TIMEZONE", "Asia", "unknown time zone"),
    ("WAREHOUSE", "clickhouse://host/db", "give a directory"),
    ("WAREHOUSE", __file__, "this is a file"),
    ("INBOX", __file__, "this is a file"),
    ("SOURCES", "/nowhere/mappings", "no such directory"),
    ("SOURCES", __file__, "no such directory"),
    ("USERS", "/nowhere/users.toml", "no such file"),
    ("CONFIG", "/", "no such file"),
])  # fmt: skip
def test_a_wrong_setting_is_an_error_that_names_it(name: str, value: str, said: str) -> None:
    with pytest.raises(SettingError) as error:
        settings.load({f"GUIDEPOST_{name}": value})
    assert str(error.value).startswith(f"GUIDEPOST_{name}={value}: ")
    assert said in str(error.value)


def test_a_setting_nobody_reads_is_told_with_the_one_that_was_likely_meant(
    caplog: pytest.LogCaptureFixture,
) -> None:
    for _ in range(2):
        settings.load({"GUIDEPOST_INBOXX": "in", "GUIDEPOST_ENGINES": "both", "INBOXX": "x"})
    assert caplog.messages == [
        "GUIDEPOST_INBOXX is no setting and is ignored; did you mean GUIDEPOST_INBOX?"
    ]


def configured(folder: Path, text: str | bytes) -> Settings:
    path = folder / "guidepost.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return settings.load({"GUIDEPOST_CONFIG": str(path)})


def test_the_configuration_file_sets_rates_shares_and_days(tmp_path: Path) -> None:
    given = configured(tmp_path, """
        max_reject_share = 0
        comparable_after_days = 90
        late_after_hours = 12
        memory_share = 0.25
        [fee_rates]
        alipay = 0.006
        card = "0.01"
    """)  # fmt: skip
    assert given.fee_rates == {"alipay": Decimal("0.006"), "card": Decimal("0.01")}
    days = (given.max_reject_share, given.comparable_after_days, given.late_after_hours)
    assert days == (0.0, 90, 12)
    assert given.memory_share == 0.25


@pytest.mark.parametrize(("text", "said"), [
    ("max_reject_share = 20", "max_reject_share cannot be 20; give a share between 0 and 1"),
    ("max_reject_share = nan", "max_reject_share cannot be nan"),
    ("max_reject_share = true", "max_reject_share cannot be True"),
    ("max_reject_share = '0.2'", "max_reject_share cannot be '0.2'"),
    ("memory_share = 0", "memory_share cannot be 0; give a share between 0.05 and 1"),
    ("late_after_hours = 1.5", "late_after_hours cannot be 1.5"),
    ("late_after_hours = -1", "late_after_hours cannot be -1"),
    ("comparable_after_days = -1", "comparable_after_days cannot be -1"),
    ("fee_rates = 0.005", "fee_rates cannot be 0.005"),
    ("fee_rates.card = 'high'", "fee_rates.card cannot be 'high'; give a share such as 0.005"),
    ("fee_rates.card = 1.5", "fee_rates.card cannot be 1.5"),
    ("fee_rates.card = nan", "fee_rates.card cannot be nan"),
    ("fee_rates.card = true", "fee_rates.card cannot be True"),
    ("max_rejects = 0.1", "max_rejects is unknown; there are"),
    ("max_reject_share 0.1", "not valid TOML"),
    (b"# \xff\xfe", "not valid TOML"),
])  # fmt: skip
def test_a_wrong_configuration_is_an_error_that_names_file_and_entry(
    tmp_path: Path, text: str | bytes, said: str
) -> None:
    with pytest.raises(SettingError) as error:
        configured(tmp_path, text)
    assert str(error.value).startswith(f"GUIDEPOST_CONFIG={tmp_path / 'guidepost.toml'}: ")
    assert said in str(error.value)


# What is watched and how it is told ------------------------------------------------------------
def test_the_configuration_says_when_feeds_are_due_who_is_told_and_how(tmp_path: Path) -> None:
    config = tmp_path / "guidepost.toml"
    config.write_text("""
        [schedules.targets]
        due = ["18:00", "06:00"]
        days = ["mon", "fri"]
        max_age_hours = 200
        [alerts]
        to = "ops@example.com"
        max_rejects = 20
        [mail]
        host = "smtp.example.com"
        sender = "Guidepost <guidepost@example.com>"
        security = "tls"
        user = "guidepost"
        [webhook]
        msg = "{text}"
        [rules.weak]
        figure = "net_sales"
        by = "store"
        where = { city = ["Shanghai"] }
        period = "week"
        below = 10
        to = ["lin@example.com"]
    """, encoding="utf-8")  # fmt: skip
    hook = "https://hooks.example.com/a-secret"
    given = settings.load({
        "GUIDEPOST_CONFIG": str(config), "GUIDEPOST_SMTP_PASSWORD": "open sesame",
        "GUIDEPOST_WEBHOOK": hook,
    })  # fmt: skip
    times = (time(6), time(18))
    assert given.schedules == {"targets": Schedule(times, (0, 4), timedelta(hours=200))}
    assert given.alerts == Watch(("ops@example.com",), 20)
    assert given.mail == Mail(
        "smtp.example.com", "Guidepost <guidepost@example.com>", 465, "tls", "guidepost",
        "open sesame",
    )  # fmt: skip
    assert given.webhook == Webhook(hook, {"msg": "{text}"})
    where = (("city", ("Shanghai",)),)
    assert given.rules == {
        "weak": Rule("weak", "net_sales", ("lin@example.com",), "week", ("store",), where,
                     below=10)
    }  # fmt: skip
    assert "sesame" not in repr(given) and "a-secret" not in repr(given)


@pytest.mark.parametrize(("text", "said"), [
    ("schedules = 1", "schedules: must be tables such as [schedules.pos_sales]"),
    ("[schedules.pos_sale]\ndue = '06:00'", "unknown feed 'pos_sale'; did you mean pos_sales?"),
    ("[schedules.pos_sales]", 'pos_sales.due: say when it is due, as in due = "06:00"'),
    ("[schedules.pos_sales]\ndue = '6'", "pos_sales.due: '6' is no time of day"),
    ("[schedules.pos_sales]\ndue = '06:00'\ndays = ['Mo']", "did you mean"),
    ("[schedules.pos_sales]\ndue = '06:00'\nmax_age_hours = -1", "max_age_hours: give a whole"),
    ("[alerts]\nto = ['nobody']", "[alerts].to: 'nobody' is no e-mail address"),
    ("[alerts]\nmax_reject = 1", "unknown key 'max_reject'; did you mean max_rejects?"),
    ("[mail]\nhost = 'h'", "[mail].sender: give a text"),
    ("[mail]\nhost = 'h'\nsender = 'me'", "[mail].sender: 'me' is no e-mail address"),
    ("[mail]\npassword = 'x'", "unknown key 'password'"),
    ("[mail]\nhost = 'h'\nsender = 'a@b'\nuser = 'u'\nsecurity = 'none'", "in clear"),
    ("webhook = 'https://x'", "webhook: must be a table such as [webhook]"),
    ("[rules.r]\nfigure = 'net_sales'\nto = 'a'", "r: give above or below (or both), or else band"),
    ("[rules.r]\nfigure = 'net_sales'\nto = 'a'\nabove = 1\nband = 2", "or else band"),
    ("[rules.r]\nfigure = 'net_sales'\nto = 'a'\nband = 0", "give how many deviations"),
    ("[rules.r]\nfigure = 'net_sales'\nabove = 1", "r.to: name one user"),
    ("[rules.r]\nfigure = 'x'\nto = 'a'\nabove = 1\nby = 'shop'", "unknown dimension 'shop'"),
    ("[rules.r]\nfigure = 'x'\nto = 'a'\nabove = 1\nby = 'day'", "the period says which days"),
    ("[rules.r]\nfigure = 'x'\nto = 'a'\nabove = 1\nwhere = { shop = 'a' }", "'shop'"),
    ("[rules.r]\nfigure = 'x'\nto = 'a'\nabove = true", "r.above: give a number"),
])  # fmt: skip
def test_what_cannot_be_watched_or_told_is_an_error_that_names_it(
    tmp_path: Path, text: str, said: str
) -> None:
    with pytest.raises(SettingError) as error:
        configured(tmp_path, text)
    assert said in str(error.value)


def test_an_address_of_a_webhook_is_never_repeated() -> None:
    with pytest.raises(SettingError, match=r"GUIDEPOST_WEBHOOK: this is no address") as error:
        settings.load({"GUIDEPOST_WEBHOOK": "file:///etc/a-secret"})
    assert "a-secret" not in str(error.value)
