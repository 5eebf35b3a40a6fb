"""Settings from the environment: defaults that work, and errors that name the setting."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path

import pytest

from warehouse import settings
from warehouse.settings import HOME, SettingError, Settings


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


def configured(folder: Path, text: str | bytes) -> Settings:
    path = folder / "guidepost.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return settings.load({"GUIDEPOST_CONFIG": str(path)})


def test_the_configuration_file_sets_rates_shares_and_days(tmp_path: Path) -> None:
    given = configured(tmp_path, """
        max_reject_share = 0
        comparable_after_days = 90
        late_after_hours = 12
        [fee_rates]
        alipay = 0.006
        card = "0.01"
    """)  # fmt: skip
    assert given.fee_rates == {"alipay": Decimal("0.006"), "card": Decimal("0.01")}
    days = (given.max_reject_share, given.comparable_after_days, given.late_after_hours)
    assert days == (0.0, 90, 12)


@pytest.mark.parametrize(("text", "said"), [
    ("max_reject_share = 20", "max_reject_share cannot be 20; give a share between 0 and 1"),
    ("max_reject_share = nan", "max_reject_share cannot be nan"),
    ("max_reject_share = true", "max_reject_share cannot be True"),
    ("max_reject_share = '0.2'", "max_reject_share cannot be '0.2'"),
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
