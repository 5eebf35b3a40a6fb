"""So many at once, and whoever comes first is served first."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Lock


class Busy(Exception):
    """Too much is asked at once; the same may be answered a moment later."""


class Turns:
    """Turns for threads, `at_once` of them. A semaphore lets whoever has just had a turn take the
    next one before those who wait: under load some waited for many seconds."""

    def __init__(self, at_once: int) -> None:
        self._lock = Lock()
        self._free = at_once
        self._waiting: deque[Event] = deque()

    @contextmanager
    def taken(self, seconds: float) -> Iterator[None]:
        """Hold a turn, waited for no longer than that. Raises Busy."""
        self._take(seconds)
        try:
            yield
        finally:
            with self._lock:
                self._pass_on()

    def _take(self, seconds: float) -> None:
        with self._lock:
            if self._free:
                self._free -= 1
                return
            mine = Event()
            self._waiting.append(mine)
        if mine.wait(seconds):
            return
        with self._lock:
            if not mine.is_set():  # it may have been handed over this very moment
                self._waiting.remove(mine)
                raise Busy(f"others kept it waiting for {seconds} seconds; ask again in a moment")

    def _pass_on(self) -> None:
        if self._waiting:
            self._waiting.popleft().set()
        else:
            self._free += 1
