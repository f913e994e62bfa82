# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said where conda's session cannot be asked. What real conda says is in tests/integration/conda."""

from __future__ import annotations

import json
import subprocess
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from ansible_collections.condafleet.proxy.plugins.module_utils._probe import effective_proxies
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.records import ViewAnswer, ViewInput, ViewProxy
from ansible_collections.condafleet.proxy.plugins.module_utils._proof import script
from tests.bed.environ import clean_env

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

CONDARC, ENVIRONMENT = "http://condarc.example.com:1", "http://environment.example.com:2"
URL = "https://mirror.invalid/main"


def conda(monkeypatch: pytest.MonkeyPatch, condarc: dict[str, str], environment: dict[str, str], zst: bool) -> None:
    """Put a conda in place that merges as requests does: what it is given wins over the environment."""

    def merge(_url: str, given: dict[str, str], *_rest: object) -> dict[str, Any]:
        return {"proxies": {**environment, **given}, "verify": True}

    session = SimpleNamespace(proxies=condarc, merge_environment_settings=merge)
    context = SimpleNamespace(proxy_servers=condarc, ssl_verify=True, repodata_use_zst=zst)
    modules = {
        "conda.base.context": SimpleNamespace(reset_context=lambda: None, context=context),
        "conda.gateways.connection.session": SimpleNamespace(get_session=lambda _url: session),
        "requests.utils": SimpleNamespace(get_environ_proxies=lambda _url, no_proxy=None: environment),  # noqa: ARG005
    }
    monkeypatch.setattr("importlib.import_module", modules.__getitem__)


def test_a_condarc_wins_for_packages_and_the_environment_for_zst(monkeypatch: pytest.MonkeyPatch) -> None:
    conda(monkeypatch, {"https": CONDARC}, {"https": ENVIRONMENT}, zst=True)
    answer = effective_proxies.look({"https": URL})
    assert answer.proxies == (
        ViewProxy("packages", "https", CONDARC, "https", "condarc"),
        ViewProxy("zst", "https", ENVIRONMENT, "https", "environment"),
    )


def test_no_proxy_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    conda(monkeypatch, {}, {}, zst=False)
    assert effective_proxies.look({"https": URL}) == ViewAnswer(
        "", "True", "condarc", (ViewProxy("packages", "https", "", "", "none"),)
    )


def test_a_python_without_conda_names_the_error_alone(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-"],
        input=script.program(
            effective_proxies.__name__, ViewInput({"https_proxy": "http://a:Zq7@b:1"}, {"https": URL})
        ),
        capture_output=True,
        check=True,
        env=clean_env(tmp_path),
    )
    answer = ViewAnswer.from_json(json.loads(done.stdout))
    assert (answer.error, answer.proxies) == ("ModuleNotFoundError", ())
    assert b"Zq7" not in done.stdout + done.stderr
