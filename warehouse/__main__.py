"""`python -m warehouse`: metrics, query, funnel, campaigns, cohorts, rfm and their like."""

from __future__ import annotations

from datetime import date, datetime

import click
import polars as pl

from warehouse import answers, credit, explanations, settings, show
from warehouse.access import EVERYTHING, Scope, scope_of
from warehouse.console import fail, output_format, plainly
from warehouse.credit import POLICIES
from warehouse.engine import Snapshot, reading
from warehouse.filters import COMPARISONS, ORGANISATIONS, Question, QuestionError
from warehouse.funnels import listed, window_of
from warehouse.metrics import METRICS
from warehouse.rfm import CUTS
from warehouse.settings import Settings

_DAY = click.DateTime(["%Y-%m-%d"])
_FORMAT = output_format("table", "csv", "json")
_USER = click.option("--as", "user", help="See what this user of GUIDEPOST_USERS sees.")
_FROM = click.option("--from", "start", type=_DAY, required=True, help="First business date.")
_TO = click.option("--to", "end", type=_DAY, required=True, help="Last business date.")
_WHERE = click.option(
    "--where", "where", multiple=True, metavar="DIM=V[,V]", help="Only these values."
)
_ORG = click.option("--org", type=click.Choice(ORGANISATIONS), default="as_was", show_default=True)


def _scope(user: str | None, given: Settings) -> Scope:
    return EVERYTHING if user is None else scope_of(user, given.users)


def _tell(snapshot: Snapshot, rows: pl.DataFrame, scope: Scope, layout: str) -> None:
    """Print an answer; beside the heading of a table without rows, say so."""
    click.echo(show.shown(rows, layout))
    if layout == "table" and not rows.height:
        days = answers.bounds(snapshot, scope)
        there = f"there are sales from {days[0]} to {days[1]}" if days else "there are no sales"
        click.echo(f"nothing to show for these days and filters; {there}", err=True)


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
@_WHERE
@click.option("--compare", type=click.Choice(COMPARISONS), help="Add KEY_compare.")
@_ORG
@click.option(
    "--credit",
    default="standard",
    show_default=True,
    metavar="POLICY[@DAYS]",
    help=f"Credit online orders by {', '.join(POLICIES)}.",
)
@click.option("--rank", is_flag=True, help="Best first, and how sure the first figure's rank is.")
@_USER
@_FORMAT
@plainly
def query(
    keys: str, start: datetime, end: datetime, by: str, where: tuple[str, ...],
    compare: str | None, org: str, credit: str, rank: bool, user: str | None, layout: str,
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
    ask = answers.ranking if rank else answers.answer
    scope = _scope(user, given)
    with reading(given.warehouse) as snapshot:
        _tell(snapshot, ask(snapshot, question, scope, given), scope, layout)


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
@click.option(
    "--by", default="campaign", show_default=True, help="Dimensions, separated by commas."
)
@_WHERE
@click.option("--with-immature", is_flag=True, help="Count coupons whose 60 days still run too.")
@_USER
@_FORMAT
@plainly
def campaigns(
    start: datetime, end: datetime, by: str, where: tuple[str, ...], with_immature: bool,
    user: str | None, layout: str,
) -> None:  # fmt: skip
    """What the coupons issued in a period led to, and what they cost and brought."""
    given = settings.load()
    question = Question((), start.date(), end.date(), _listed(by), tuple(map(_filter, where)))
    scope = _scope(user, given)
    with reading(given.warehouse) as snapshot:
        rows = answers.campaigns(snapshot, question, scope, given, with_immature=with_immature)
        _tell(snapshot, rows, scope, layout)


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
@click.option("--policy", metavar="POLICY[@DAYS]",
              help=f"Credit online orders by {', '.join(POLICIES)}.")  # fmt: skip
@click.option("--windows", metavar="1d,7d,14d,30d", help="Conversion windows to compare.")
@_FROM
@_TO
@click.option("--by", type=click.Choice(["guide", "store", "region"]),
              help="Default with --policy: guide.")  # fmt: skip
@_USER
@_FORMAT
@plainly
def whatif(
    policy: str | None, windows: str | None, start: datetime, end: datetime, by: str | None,
    user: str | None, layout: str,
) -> None:  # fmt: skip
    """Replay a period under another credit policy (who gains, who loses) or under several
    conversion windows (what becomes of entries and credit). Nothing stored changes."""
    if (policy is None) == (windows is None):
        raise QuestionError("give either --policy or --windows")
    given = settings.load()
    scope, days = _scope(user, given), (start.date(), end.date())
    with reading(given.warehouse) as snapshot:
        if policy is not None:
            rows = answers.whatif(snapshot, policy, *days, by or "guide", scope, given)
        else:
            numbers = [credit.policy(f"standard@{text}").days for text in _listed(windows or "")]
            question = Question((), *days, by=(by,) if by else ())
            rows = answers.windows(snapshot, numbers, question, scope, given)
    click.echo(show.shown(rows, layout))


@main.command()
@click.argument("name")
@_FROM
@_TO
@click.option("--by", default="", help="Dimensions to group by, separated by commas.")
@_WHERE
@click.option("--window", help="How long an entry stays open: 14d or 36h.")
@click.option("--with-immature", is_flag=True, help="Count entries whose window is still open too.")
@click.option("--detail", is_flag=True, help="Add rates and times to convert, step by step.")
@_USER
@_FORMAT
@plainly
def funnel(
    name: str, start: datetime, end: datetime, by: str, where: tuple[str, ...],
    window: str | None, with_immature: bool, detail: bool, user: str | None, layout: str,
) -> None:  # fmt: skip
    """How many of a period's entries reach each step of a funnel, one of those that
    `python -m warehouse funnels` lists."""
    given = settings.load()
    question = Question((), start.date(), end.date(), _listed(by), tuple(map(_filter, where)))
    scope = _scope(user, given)
    with reading(given.warehouse) as snapshot:
        rows = answers.funnel(
            snapshot, name, question, scope, given,
            window=None if window is None else window_of(window),
            with_immature=with_immature, detail=detail,
        )  # fmt: skip
        _tell(snapshot, rows, scope, layout)


@main.command()
@_FORMAT
@plainly
def funnels(layout: str) -> None:
    """Every funnel, shipped or from GUIDEPOST_CONFIG: what enters it, its steps, its window."""
    click.echo(show.shown(listed(settings.load().funnels), layout))


@main.command()
@_FROM
@_TO
@click.option("--by", default="", help="Dimensions to group by, separated by commas.")
@_WHERE
@_USER
@_FORMAT
@plainly
def unidentified(
    start: datetime, end: datetime, by: str, where: tuple[str, ...], user: str | None, layout: str
) -> None:
    """Receipts, paid orders and events by what is known of who: a member, a visitor, nobody."""
    given = settings.load()
    question = Question((), start.date(), end.date(), _listed(by), tuple(map(_filter, where)))
    with reading(given.warehouse) as snapshot:
        scope = _scope(user, given)
        _tell(snapshot, answers.unidentified(snapshot, question, scope, given), scope, layout)


@main.command()
@_FROM
@_TO
@_WHERE
@_ORG
@_USER
@_FORMAT
@plainly
def cohorts(
    start: datetime, end: datetime, where: tuple[str, ...], org: str, user: str | None, layout: str
) -> None:
    """Members by the month of their first purchase, and how many bought in each month since."""
    given = settings.load()
    asked = tuple(map(_filter, where))
    question = Question((), start.date(), end.date(), where=asked, org=org)
    with reading(given.warehouse) as snapshot:
        scope = _scope(user, given)
        _tell(snapshot, answers.cohorts(snapshot, question, scope), scope, layout)


@main.command()
@click.option("--to", "end", type=_DAY, required=True, help="Last day of the twelve months.")
@click.option("--by", type=click.Choice(CUTS), default=CUTS[0], show_default=True)
@_WHERE
@_ORG
@_USER
@_FORMAT
@plainly
def rfm(
    end: datetime, by: str, where: tuple[str, ...], org: str, user: str | None, layout: str
) -> None:
    """Members by how lately, how often and for how much they bought, in quintiles (5 best)."""
    given = settings.load()
    asked = tuple(map(_filter, where))
    question = Question((), end.date(), end.date(), where=asked, org=org)
    with reading(given.warehouse) as snapshot:
        scope = _scope(user, given)
        _tell(snapshot, answers.rfm(snapshot, question, by, scope), scope, layout)


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
        question = Question((key,), start.date(), end.date())
        rows = explanations.differ(snapshot, question, _scope(user, given), given)
    click.echo(show.shown(rows, layout))


if __name__ == "__main__":
    main(prog_name="python -m warehouse")
