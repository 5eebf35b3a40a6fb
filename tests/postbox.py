"""A real mail server and a real web server on this machine, which keep what they are sent."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from warehouse.outbox import Mail, Webhook


@dataclass
class Postbox:
    """What arrived: letters with the addresses they were for, and what was posted. `status` and
    `answer` are what the web server says to a post."""

    mail_port: int = 0
    web_port: int = 0
    letters: list[tuple[list[str], EmailMessage]] = field(default_factory=list)
    posted: list[Any] = field(default_factory=list)
    status: int = 200
    answer: bytes = b'{"errcode": 0}'

    @property
    def mail(self) -> Mail:
        """How the mail server is named in settings."""
        return Mail("127.0.0.1", "guidepost@example.com", self.mail_port, "none")

    @property
    def webhook(self) -> Webhook:
        """How the web server is named in settings."""
        return Webhook(f"http://127.0.0.1:{self.web_port}/hook/a-secret")

    @property
    def texts(self) -> list[tuple[list[str], str]]:
        """To whom each letter went, and its text."""
        plain = [(to, letter.get_body(("plain",))) for to, letter in self.letters]
        told = [(to, cast(EmailMessage, part).get_content()) for to, part in plain]
        return [(to, text.replace("\r\n", "\n").strip()) for to, text in told]


class _Postman:
    """Keeps letters; knows nobody at nowhere.example."""

    def __init__(self, box: Postbox) -> None:
        self._box = box

    async def handle_RCPT(
        self, _: Any, __: Any, envelope: Any, address: str, ___: list[str]
    ) -> str:
        if address.endswith("nowhere.example"):
            return "550 no such person"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _: Any, __: Any, envelope: Any) -> str:
        letter = message_from_bytes(envelope.content, policy=default)
        self._box.letters.append((list(envelope.rcpt_tos), cast(EmailMessage, letter)))
        return "250 OK"


class _Server(Controller):  # type: ignore[misc]
    """Takes any port that is free."""

    def _trigger_server(self) -> None:
        server: Any = self.server
        self.port = server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]


def _may(_: Any, __: Any, ___: Any, ____: Any, given: LoginPassword) -> AuthResult:
    return AuthResult(success=given.password == b"open sesame", handled=False)


@contextmanager
def open_postbox(tls: ssl.SSLContext | None = None) -> Iterator[Postbox]:
    """Both servers; with `tls` nobody is let in but by STARTTLS and a password."""
    box = Postbox()
    how: dict[str, Any] = {"auth_required": True, "require_starttls": True, "authenticator": _may}
    mail = _Server(
        _Postman(box), "127.0.0.1", 0, **({"tls_context": tls, **how} if tls else {})
    )  # fmt: skip
    mail.start()
    web = HTTPServer(("127.0.0.1", 0), _page(box))
    box.mail_port, box.web_port = mail.port, web.server_port
    thread = threading.Thread(target=web.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield box
    finally:
        mail.stop()
        web.shutdown()
        thread.join()
        web.server_close()


def _page(box: Postbox) -> type[BaseHTTPRequestHandler]:
    class Page(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent = self.rfile.read(int(self.headers["Content-Length"]))
            box.posted.append(json.loads(sent))
            self.send_response(box.status)
            self.send_header("Location", "/elsewhere")
            self.end_headers()
            self.wfile.write(box.answer)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    return Page
