"""What leaves the house: e-mail and a webhook. Alerts and digests are sent from here alone.

The mail server stands in the configuration, its password and the webhook's address (which names a
secret with most services) in the environment only; neither is ever part of a message of ours.
"""

from __future__ import annotations

import json
import smtplib
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, make_msgid, parseaddr
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from warehouse.filters import QuestionError
from warehouse.given import Given

TIMEOUT = 30
"""Seconds a server may take to answer."""
_SECURITY = ("starttls", "tls", "none")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_REFUSALS = ("errcode", "code", "StatusCode")
"""Where services that answer 200 to everything say that they refused: any number but 0."""


class Undelivered(Exception):
    """A message that did not go out; says why and what to do."""


class Unreachable(Undelivered):
    """Nothing gets there now: the server cannot be used."""


class Refused(Undelivered):
    """Trying again would not help: addresses that are not accepted. Others have the message."""


@dataclass(frozen=True)
class Mail:
    """A mail server: `security` is starttls, tls or none; `sender` what stands in From."""

    host: str
    sender: str
    port: int = 587
    security: str = "starttls"
    user: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True)
class Webhook:
    """Where alerts are posted as JSON. `body` is what is posted, `{subject}` and `{text}` standing
    for these in any text of it; without one it is those two."""

    address: str = field(repr=False)
    body: Mapping[str, Any] = field(
        default_factory=lambda: {"subject": "{subject}", "text": "{text}"}
    )


@dataclass(frozen=True)
class File:
    """Something that goes with a message; HTML shows an inline one as `<img src="cid:NAME">`."""

    name: str
    content: bytes
    type: str = "application/octet-stream"


def mail_server(table: object) -> Mail | None:
    """The table [mail] of the configuration, without the password; an empty one names none.
    Raises QuestionError."""
    given = Given("[mail]", table, ("host", "sender", "port", "security", "user"))
    if not given.table:
        return None
    security = given.one_of("security", _SECURITY)
    port = given.whole("port", {"starttls": 587, "tls": 465}.get(security, 25))
    host, sender = given.text("host", None), given.text("sender", None)
    user = given.text("user", "")
    if not is_address(sender):
        raise given.wrong("sender", f"{sender!r} is no e-mail address")
    if user and security == "none" and host not in _LOOPBACK:
        raise given.wrong("security", "a password would be sent in clear; use starttls or tls")
    return Mail(host, sender, port, security, user)


def webhook_body(table: object) -> Mapping[str, Any]:
    """The table [webhook] of the configuration: what is posted. Raises QuestionError."""
    if not isinstance(table, Mapping):
        raise QuestionError('must be a table such as [webhook] with text = "{text}"')
    return table


def is_web_address(text: str) -> bool:
    """Whether a text can be posted to."""
    parts = urlsplit(text)
    return parts.scheme in ("https", "http") and bool(parts.hostname)


def is_address(text: str) -> bool:
    """Whether a text can be written to."""
    name, at, place = parseaddr(text)[1].rpartition("@")
    return bool(name and at and place) and not any(mark.isspace() for mark in place)


def send(
    mail: Mail | None,
    recipients: Sequence[str],
    subject: str,
    text: str,
    html: str | None = None,
    attachments: Sequence[File] = (),
    inline: Sequence[File] = (),
) -> None:
    """One e-mail to all recipients, who see each other; send to each alone what not all may see.
    Raises Unreachable, and Refused when some of them did not get it."""
    if mail is None:
        raise Unreachable("no mail server is named; add [mail] to the file of GUIDEPOST_CONFIG")
    message = _message(mail.sender, recipients, subject, text, html, attachments, inline)
    try:
        with _connected(mail) as server:
            refused = server.send_message(message)
    except smtplib.SMTPAuthenticationError:
        cure = "correct mail.user or GUIDEPOST_SMTP_PASSWORD"
        raise Unreachable(f"{mail.host} does not let {mail.user} in; {cure}") from None
    except smtplib.SMTPRecipientsRefused as error:
        raise Refused(_refused(mail, error.recipients)) from None
    except (OSError, smtplib.SMTPException) as error:
        told = f"{mail.host}:{mail.port} cannot be used ({error}); check [mail]"
        raise Unreachable(told) from None
    if refused:
        raise Refused(_refused(mail, refused))


def _refused(mail: Mail, recipients: Mapping[str, Any]) -> str:
    return f"{mail.host} refuses to deliver to {', '.join(recipients)}; correct the address"


def _connected(mail: Mail) -> smtplib.SMTP:
    """Logged in, and encrypted where it is said to be."""
    context = ssl.create_default_context()
    if mail.security == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(
            mail.host, mail.port, timeout=TIMEOUT, context=context
        )
    else:
        server = smtplib.SMTP(mail.host, mail.port, timeout=TIMEOUT)
    try:
        if mail.security == "starttls":
            server.starttls(context=context)
        if mail.user:
            server.login(mail.user, mail.password)
    except BaseException:
        server.close()
        raise
    return server


def _message(
    sender: str, recipients: Sequence[str], subject: str, text: str,
    html: str | None, attachments: Sequence[File], inline: Sequence[File],
) -> EmailMessage:  # fmt: skip
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"] = sender, ", ".join(recipients)
    message["Subject"] = " ".join(subject.split())
    message["Date"] = formatdate()
    message["Message-ID"] = make_msgid(domain=parseaddr(sender)[1].rpartition("@")[2])
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    if html is not None:
        message.add_alternative(html, subtype="html")
        shown = message.get_payload()[-1]  # type: ignore[index]
        for file in inline:
            kind, _, subtype = file.type.partition("/")
            shown.add_related(  # type: ignore[union-attr]
                file.content, kind, subtype, cid=f"<{file.name}>", filename=file.name
            )
    for file in attachments:
        kind, _, subtype = file.type.partition("/")
        message.add_attachment(file.content, kind, subtype, filename=file.name)
    return message


class _NoDetour(HTTPRedirectHandler):
    """A redirected POST would arrive as a GET that says nothing."""

    def redirect_request(self, *_: Any) -> None:
        """Follow none."""


def post(hook: Webhook | None, subject: str, text: str) -> None:
    """Post a message to a webhook. Raises Undelivered; its text names the host and no more."""
    if hook is None:
        raise Unreachable("no webhook is named; set GUIDEPOST_WEBHOOK to its address")
    data = json.dumps(_filled(hook.body, {"{subject}": subject, "{text}": text})).encode()
    request = Request(hook.address, data, {"Content-Type": "application/json"}, method="POST")
    host = urlsplit(hook.address).hostname
    try:
        with build_opener(_NoDetour).open(request, timeout=TIMEOUT) as answer:
            told = _refusal(answer.read(10_000))
    except HTTPError as error:
        told = f"HTTP {error.code}"
        error.close()
    except (OSError, ValueError) as error:
        why = getattr(error, "reason", type(error).__name__)
        told = f"the webhook at {host} cannot be reached ({why}); check GUIDEPOST_WEBHOOK"
        raise Unreachable(told) from None
    if told:
        raise Undelivered(f"the webhook at {host} answers {told}; check GUIDEPOST_WEBHOOK")


def _filled(body: Any, words: Mapping[str, str]) -> Any:
    if isinstance(body, Mapping):
        return {key: _filled(value, words) for key, value in body.items()}
    if isinstance(body, list):
        return [_filled(value, words) for value in body]
    if isinstance(body, str):
        subject, text = words["{subject}"], words["{text}"]
        return text.join(part.replace("{subject}", subject) for part in body.split("{text}"))
    return body


def _refusal(answer: bytes) -> str:
    """What a service that answered says against it; nothing when it took the message."""
    try:
        said = json.loads(answer)
    except ValueError:
        return ""
    said = said if isinstance(said, dict) else {}
    refusals = (key for key in _REFUSALS if said.get(key) not in (None, 0, 200))
    return ", ".join(f"{key} {said[key]}" for key in refusals)
