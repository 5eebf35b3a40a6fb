"""Pictures of charts, drawn without a window by the Chromium of this machine.

It takes seconds to start and holds a few hundred megabytes, so it is kept for a while after it was
last needed, then closed.
"""

from __future__ import annotations

import asyncio
import atexit
import threading
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from kaleido import Kaleido

from reports import charts

KEPT = 300
"""Seconds Chromium is kept after its last picture."""
AT_ONCE = 2
SHARP = 2
"""Dots for each pixel of a page."""
TIMEOUT = 30
"""Seconds a picture may take."""
R = TypeVar("R")


class NoPicture(Exception):
    """A chart could not be drawn; says what to do."""


class Studio:
    """One Chromium for the process, whichever threads ask for pictures."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop = asyncio.new_event_loop()
        self._browser: Kaleido | None = None
        self._closing: threading.Timer | None = None

    def drawn(self, figures: Sequence[Any], width: int) -> list[bytes]:
        """A PNG of each figure, `width` pixels of a page wide and sharp on paper, in light colours.
        Raises NoPicture."""
        if not figures:
            return []
        with self._lock:
            self._stay()
            try:
                options = {"width": width, "scale": SHARP, "format": "png"}
                return self._run(self._pictures(figures, options))
            except Exception as error:
                self._forget()
                raise NoPicture(f"Chromium drew no chart ({error}); is it installed?") from error
            finally:
                self._leave()

    def close(self) -> None:
        """Let go of Chromium; it is started again when it is needed."""
        with self._lock:
            self._forget()

    async def _pictures(self, figures: Sequence[Any], options: dict[str, Any]) -> list[bytes]:
        if self._browser is None:
            self._browser = await Kaleido(n=AT_ONCE, mathjax=False, timeout=TIMEOUT)
        browser = self._browser
        painted = (charts.painted(figure, "light") for figure in figures)
        tasks = (
            browser.calc_fig(one, opts={"height": one.layout.height, **options}) for one in painted
        )
        return list(await asyncio.gather(*tasks))

    def _run(self, coroutine: Coroutine[Any, Any, R]) -> R:
        """In a thread of its own, which lives as long as the process."""
        if not self._loop.is_running():
            threading.Thread(target=self._loop.run_forever, daemon=True).start()
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(2 * TIMEOUT)

    def _stay(self) -> None:
        if self._closing is not None:
            self._closing.cancel()

    def _leave(self) -> None:
        self._closing = threading.Timer(KEPT, self.close)
        self._closing.daemon = True
        self._closing.start()

    def _forget(self) -> None:
        browser, self._browser = self._browser, None
        if browser is not None:
            with suppress(Exception):
                self._run(browser.close())


STUDIO = Studio()
atexit.register(STUDIO.close)
