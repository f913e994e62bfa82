# SPDX-License-Identifier: GPL-3.0-or-later
"""The report page in a real browser: filter, search, sort, a narrow window, dark mode. Screenshots are kept.

The page is driven by a script at its end, and the browser says what it shows then.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.fleet import Fleet
from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.history import Past
from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.last_seen import Seen
from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.page import page
from tests.bed.environ import clean_env
from tests.bed.paths import CACHE
from tests.conftest import unavailable

if TYPE_CHECKING:
    from pathlib import Path

SCREENSHOTS = CACHE / "screenshots"
DRIVE = """<script>
const shown=()=>[...document.querySelectorAll('#hosts tbody tr')].filter(r=>!r.hidden).map(r=>r.dataset.host).join(' ');
const out=[];const said=()=>out.push(shown());const press=x=>document.querySelector(x).click();
const search=x=>{find.value=x;find.dispatchEvent(new Event('input'))};
said();press('[data-state=drift]');said();search('etc h2');said();search('');press('[data-state=drift]');said();
press('[data-key=host]');said();press('[data-key=host]');said();
out.push(String(document.documentElement.scrollWidth<=innerWidth));
out.push(getComputedStyle(document.body).backgroundColor);document.title='|'+out.join('|')+'|'</script>"""


@pytest.fixture
def text() -> str:
    fleet = Fleet()
    edited: dict[str, Any] = {"changed": True, "resources": [{"path": "/etc/environment", "reasons": ["edited"]}]}
    fleet.add("h10", edited, check_mode=True)
    fleet.add("h2", edited, check_mode=True)
    fleet.add("h1", {"changed": False})
    fleet.add("h3", {"unreachable": True, "msg": "x" * 300})
    seen = {"h3": Seen(reached="2025-12-28T07:00:00+00:00", proven="2025-12-24T07:00:00+00:00")}
    runs = [Past(f"2026-01-01T00:{number:02}", {"in_order": 4, "failed": number % 2}) for number in range(50)]
    return page(fleet, "2026-01-01T01:00:00+00:00", complete=True, runs=runs, seen=seen)


def browse(path: Path, home: Path, *options: str) -> str:
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        unavailable("no chromium on this machine")
    home.mkdir(exist_ok=True)
    argv = [program, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--user-data-dir={home}"]
    done = subprocess.run(
        [*argv, *options, path.as_uri()], env=clean_env(home), capture_output=True, text=True, check=True, timeout=120
    )
    return done.stdout


@pytest.mark.parametrize(
    ("name", "width", "dark"), [("wide", 1200, False), ("narrow", 400, False), ("dark", 1200, True)]
)
def test_what_a_browser_shows(text: str, tmp_path: Path, name: str, width: int, dark: bool) -> None:
    path = tmp_path / "report.html"
    path.write_text(text, encoding="utf-8")
    mode = ["--blink-settings=preferredColorScheme=0"] if dark else ["--blink-settings=preferredColorScheme=1"]
    window = [*mode, f"--window-size={width},900"]
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    browse(path, tmp_path / "home", *window, f"--screenshot={SCREENSHOTS / f'report-{name}.png'}")
    assert (SCREENSHOTS / f"report-{name}.png").stat().st_size > 10_000

    path.write_text(text.replace("</body>", DRIVE + "</body>"), encoding="utf-8")
    title = re.search(r"<title>\|(.*)\|</title>", browse(path, tmp_path / "home", *window, "--dump-dom"))
    assert title is not None
    assert title.group(1).split("|") == [
        "h3 h10 h2 h1",  # the worst first
        "h10 h2",
        "h2",
        "h3 h10 h2 h1",
        "h1 h2 h3 h10",  # numbers as numbers
        "h10 h3 h2 h1",
        "true",  # nothing is wider than the window
        "rgb(15, 20, 25)" if dark else "rgb(255, 255, 255)",
    ]
