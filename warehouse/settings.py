"""Settings from the environment; each has a default that works from a fresh clone."""

from __future__ import annotations

import difflib
import logging
import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from warehouse import digests, funnels, outbox, watch
from warehouse.digests import Digest
from warehouse.filters import QuestionError
from warehouse.funnels import Funnel
from warehouse.outbox import Mail, Webhook
from warehouse.watch import Rule, Schedule, Watch

LOG = logging.getLogger("guidepost")
HOME = Path(__file__).resolve().parent.parent
NAMES = frozenset({
    "WAREHOUSE", "INBOX", "VIEWS", "SOURCES", "TIMEZONE", "USERS", "SECRET", "CONFIG", "WEBHOOK",
    "SMTP_PASSWORD", "ADDRESS", "ENGINES", "REWRITE", "PICTURES",
})  # fmt: skip
"""What may follow GUIDEPOST_ in the environment; the last three are for tests."""


class SettingError(Exception):
    """A setting that cannot be used; the message names the setting and the cure."""


@dataclass(frozen=True)
class Settings:
    """Everything the environment decides.

    `fee_rates` maps a tender to the share the payment provider keeps (0.005 = 0.5 %);
    `max_reject_share` is the share of bad rows (0–1) above which a whole file is refused;
    `comparable_after_days` is how long a store must have been open to count as comparable;
    `late_after_hours` is how old a feed's newest event may be before it is shown as late;
    `memory_share` is how much of the machine's memory (0–1) the dashboard's queries may take;
    `funnels` are those that an analyst added to the shipped ones; `schedules` say when a feed is
    due, `alerts` who is told of trouble, `rules` what figures must keep to (watch.py); `mail` and
    `webhook` are how they are told. `digests` are mails with figures; `address` is where viewers
    find the dashboard, for the links in them.
    """

    warehouse: Path = HOME / "data" / "warehouse"
    inbox: Path = HOME / "data" / "inbox"
    views: Path = HOME / "data" / "views"
    sources: Path | None = None
    timezone: str = "Asia/Shanghai"
    users: Path | None = None
    secret: str | None = field(default=None, repr=False)
    fee_rates: Mapping[str, Decimal] = field(
        default_factory=lambda: {"wechat_pay": Decimal("0.005")}
    )
    max_reject_share: float = 0.2
    comparable_after_days: int = 30
    late_after_hours: int = 36
    memory_share: float = 0.3
    funnels: Mapping[str, Funnel] = field(default_factory=dict)
    schedules: Mapping[str, Schedule] = field(default_factory=dict)
    alerts: Watch = field(default_factory=Watch)
    rules: Mapping[str, Rule] = field(default_factory=dict)
    mail: Mail | None = None
    webhook: Webhook | None = None
    digests: Mapping[str, Digest] = field(default_factory=dict)
    address: str | None = None


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Read GUIDEPOST_* from the environment, and the file that GUIDEPOST_CONFIG names.

    Raises SettingError, which names the setting, when a value cannot be used.
    """
    env = os.environ if environ is None else environ
    given = {
        name.removeprefix("GUIDEPOST_"): value
        for name, value in env.items()
        if value and name.startswith("GUIDEPOST_")
    }
    for name in sorted(given.keys() - NAMES):
        _warn_of(name)
    default = Settings()
    config = _config(_existing("CONFIG", given, "file"))
    webhook = _webhook(given.get("WEBHOOK"), config.pop("webhook", {}))
    if config.get("mail"):
        config["mail"] = replace(config["mail"], password=given.get("SMTP_PASSWORD", ""))
    warehouse = _directory("WAREHOUSE", given, default.warehouse)
    return Settings(
        warehouse=warehouse,
        inbox=_directory("INBOX", given, default.inbox),
        views=_directory("VIEWS", given, warehouse.parent / default.views.name),
        sources=_existing("SOURCES", given, "directory"),
        timezone=_timezone(given.get("TIMEZONE", default.timezone)),
        users=_existing("USERS", given, "file"),
        secret=given.get("SECRET"),
        webhook=webhook,
        address=_address(given.get("ADDRESS")),
        **config,
    )


@cache
def _warn_of(name: str) -> None:
    """Tell once of a setting nobody reads: most likely another was meant."""
    near = difflib.get_close_matches(name, NAMES, n=1)
    meant = f"; did you mean GUIDEPOST_{near[0]}?" if near else ""
    LOG.warning("GUIDEPOST_%s is no setting and is ignored%s", name, meant)


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
    if name in _TABLES:
        return _read(where, _TABLES[name], value)
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if name in _SHARES and number and _SHARES[name] <= float(str(value)) <= 1:
        return float(str(value))
    whole = isinstance(value, int) and number and value >= 0
    if name in _NUMBERS and whole:
        return value
    known = ("fee_rates", *_SHARES, *_NUMBERS, *_TABLES)
    is_share = name in _SHARES
    cure = f"a share between {_SHARES[name]} and 1" if is_share else "a whole number or a table"
    if name in known:
        raise SettingError(f"{where} cannot be {value!r}; give {cure}")
    raise SettingError(f"{where} is unknown; there are {', '.join(known)}")


_SHARES = {"max_reject_share": 0, "memory_share": 0.05}
"""Each with the least it may be."""
_NUMBERS = ("comparable_after_days", "late_after_hours")
_TABLES: Mapping[str, Callable[[object], object]] = {
    "funnels": funnels.described,
    "schedules": watch.schedules,
    "alerts": watch.watch,
    "rules": watch.rules,
    "mail": outbox.mail_server,
    "webhook": outbox.webhook_body,
    "digests": digests.digests,
}


def _read(where: str, described: Callable[[object], object], table: object) -> object:
    try:
        return described(table)
    except QuestionError as error:
        raise SettingError(f"{where}: {error}") from None


def _webhook(address: str | None, body: Mapping[str, Any]) -> Webhook | None:
    """The address is a secret with most services, so no error repeats it."""
    if address is None:
        return None
    if not outbox.is_web_address(address):
        raise SettingError("GUIDEPOST_WEBHOOK: this is no address; it starts with https://")
    return Webhook(address, body) if body else Webhook(address)


def _address(given: str | None) -> str | None:
    if given is not None and not outbox.is_web_address(given):
        raise SettingError(
            f"GUIDEPOST_ADDRESS={given}: this is no address; it starts with https://"
        )
    return given.rstrip("/") if given else None


def _rate(where: str, value: object) -> Decimal:
    try:
        rate = Decimal(str(value))
    except InvalidOperation:
        rate = Decimal(-1)
    if not (rate.is_finite() and 0 <= rate < 1):
        raise SettingError(f"{where} cannot be {value!r}; give a share such as 0.005 for 0.5 %")
    return rate
