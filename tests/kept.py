"""Texts that are kept in the repository and made by the code: compared, or written anew."""

from __future__ import annotations

import os
from pathlib import Path

REWRITE = bool(os.environ.get("GUIDEPOST_REWRITE"))
"""Set by `make docs`."""


def matches(path: Path, text: str) -> None:
    """A kept file is what the code makes."""
    if REWRITE:
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert path.exists(), f"{path.name} is not there; write it with: make docs"
    assert path.read_text(encoding="utf-8") == text, f"{path.name} is not current; run: make docs"
