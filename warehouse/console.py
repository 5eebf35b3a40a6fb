"""What both command lines share: errors in one sentence, output formats."""

from __future__ import annotations

import logging
import secrets
import sys
from collections.abc import Callable
from functools import wraps
from typing import NoReturn, ParamSpec, TypeVar

import click

from warehouse.access import AccessError
from warehouse.engine import EngineError, NothingPublished, QueryTimeout
from warehouse.filters import QuestionError
from warehouse.settings import SettingError
from warehouse.turns import Busy
from warehouse.versions import NoSuchVersion

LOG = logging.getLogger("guidepost")
P = ParamSpec("P")
R = TypeVar("R")

USERS_MISTAKES = (SettingError, AccessError, QuestionError, QueryTimeout, Busy, NoSuchVersion)


def fail(message: str, code: int = 1) -> NoReturn:
    """Say why on stderr and exit."""
    click.echo(message, err=True)
    sys.exit(code)


def plainly(command: Callable[P, R]) -> Callable[P, R]:
    """Errors as one sentence. What nobody foresaw gets a number, and its trace goes to the log
    file that GUIDEPOST's logger was given (none by default), never to the terminal."""

    @wraps(command)
    def plain(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except USERS_MISTAKES as error:
            fail(str(error))
        except NothingPublished:
            fail("no warehouse has been published yet; run: python -m etl run")
        except EngineError as error:
            fail(f"the warehouse could not answer: {str(error).splitlines()[0]}")
        except Exception as error:
            number = secrets.token_hex(4)
            LOG.debug("error %s", number, exc_info=True)
            fail(f"something went wrong (error {number}: {type(error).__name__}: {error})")

    return plain


def output_format(*layouts: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """The --format option, its first layout being the default."""
    return click.option(
        "--format", "layout", type=click.Choice(layouts), default=layouts[0], show_default=True
    )
