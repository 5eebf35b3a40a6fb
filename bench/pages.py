"""Script time of every page, beside a bare Streamlit page of the same widgets.

    python -m bench.pages --warehouse DIR [--times N] [--page NAME]…

For each page, in one process: the first run after a start (cold: nothing is cached), a run after a
click that changes the period (its answers are not cached either), and warm runs. The bare page is
what the page drew, drawn again from ready values: the same titles, texts, tiles, charts (as figures
of Plotly, made from JSON), tables and inputs, and nothing asked or computed; warm and bare runs
take turns. A row says milliseconds of the script by the clock (cold, median click, median and p95
of warm ones), of its thread on the processor, warm and bare, and the ratio of these two. Targets: a
warm p95 of at most 150 ms, and at most 3 times the bare page.

Run without a browser by Streamlit's own test runner; only the script itself is timed.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from functools import partial, wraps
from pathlib import Path
from statistics import median, quantiles
from typing import Any, NamedTuple

import click
import plotly.io
import streamlit as st
from streamlit.runtime.scriptrunner.script_runner import ScriptRunner
from streamlit.testing.v1 import AppTest

import app as frame

TARGET_MS, TARGET_RATIO = 150, 3
HEADINGS = ("page", "cold", "click", "warm", "p95", "worked", "bare", "ratio", "meets")
TURNS = ("last_7", "last_month", "month_to_date", "quarter_to_date", "yesterday")
Draw = Callable[[], Any]


@click.command(help="Time each page's script against a bare page of the same widgets.")
@click.option("--warehouse", type=click.Path(path_type=Path, exists=True), required=True)
@click.option("--times", default=20, show_default=True, help="Warm runs of each page.")
@click.option("--page", "pages", multiple=True, type=click.Choice([*frame.SCRIPTS]))
def main(warehouse: Path, times: int, pages: tuple[str, ...]) -> None:
    """Print one row a page."""
    os.environ["GUIDEPOST_WAREHOUSE"] = str(warehouse.absolute())
    st.config.set_option("server.address", "127.0.0.1")
    click.echo("".join(f"{heading:>10}" for heading in HEADINGS))
    for name in pages or frame.SCRIPTS:
        click.echo("".join(f"{cell:>10}" for cell in _measured(name, times)))


def _measured(name: str, times: int) -> list[str]:
    page = AppTest.from_file(frame.HOME / "app.py", default_timeout=120)
    _run(page)  # imports, which only the first visitor of a server waits for
    page.switch_page(frame.SCRIPTS[name].relative_to(frame.HOME).as_posix())
    st.cache_resource.clear()
    cold, clicks = _run(page), []
    for period in TURNS:
        page.session_state["period"] = period
        clicks.append(_run(page).wall)
    bare = AppTest.from_function(_bare, kwargs={"draws": [*_drawn(page)]}, default_timeout=120)
    _run(bare)
    warm, alone = zip(*((_run(page), _run(bare)) for _ in range(times)), strict=True)
    return _row(name, cold.wall, median(clicks), warm, alone)


def _row(
    name: str, cold: float, clicked: float, warm: tuple[Took, ...], bare: tuple[Took, ...]
) -> list[str]:
    walls = [took.wall for took in warm]
    p95 = quantiles(walls, n=20, method="inclusive")[-1]
    worked, alone = (median(took.worked for took in some) for some in (warm, bare))
    meets = p95 <= TARGET_MS and worked <= TARGET_RATIO * alone
    numbers = (cold, clicked, median(walls), p95, worked, alone, worked / alone)
    return [name, *(f"{number:.1f}" for number in numbers), "yes" if meets else "no"]


class Took(NamedTuple):
    """Milliseconds of a script by the clock, and of its own thread on the processor."""

    wall: float
    worked: float


def _run(app: AppTest) -> Took:
    TAKEN.clear()
    app.run()
    if app.exception or app.error:
        raise click.ClickException(str((app.exception or app.error)[0].value))
    return Took(*map(sum, zip(*TAKEN, strict=True)))


TAKEN: list[Took] = []


def _timed(run: Callable[..., None]) -> Callable[..., None]:
    """Streamlit's own way of running a script, noting milliseconds in TAKEN."""

    @wraps(run)
    def timed(*given: Any, **more: Any) -> None:
        started, worked = time.perf_counter(), time.thread_time()
        run(*given, **more)
        ended = (time.perf_counter() - started, time.thread_time() - worked)
        TAKEN.append(Took(*(1000 * seconds for seconds in ended)))

    return timed


ScriptRunner._run_script = _timed(ScriptRunner._run_script)  # type: ignore[method-assign]


def _bare(draws: list) -> None:  # type: ignore[type-arg]
    for draw in draws:
        draw()


def _drawn(page: AppTest) -> Iterator[Draw]:
    """What a page drew, as calls that draw it again; inputs of the link, which nobody sees, too."""
    for place, node in enumerate(page._tree):
        again = AGAIN.get(getattr(node, "type", ""))
        if again is not None:
            yield again(node, f"bare_{place}")


def _words(show: Callable[..., Any]) -> Callable[[Any, str], Draw]:
    return lambda node, key: partial(show, node.value)


def _choice(show: Callable[..., Any]) -> Callable[[Any, str], Draw]:
    return lambda node, key: partial(show, node.label, [*node.options], key=key)


def _tile(node: Any, key: str) -> Draw:
    chart = [*node.proto.chart_data] or None
    return partial(st.metric, node.label, node.value, node.delta, chart_data=chart, help=node.help)


def _chart(node: Any, key: str) -> Draw:
    return lambda: st.plotly_chart(plotly.io.from_json(node.proto.spec), key=key)


AGAIN: dict[str, Callable[[Any, str], Draw]] = {
    "title": _words(st.title), "subheader": _words(st.subheader), "markdown": _words(st.markdown),
    "caption": _words(st.caption), "info": _words(st.info), "warning": _words(st.warning),
    "code": _words(st.code), "selectbox": _choice(st.selectbox), "radio": _choice(st.radio),
    "multiselect": _choice(st.multiselect), "metric": _tile, "plotly_chart": _chart,
    "button": lambda node, key: partial(st.button, node.label, key=key),
    "text_input": lambda node, key: partial(st.text_input, node.label, key=key),
    "text_area": lambda node, key: partial(st.text_area, node.label, key=key),
    "dataframe": lambda node, key: partial(st.dataframe, node.value, key=key),
    "download_button": lambda node, key: partial(st.download_button, node.label, b"", key=key),
}  # fmt: skip
"""How what a page drew is drawn again, by what Streamlit calls it."""


if __name__ == "__main__":
    main()
