"""What can be wrong with a delivery or a mapping."""

from __future__ import annotations


class SourceError(Exception):
    """A file or mapping that cannot be used: one sentence that names it and the cure."""


class StillWriting(SourceError):
    """The file changed while it was read: whoever delivers it has not finished."""
