# SPDX-License-Identifier: GPL-3.0-or-later
"""What the action conda_connectivity makes of a task's arguments, and what it refuses. No machine takes part."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.condafleet.proxy.plugins.action import conda_connectivity
from ansible_collections.condafleet.proxy.plugins.module_utils._settings import CaBundle, ProofOptions
from ansible_collections.condafleet.proxy.plugins.plugin_utils._action_module import HostAction
from tests.bed.actions import Vaulted, run_action
from tests.bed.settings import CERTIFICATE, PROXY, SECRET


def test_variables_of_the_proof_are_text(sent: list[Any]) -> None:
    given = {"CONDA_OFFLINE": 1, "CONDA_X": True, "Y": 1.5, "LANG": None, "PW": Vaulted(), 7: "seven"}
    run_action(conda_connectivity, environment=given)
    variables = {"CONDA_OFFLINE": "1", "CONDA_X": "True", "Y": "1.5", "LANG": None, "PW": SECRET, "7": "seven"}
    assert sent[0].environment == variables
    run_action(conda_connectivity)
    assert sent[1].environment is None


def test_no_channel_means_the_effective_ones(sent: list[Any]) -> None:
    run_action(conda_connectivity)
    for given, channels in (([], None), (None, None), (["a"], ("a",))):
        run_action(conda_connectivity, channels=given)
        assert sent.pop().proof.channels == channels
    assert sent.pop().proof.channels is None


def test_options_of_the_verification_arrive(sent: list[Any]) -> None:
    run_action(conda_connectivity)
    assert (sent[0].proof, sent[0].require) == (ProofOptions(), False)
    run_action(
        conda_connectivity,
        verify="require",
        verify_deadline=1,
        verify_connect_timeout=2,
        verify_read_timeout=3,
        verify_packages=True,
        verify_info=True,
        prefix="/opt/conda",
    )
    proof = ProofOptions(deadline=1.0, connect_timeout=2.0, read_timeout=3.0, packages=True, info=True)
    assert (sent[1].proof, sent[1].require, sent[1].prefix) == (proof, True, "/opt/conda")


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({name: value}, f"{name} is not a number above 0 and up to 86400; give seconds")
    for name in ("verify_deadline", "verify_connect_timeout", "verify_read_timeout")
    for value in (0, -1.5, float("inf"))
]
REFUSED += [
    (
        {"environment": {name: value}},
        "environment has a name or a value that is not valid in an environment variable; remove it",
    )
    for name, value in (("", SECRET), (f"A={SECRET}", ""), ("A", f"{SECRET}\0"))
]
REFUSED += [
    ({"deadline": 5}, "deadline is called verify_deadline now; use the new name"),
    (
        {"require": True},
        "require is called verify now; use the new name, and require: true was replaced by verify: require",
    ),
    (
        {"https": PROXY},
        "https is set without http (if only one of them is set, conda mixes condarc and environment); set http too",
    ),
    (
        {"ca_bundle_src": "nowhere.pem", "ca_bundle_content": CERTIFICATE},
        (
            "ca_bundle_src and ca_bundle_content are both set; keep ca_bundle for a file on the machine, ca_bundle_src for "
            "one on the control node, or ca_bundle_content for the text itself"
        ),
    ),
    ({"http": PROXY, "password": ["x"]}, "password is not text, so YAML may have changed it already; put it in quotes"),
]


@pytest.mark.parametrize(("arguments", "sentence"), REFUSED)
def test_refused_before_a_machine_is_asked(sent: list[Any], arguments: dict[str, Any], sentence: str) -> None:
    answer = run_action(conda_connectivity, **arguments)
    assert (answer["failed"], answer["msg"]) == (True, sentence)
    assert not sent


def test_an_inline_vault_is_text(sent: list[Any]) -> None:
    run_action(conda_connectivity, http="http://proxy.example.com:8080", username="ada", password=Vaulted())
    assert SECRET in sent[0].candidate.variables["http_proxy"]


def test_a_ca_as_text_arrives(sent: list[Any]) -> None:
    run_action(conda_connectivity, ca_bundle_content=CERTIFICATE)
    assert sent[0].candidate.ca_bundle == CaBundle(CERTIFICATE)


def test_a_ca_as_text_cannot_be_tested_on_windows(sent: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(HostAction, "windows", True)
    answer = run_action(conda_connectivity, ca_bundle_content=CERTIFICATE)
    assert answer["msg"] == (
        "ca_bundle_content cannot be tested on a Windows host; copy the bundle to the machine and set ca_bundle to its path"
    )
