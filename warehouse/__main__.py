"""`python -m warehouse`: metrics, query, funnel, reconcile, whatif, explain, differ."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import click
import polars as pl

from warehouse import answers, explanations, settings, show
from warehouse.access import EVERYTHING, Scope, scope_of
from warehouse.console import fail, output_format, plainly
from warehouse.credit import POLICIES
from warehouse.engine import reading
from warehouse.filters import COMPARISONS, ORGANISATIONS, Question, QuestionError
from warehouse.metrics import METRICS
from warehouse.settings import Settings

_DAY = click.DateTime(["%Y-%m-%d"])
_FORMAT = output_format("table", "csv", "json")
_USER = click.option("--as", "user", help="See what this user of GUIDEPOST_USERS sees.")
_FROM = click.option("--from", "start", type=_DAY, required=True, help="First business date.")
_TO = click.option("--to", "end", type=_DAY, required=True, help="Last business date.")


def _scope(user: str | None, given: Settings) -> Scope:
    return EVERYTHING if user is None else scope_of(user, given.users)


@click.group(help="Ask the published warehouse.")
def main() -> None:
    """The command line of the warehouse."""


@main.command()
@_FORMAT
def metrics(layout: str) -> None:
    """Every figure, its definition and its unit."""
    rows = [(metric.key, metric.unit.value, metric.definition) for metric in METRICS.values()]
    frame = pl.DataFrame(rows, schema=["key", "unit", "definition"], orient="row")
    click.echo(show.shown(frame, layout))


@main.command()
@click.argument("keys")
@_FROM
@_TO
@click.option("--by", default="", help="Dimensions to group by, separated by commas.")
@click.option("--where", "where", multiple=True, metavar="DIM=V[,V]", help="Only these values.")
@click.option("--compare", type=click.Choice(COMPARISONS), help="Add KEY_compare.")
@click.option("--org", type=click.Choice(ORGANISATIONS), default="as_was", show_default=True)
@click.option(
    "--credit",
    default="standard",
    show_default=True,
    metavar="POLICY[@DAYS]",
    help=f"Credit online orders by {', '.join(POLICIES)}.",
)
@_USER
@_FORMAT
@plainly
def query(
    keys: str, start: datetime, end: datetime, by: str, where: tuple[str, ...],
    compare: str | None, org: str, credit: str, user: str | None, layout: str,
) -> None:  # fmt: skip
    """Figures (KEY[,KEY…]) of a period, grouped and narrowed."""
    given = settings.load()
    question = Question(
        _listed(keys),
        start.date(),
        end.date(),
        _listed(by),
        tuple(map(_filter, where)),
        compare,
        org,
        credit,
    )
    with reading(given.warehouse) as snapshot:
        click.echo(
            show.shown(answers.answer(snapshot, question, _scope(user, given), given), layout)
        )


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _filter(text: str) -> tuple[str, tuple[str, ...]]:
    name, equals, values = text.partition("=")
    if not equals or not _listed(values):
        raise QuestionError(f"--where {text}: write it as DIMENSION=VALUE[,VALUE]")
    return name.strip(), _listed(values)


@main.command()
@_FROM
@_TO
@_USER
@_FORMAT
@plainly
def reconcile(start: datetime, end: datetime, user: str | None, layout: str) -> None:
    """The conservation table; exit code 1 if it does not close."""
    given = settings.load()
    days: tuple[date, date] = (start.date(), end.date())
    with reading(given.warehouse) as snapshot:
        proof = answers.conservation(snapshot, *days, _scope(user, given), given)
    click.echo(show.shown(proof, layout))
    if proof.filter(pl.col("difference") != 0).height:
        fail("net sales do not close")


@main.command()
@click.option("--policy", required=True, metavar="POLICY[@DAYS]",
              help=f"Credit online orders by {', '.join(POLICIES)}.")  # fmt: skip
@_FROM
@_TO
@click.option("--by", type=click.Choice(["guide", "store", "region"]), default="guide")
@_USER
@_FORMAT
@plainly
def whatif(
    policy: str, start: datetime, end: datetime, by: str, user: str | None, layout: str
) -> None:
    """Replay a period under another credit policy: who gains, who loses. Nothing stored changes."""
    given = settings.load()
    with reading(given.warehouse) as snapshot:
        rows = answers.whatif(
            snapshot, policy, start.date(), end.date(), by, _scope(user, given), given
        )
    click.echo(show.shown(rows, layout))


@main.command()
@click.argument("name")
@_FROM
@_TO
@click.option("--by", default="", help="Dimensions to group by, separated by commas.")
@click.option("--where", "where", multiple=True, metavar="DIM=V[,V]", help="Only these values.")
@click.option("--window", help="How long an entry stays open: 14d or 36h.")
@click.option("--with-immature", is_flag=True, help="Count entries whose window is still open too.")
@_USER
@_FORMAT
@plainly
def funnel(
    name: str, start: datetime, end: datetime, by: str, where: tuple[str, ...],
    window: str | None, with_immature: bool, user: str | None, layout: str,
) -> None:  # fmt: skip
    """A funnel (scan_to_order, coupon_to_store, join_to_repeat) of a period's entries."""
    given = settings.load()
    question = Question((), start.date(), end.date(), _listed(by), tuple(map(_filter, where)))
    with reading(given.warehouse) as snapshot:
        rows = answers.funnel(
            snapshot, name, question, _scope(user, given), given,
            window=_window(window), with_immature=with_immature,
        )  # fmt: skip
    click.echo(show.shown(rows, layout))


def _window(text: str | None) -> timedelta | None:
    if text is None:
        return None
    number, unit = text[:-1], text[-1:]
    if not number.isdigit() or int(number) == 0 or unit not in ("d", "h"):
        raise QuestionError(f"--window {text}: write days or hours, as in 14d or 36h")
    return timedelta(days=int(number)) if unit == "d" else timedelta(hours=int(number))


@main.command()
@click.argument("order")
@_USER
@_FORMAT
@plainly
def explain(order: str, user: str | None, layout: str) -> None:
    """How an order or receipt is credited, and which rule lost."""
    given = settings.load()
    with reading(given.warehouse) as snapshot:
        rows = explanations.explain(snapshot, order, _scope(user, given), given)
    click.echo(show.shown(rows, layout))


@main.command()
@click.argument("key")
@_FROM
@_TO
@_USER
@_FORMAT
@plainly
def differ(key: str, start: datetime, end: datetime, user: str | None, layout: str) -> None:
    """Why a figure differs from what others count: other conventions, the difference itemised."""
    given = settings.load()
    with reading(given.warehouse) as snapshot:
        rows = explanations.differ(
            snapshot, key, start.date(), end.date(), _scope(user, given), given
        )
    click.echo(show.shown(rows, layout))


if __name__ == "__main__":
    main(prog_name="python -m warehouse")
