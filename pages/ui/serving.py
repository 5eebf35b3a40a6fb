"""How the server answers a browser: headers that keep the page to itself, and compression; and what
it does before anyone asks."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import AsyncIterator, MutableMapping
from contextlib import asynccontextmanager
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from threading import Timer
from typing import Any

import streamlit
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

_INLINE = re.compile(rb"<script>(.*?)</script>", re.DOTALL)


def _inline_scripts() -> str:
    """The digests of the scripts inside Streamlit's own page, which may run; no other may."""
    page = (Path(streamlit.__file__).parent / "static" / "index.html").read_bytes()
    digests = [b64encode(sha256(script).digest()).decode() for script in _INLINE.findall(page)]
    return " ".join(f"'sha256-{digest}'" for digest in digests)


POLICY = "; ".join(
    (
        "default-src 'self'",
        # Vega, which draws the sparklines, compiles its expressions.
        f"script-src 'self' 'unsafe-eval' {_inline_scripts()}",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "frame-ancestors 'self'",
    )
)
HEADERS = {
    b"content-security-policy": POLICY.encode(),
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"SAMEORIGIN",
    b"referrer-policy": b"same-origin",
    b"permissions-policy": b"camera=(), geolocation=(), microphone=()",
}


class SecurityHeaders:
    """Adds HEADERS to every answer: nothing is fetched from, sent to or framed by other sites."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and its answer back with the headers."""

        async def answer(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *HEADERS.items()]
            await send(message)

        await self.app(scope, receive, answer)


WARMED_AFTER = 15
"""Seconds after its start in which the first visitors have the server to themselves."""


@asynccontextmanager
async def lifespan(_: Any) -> AsyncIterator[None]:
    """While the server runs. Pandas is loaded before anyone comes: Streamlit would load it with the
    first table, and Plotly look into half of it where two viewers are first at the same time. Soon
    after the start a PDF is made that nobody sees, beside the pages: the first one loads what
    prints, finds the fonts, and starts Chromium from a cold disk."""
    import_module("pandas")
    warming = Timer(WARMED_AFTER, _print_once)
    warming.daemon = True
    warming.start()
    yield
    warming.cancel()


def _print_once() -> None:
    from reports import pdf

    pdf.made(pdf.SPECIMEN)


MIDDLEWARE = (Middleware(SecurityHeaders), Middleware(GZipMiddleware, minimum_size=2000))
"""Streamlit sends Plotly, 4.7 MB, as it is; compressed it is a third."""
