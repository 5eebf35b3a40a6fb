"""Pages opened without a browser, and what they say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streamlit import config
from streamlit.testing.v1 import AppTest

import app as frame
from reports import i18n

ROOT = Path(__file__).parent.parent
SCRIPTS = {name: path.relative_to(ROOT).as_posix() for name, path in frame.SCRIPTS.items()}
"""Every page of the menu, and its script."""

Open = Callable[..., AppTest]


def opening(monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    """Open a page of the dashboard on a warehouse, as if by a link."""
    monkeypatch.chdir(ROOT)
    for name in ("USERS", "CONFIG", "TIMEZONE", "VIEWS"):
        monkeypatch.delenv(f"GUIDEPOST_{name}", raising=False)
    config.set_option("server.address", "127.0.0.1")

    def open_page(warehouse: Path, page: str | None = None, **link: str) -> AppTest:
        monkeypatch.setenv("GUIDEPOST_WAREHOUSE", str(warehouse))
        app = AppTest.from_file(ROOT / "app.py", default_timeout=60)
        for name, value in link.items():
            app.query_params[name] = value
        app.run()
        return app.switch_page(SCRIPTS[page]).run() if page else app

    yield open_page
    config.set_option("server.address", "127.0.0.1")
    i18n.speak("en")


def said(app: AppTest) -> str:
    """Everything the page says in words."""
    kinds = (app.title, app.subheader, app.markdown, app.caption, app.info, app.warning, app.error)
    return "\n".join(str(element.value) for kind in kinds for element in kind)


def shows_data(app: AppTest) -> bool:
    """Whether there is a figure, a table, a chart or a file to be seen."""
    return bool(
        app.metric or app.dataframe or app.get("plotly_chart") or app.get("download_button")
    )
