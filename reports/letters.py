"""Digests by mail: who gets which, and what becomes of sending them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from reports import digest, formats, i18n
from reports.asking import Reading
from reports.i18n import LANGUAGES, t
from reports.paper import Paper
from reports.printed import Printed, filled, printed
from reports.view import PERIODS, View, period_of
from warehouse import access, answers, outbox
from warehouse.access import AccessError
from warehouse.answers import Reader
from warehouse.digests import Digest
from warehouse.filters import QuestionError, nearest
from warehouse.outbox import File
from warehouse.settings import Settings

WIDTH = 480
"""Pixels of a chart in a mail."""
MOST_ROWS = 15
_PERIODS = ("last_7", *(name for name in PERIODS if name not in ("last_7", "custom")))
"""The periods a digest may be of; the first where none is named."""


class Unsent(Exception):
    """A digest somebody does not get; says why and what to do."""


@dataclass(frozen=True)
class Letter:
    """A digest ready to be sent; the HTML shows the pictures by their names."""

    digest: str
    to: str
    subject: str
    text: str
    html: str
    pictures: tuple[File, ...]


def wanted(
    settings: Settings, names: Iterable[str], to: Iterable[str]
) -> Iterator[tuple[Digest, str]]:
    """Each digest and recipient asked for: of these names and users, where any are given. Raises
    QuestionError for a name or user without a digest."""
    known = settings.digests
    if not known:
        raise QuestionError(
            "no digest is declared; add [digests.NAME] to the file of GUIDEPOST_CONFIG"
        )
    users = {user for one in known.values() for user in one.to}
    for kind, given, among in (("digest", names, known), ("recipient", to, users)):
        for name in given:
            if name not in among:
                raise nearest(kind, name, among)
    for one in known.values():
        _check(one)
        if not names or one.name in names:
            yield from ((one, user) for user in one.to if not to or user in to)


def _check(one: Digest) -> None:
    for key, value, choices in (
        ("language", one.language, LANGUAGES), ("period", one.period, _PERIODS)
    ):  # fmt: skip
        if value and value not in choices:
            raise QuestionError(f"digests.{one.name}.{key}: {nearest(key, value, choices)}")


def written(reader: Reader, one: Digest, user: str, settings: Settings) -> Letter:
    """A digest within the scope of its recipient, in its language. Raises Unsent."""
    i18n.speak(one.language or LANGUAGES[0])
    if not outbox.is_address(user):
        raise Unsent(f"{user} is no e-mail address; correct digests.{one.name}.to")
    asking = _asking(reader, one, user, settings)
    paper = digest.made(asking)
    shown = printed(paper, WIDTH, MOST_ROWS)
    pictures = tuple(
        File(f"chart-{place}.png", part.picture, "image/png")
        for place, part in enumerate(shown)
        if part.picture
    )
    link, why = digest.link(asking), t("digest.why", name=one.name)
    html = filled("mail.html", paper, sections=shown, link=link, open=t("digest.open"), why=why)
    text = _text(paper, shown, link, why)
    dates = formats.period(asking.view.start, asking.view.end)
    subject = f"Guidepost · {dates} · {paper.title}"
    return Letter(one.name, user, subject, text, html, pictures)


def _asking(reader: Reader, one: Digest, user: str, settings: Settings) -> Reading:
    try:
        scope = access.scope_of(user, settings.users)
    except AccessError as error:
        raise Unsent(f"{user} gets no digest: {error}") from None
    if scope.is_empty:
        raise Unsent(f"{user} gets no digest: they see no store; list stores or regions for them")
    days = answers.bounds(reader, scope)
    if days is None:
        raise Unsent(f"{user} gets no digest: there are no sales they may see yet")
    period, start, end = period_of({"period": one.period or _PERIODS[0]}, days[1])
    return Reading(scope, settings, reader, View(start, end, period, compare=one.compare))


def _text(paper: Paper, shown: Iterable[Printed], link: str | None, why: str) -> str:
    """The same without pictures, for who reads no HTML."""
    lines = [paper.title, paper.said]
    for section in shown:
        lines += ["", *((section.title,) if section.title != paper.title else ())]
        for table in section.tables:
            lines += [_line(row, [one.text for one in table.headings]) for row in table.rows]
            lines += [table.cut] if table.cut else []
    lines += ["", f"{t('digest.open')}: {link}"] if link else []
    return "\n".join([*lines, "", why, ""])


def _line(row: Iterable[str], headings: Sequence[str]) -> str:
    first, *rest = row
    told = (f"{name} {cell}" for name, cell in zip(headings[1:], rest, strict=True))
    return f"- {first}: {t('format.comma').join(told)}"


def send(letter: Letter, settings: Settings) -> None:
    """Send a digest to its recipient alone. Raises Unsent, and outbox.Unreachable where nobody can
    be sent anything."""
    try:
        outbox.send(
            settings.mail, [letter.to], letter.subject, letter.text, letter.html,
            inline=letter.pictures,
        )  # fmt: skip
    except outbox.Refused as error:
        raise Unsent(f"{letter.to} did not get {letter.digest}: {error}") from None
