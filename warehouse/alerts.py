"""Who is told what, once: trouble of a run to those named in [alerts], and figures that broke a
rule (watch.Rule) to its users, each within their own scope.

Something is told when it begins, not again while it lasts. What could not be sent waits beside the
warehouse, in ALERTS, and is tried again by the next run.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from textwrap import shorten
from typing import Any
from zoneinfo import ZoneInfo

from warehouse import access, answers, bands, outbox
from warehouse.access import AccessError, Scope
from warehouse.answers import Reader
from warehouse.filters import Question, QuestionError
from warehouse.metrics import METRICS, Metric, Unit
from warehouse.outbox import Refused, Undelivered, Unreachable
from warehouse.settings import Settings
from warehouse.watch import Rule

LOG = logging.getLogger("guidepost.alerts")
ALERTS = "alerts.json"
MOST_LINES, MOST_WAITING, MOST_TRIES = 20, 100, 24
"""Lines of one message; messages kept to be tried again (the newest stay), and how often."""
_RUN, _RULES = "", "rules"
"""Under what is kept which troubles of runs, and which unusable rules, were told."""
_DAYS = {"day": 1, "week": 7, "month": 28}


@dataclass(frozen=True)
class Trouble:
    """Something to be told in one line; it is the same trouble as long as its `key` is."""

    key: str
    text: str


@dataclass(frozen=True)
class _Message:
    """To some addresses by e-mail; to none: by the webhook."""

    to: tuple[str, ...]
    subject: str
    text: str
    tries: int = 0


@dataclass
class _State:
    """What has been told to whom, by key of the trouble, and what still has to be."""

    told: dict[str, list[str]] = field(default_factory=dict)
    waiting: list[_Message] = field(default_factory=list)

    def news(self, to: str, troubles: Sequence[Trouble]) -> list[Trouble]:
        """Those not told yet; all of them count as told from now on, and no others."""
        known = self.told.get(to, [])
        self.told[to] = [trouble.key for trouble in troubles]
        return [trouble for trouble in troubles if trouble.key not in known]


def watched(settings: Settings) -> list[tuple[str, Rule]]:
    """Every user with each rule they are told of."""
    return [(user, rule) for rule in settings.rules.values() for user in rule.to]


# Rules -----------------------------------------------------------------------------------------
def broken(
    reader: Reader, rule: Rule, scope: Scope, settings: Settings, now: datetime | None = None
) -> list[Trouble]:
    """What breaks a rule in the last whole days before a time (naive UTC; left out: the present),
    of what a scope sees. Raises QuestionError where the rule cannot be asked."""
    days = answers.bounds(reader, access.EVERYTHING)
    if days is None or scope.is_empty:
        return []
    question = _question(rule, min(days[1], _yesterday(settings, now)))
    how = {"width": rule.band} if rule.band else {"periods": 1}
    found = bands.bands(reader, question, scope, settings, **how)  # type: ignore[arg-type]
    metric = METRICS[rule.figure]
    names = _names(reader, rule, scope)
    return [
        Trouble(_key(rule, row), f"{_what(rule, question, row, names)}: {_why(rule, metric, row)}")
        for row in found.iter_rows(named=True)
        if _breaks(rule, row)
    ]


def _yesterday(settings: Settings, now: datetime | None) -> date:
    moment = (now or datetime.now(UTC).replace(tzinfo=None)).replace(tzinfo=UTC)
    return moment.astimezone(ZoneInfo(settings.timezone)).date() - timedelta(days=1)


def _question(rule: Rule, end: date) -> Question:
    start = end - timedelta(days=_DAYS[rule.period] - 1)
    return Question((rule.figure,), start, end, rule.by, rule.where)


def _breaks(rule: Rule, row: Mapping[str, Any]) -> bool:
    value = row[rule.figure]
    if rule.band or value is None:
        return bool(value is not None and row["is_out"])
    too_high = rule.above is not None and value > rule.above
    return too_high or (rule.below is not None and value < rule.below)


def _key(rule: Rule, row: Mapping[str, Any]) -> str:
    return json.dumps([rule.name, *(row[name] for name in rule.by)], ensure_ascii=False)


def _names(reader: Reader, rule: Rule, scope: Scope) -> dict[str, dict[str, str]]:
    """What the values of each dimension of a rule are called."""
    frames = {name: answers.values(reader, name, scope, limit=100_000) for name in rule.by}
    return {
        name: dict(frame.select("value", "label").iter_rows()) for name, frame in frames.items()
    }


def _what(
    rule: Rule, question: Question, row: Mapping[str, Any], names: Mapping[str, Mapping[str, str]]
) -> str:
    label = METRICS[rule.figure].label
    parts = [f"{name} {names[name].get(row[name], row[name])}" for name in rule.by]
    parts += [f"{name} {', '.join(values)}" for name, values in rule.where]
    days = f"{question.start} to {question.end}" if _DAYS[rule.period] > 1 else f"{question.end}"
    return f"{label}{''.join(f', {part}' for part in parts)}, {days}"


def _why(rule: Rule, metric: Metric, row: Mapping[str, Any]) -> str:
    value = _written(metric, row[rule.figure])
    if rule.band:
        usual = " to ".join(_written(metric, row[f"usual_{side}"]) for side in ("low", "high"))
        return f"{value}, usually {usual} (the {row['sample']} such periods before)"
    is_high = rule.above is not None and row[rule.figure] > rule.above
    limit = rule.above if is_high else rule.below
    return f"{value}, {'above' if is_high else 'below'} {_written(metric, limit)}"


def _written(metric: Metric, value: Any) -> str:
    if metric.unit is Unit.RATIO:
        return f"{value:.1%}"
    return f"{value:,.0f}" if metric.unit in (Unit.COUNT, Unit.UNITS) else f"{value:,.2f}"


# Telling ---------------------------------------------------------------------------------------
def tell(
    settings: Settings, run: str, troubles: Sequence[Trouble], reader: Reader | None = None
) -> None:
    """Tell what is new of a run's troubles and, with what it published, of broken rules. `run` is
    what the run is called. Never raises for what cannot be sent, asked or kept: it is logged."""
    if not (settings.alerts.to or settings.webhook or settings.rules):
        return
    path = settings.warehouse / ALERTS
    state = _read(path)
    failed: list[Trouble] = []
    of_rules = list(_of_rules(settings, state, reader, failed)) if reader else []
    news = state.news(_RUN, troubles) + (state.news(_RULES, failed) if reader else [])
    of_run = list(_of_run(settings, run, news)) if news else []
    state.waiting = _deliver(settings, [*state.waiting, *of_run, *of_rules])[-MOST_WAITING:]
    _keep(path, state)


def _of_run(settings: Settings, run: str, news: Sequence[Trouble]) -> Iterator[_Message]:
    more = f"{len(news)} things need a person" if len(news) > 1 else news[0].text
    subject = f"Guidepost, {run}: {more}"
    if settings.alerts.to:
        yield _message(settings.alerts.to, subject, news)
    if settings.webhook:
        yield _message((), subject, news)


def _of_rules(
    settings: Settings, state: _State, reader: Reader, failed: list[Trouble]
) -> Iterator[_Message]:
    """What each user is told; `failed` gets the rules that could not be watched."""
    found: dict[str, list[Trouble]] = {user: [] for user, _ in watched(settings)}
    for user, rule in watched(settings):
        try:
            scope = access.scope_of(user, settings.users)
            found[user] += broken(reader, rule, scope, settings)
        except (AccessError, QuestionError) as error:
            text = f"the rule {rule.name} cannot be watched for {user}: {error}"
            LOG.error("%s", text)
            failed.append(Trouble(f"rule {rule.name} {user}", text))
    for user, troubles in found.items():
        news = state.news(user, troubles)
        if news:
            yield _message((user,), f"Guidepost: {_headline(news)}", news)


def _headline(news: Sequence[Trouble]) -> str:
    return news[0].text if len(news) == 1 else f"{len(news)} figures break a rule"


def _message(to: tuple[str, ...], subject: str, news: Sequence[Trouble]) -> _Message:
    lines = [f"- {trouble.text}" for trouble in news[:MOST_LINES]]
    if len(news) > MOST_LINES:
        lines.append(f"- and {len(news) - MOST_LINES} more")
    return _Message(to, shorten(subject, 150, placeholder=" …"), "\n".join(lines) + "\n")


def _deliver(settings: Settings, messages: Sequence[_Message]) -> list[_Message]:
    """Send messages; returns those to be tried again. What cannot be reached is tried once."""
    waiting, down = [], set()
    for message in messages:
        by_mail = bool(message.to)
        if by_mail in down:
            waiting.append(message)
            continue
        try:
            _send(settings, message)
            LOG.info("told %s: %s", _to(message), message.subject)
        except Undelivered as error:
            LOG.error("alert not sent to %s: %s", _to(message), error)
            if isinstance(error, Unreachable):
                down.add(by_mail)
            if not isinstance(error, Refused) and message.tries + 1 < MOST_TRIES:
                waiting.append(replace(message, tries=message.tries + 1))
    return waiting


def _to(message: _Message) -> str:
    return ", ".join(message.to) or "the webhook"


def _send(settings: Settings, message: _Message) -> None:
    if message.to:
        outbox.send(settings.mail, message.to, message.subject, message.text)
    else:
        outbox.post(settings.webhook, message.subject, message.text)


def test(settings: Settings) -> list[str]:
    """Send everybody in [alerts] and the webhook a message; returns to whom. Raises
    Undelivered."""
    text = "This is a test: alerts of Guidepost arrive here.\n"
    messages = [_Message(settings.alerts.to, "Guidepost: test", text)] if settings.alerts.to else []
    messages += [_Message((), "Guidepost: test", text)] if settings.webhook else []
    for message in messages:
        _send(settings, message)
    return [_to(message) for message in messages]


def _read(path: Path) -> _State:
    """What was told; nothing, where no state is kept yet or it cannot be read."""
    try:
        given = json.loads(path.read_text(encoding="utf-8"))
        waiting = [_Message(**{**one, "to": tuple(one["to"])}) for one in given["waiting"]]
        return _State(given["told"], waiting)
    except FileNotFoundError:
        return _State()
    except (OSError, ValueError, KeyError, TypeError) as error:
        LOG.error("%s cannot be read (%s); what it held may be told again", path, error)
        return _State()


def _keep(path: Path, state: _State) -> None:
    """Written aside and put in place, so that a crash leaves the old or the new state."""
    temporary = path.with_suffix(".tmp")
    try:
        temporary.touch(mode=0o600)
        temporary.write_text(json.dumps(asdict(state), ensure_ascii=False), encoding="utf-8")
        os.replace(temporary, path)
    except OSError as error:
        LOG.error("%s cannot be written (%s); alerts may be told again", path, error)
        with suppress(OSError):
            temporary.unlink()
