"""How long a page takes as a file, on the warehouse of the settings: `python -m bench.exports`.

Each page is opened as a viewer does, then made twice in each format; the first PDF starts Chromium.
The budgets hold on a machine that does nothing else: it prints how busy this one is.
"""

from __future__ import annotations

import os
import sys
from time import perf_counter
from unittest.mock import patch

from streamlit import config
from streamlit.testing.v1 import AppTest

import app
from pages.ui import export

BUDGETS = {"xlsx": 2.0, "pdf": 6.0, "zip": 2.0}


def main(pages: list[str]) -> None:
    """Print seconds and bytes by page and format, and what exceeds its budget."""
    config.set_option("server.address", "127.0.0.1")
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    for name in pages or list(app.SCRIPTS):
        page = _opened(name)
        if page is None:
            continue
        for kind, (make, _) in export.FILES.items():
            taken = []
            for _ in range(2):
                start = perf_counter()
                size = len(make(page))
                taken.append(perf_counter() - start)
            over = " over budget" if max(taken) > BUDGETS[kind] else ""
            print(f"{name:12}{kind:6}{taken[0]:7.2f} s first{taken[1]:7.2f} s then{size:9} B{over}")


def _opened(name: str) -> export.Offered | None:
    """What a page offers; None for one that has nothing to offer."""
    offered: list[export.Offered] = []
    with patch.object(export, "_offer", offered.append):
        run = AppTest.from_file(str(app.HOME / "app.py"), default_timeout=120).run()
        offered.clear()
        run.switch_page(str(app.SCRIPTS[name])).run()
    return offered[-1] if offered else None


if __name__ == "__main__":
    main(sys.argv[1:])
