# SPDX-License-Identifier: GPL-3.0-or-later
"""The molecule scenarios, by the command that `make molecule` uses."""

from __future__ import annotations

import os
import subprocess
from typing import Any

import pytest

from tests.bed import hosts, light
from tests.bed.paths import CHECKOUT
from tests.conftest import unavailable

pytestmark = pytest.mark.conda
SCENARIOS = sorted(path.parent.name for path in (CHECKOUT / "molecule").glob("*/molecule.yml"))


def _parameter(scenario: str) -> Any:
    marks = {"system": [pytest.mark.hosts], "macos_standin": [pytest.mark.macos]}.get(scenario, [])
    return pytest.param(scenario, marks=marks)


@pytest.mark.parametrize("scenario", [_parameter(name) for name in SCENARIOS])
def test_scenario(scenario: str) -> None:
    missing = {"system": hosts.missing, "macos_standin": light.missing}.get(scenario)
    if missing and (reason := missing()):
        unavailable(reason)
    done = subprocess.run(
        [CHECKOUT / "tests/tools/molecule", scenario],
        cwd=CHECKOUT,
        env=dict(os.environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    recap = next(line for line in done.stdout.splitlines() if line.startswith(scenario) and "successful=" in line)
    counts = dict(part.split("=") for part in recap.split() if "=" in part)
    assert counts["actions"] == counts["successful"] != "0", done.stdout
