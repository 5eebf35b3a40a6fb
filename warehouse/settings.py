"""Settings from the environment; each has a default that works from a fresh clone."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from warehouse.filters import QuestionError
from warehouse.funnels import Funnel, described

HOME = Path(__file__).resolve().parent.parent


class SettingError(Exception):
    """A setting that cannot be used; the message names the setting and the cure."""


@dataclass(frozen=True)
class Settings:
    """Everything the environment decides.

    `fee_rates` maps a tender to the share the payment provider keeps (0.005 = 0.5 %);
    `max_reject_share` is the share of bad rows (0–1) above which a whole file is refused;
    `comparable_after_days` is how long a store must have been open to count as comparable;
    `late_after_hours` is how old a feed's newest event may be before it is shown as late;
    `funnels` are those that an analyst added to the shipped ones.
    """

    warehouse: Path = HOME / "data" / "warehouse"
    inbox: Path = HOME / "data" / "inbox"
    sources: Path | None = None
    timezone: str = "Asia/Shanghai"
    users: Path | None = None
    secret: str | None = None
    fee_rates: Mapping[str, Decimal] = field(
        default_factory=lambda: {"wechat_pay": Decimal("0.005")}
    )
    max_reject_share: float = 0.2
    comparable_after_days: int = 30
    late_after_hours: int = 36
    funnels: Mapping[str, Funnel] = field(default_factory=dict)


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Read GUIDEPOST_* from the environment, and the file that GUIDEPOST_CONFIG names.

    Raises SettingError, which names the setting, when a value cannot be used.
    """
    env = os.environ if environ is None else environ
    given = {name.removeprefix("GUIDEPOST_"): value for name, value in env.items() if value}
    default = Settings()
    return Settings(
        warehouse=_directory("WAREHOUSE", given, default.warehouse),
        inbox=_directory("INBOX", given, default.inbox),
        sources=_existing("SOURCES", given, "directory"),
        timezone=_timezone(given.get("TIMEZONE", default.timezone)),
        users=_existing("USERS", given, "file"),
        secret=given.get("SECRET"),
        **_config(_existing("CONFIG", given, "file")),
    )


def _directory(name: str, given: Mapping[str, str], default: Path) -> Path:
    value = given.get(name)
    if value is None:
        return default
    if "://" in value:
        raise SettingError(
            f"GUIDEPOST_{name}={value}: database servers are not supported yet; give a directory"
        )
    path = Path(value).expanduser().absolute()
    if path.exists() and not path.is_dir():
        raise SettingError(f"GUIDEPOST_{name}={value}: this is a file; give a directory")
    return path


def _existing(name: str, given: Mapping[str, str], kind: str) -> Path | None:
    value = given.get(name)
    if value is None:
        return None
    path = Path(value).expanduser().absolute()
    if not (path.is_dir() if kind == "directory" else path.is_file()):
        raise SettingError(f"GUIDEPOST_{name}={value}: there is no such {kind}")
    return path


def _timezone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise SettingError(
            f"GUIDEPOST_TIMEZONE={name}: unknown time zone; use a name such as Asia/Shanghai"
        ) from None
    return name


def _config(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingError(f"GUIDEPOST_CONFIG={path}: not valid TOML: {error}") from None
    return {name: _config_value(path, name, value) for name, value in given.items()}


def _config_value(path: Path, name: str, value: object) -> object:
    """One entry of the configuration file, checked for type and range."""
    where = f"GUIDEPOST_CONFIG={path}: {name}"
    if name == "fee_rates" and isinstance(value, dict):
        return {tender: _rate(f"{where}.{tender}", rate) for tender, rate in value.items()}
    if name == "funnels":
        return _funnels(where, value)
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if name == "max_reject_share" and number and 0 <= float(str(value)) <= 1:
        return float(str(value))
    whole = isinstance(value, int) and number and value >= 0
    if name in ("comparable_after_days", "late_after_hours") and whole:
        return value
    known = (
        "fee_rates", "max_reject_share", "comparable_after_days", "late_after_hours", "funnels"
    )  # fmt: skip
    cure = "a share between 0 and 1" if name == "max_reject_share" else "a whole number or a table"
    problem = (
        f"cannot be {value!r}; give {cure}" if name in known else f"is unknown; there are {known}"
    )
    raise SettingError(f"{where} {problem}")


def _funnels(where: str, tables: object) -> Mapping[str, Funnel]:
    try:
        return described(tables)
    except QuestionError as error:
        raise SettingError(f"{where}: {error}") from None


def _rate(where: str, value: object) -> Decimal:
    try:
        rate = Decimal(str(value))
    except InvalidOperation:
        rate = Decimal(-1)
    if not (rate.is_finite() and 0 <= rate < 1):
        raise SettingError(f"{where} cannot be {value!r}; give a share such as 0.005 for 0.5 %")
    return rate
