# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings as a test gives them, and what compile makes of them. No machine takes part."""

from __future__ import annotations

import json
from typing import Any

import jinja2
import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.argspec import OPTIONS
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.compile import Compiled, compile_settings
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.document import Document, template_variable
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.errors import InvalidSettingError
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.names import PREFIX
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.types import convert
from tests.bed.paths import CHECKOUT

TEMPLATE = (CHECKOUT / "roles/conda_proxy/templates/default.condarc.j2").read_text(encoding="utf-8")
PROXY = "http://proxy.example.com:8080"
SECRET = "hunter2-Zq"
HOSTILE = ":@/#?%\"'\\$ `\u00fc%40;"
CERTIFICATE = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
NETRC = {"machine": "mirror.example.com", "login": "ada", "password": SECRET}


def validated(**given: Any) -> dict[str, Any]:
    """The options of conda_proxy as the parsers get them."""
    result = ArgumentSpecValidator(OPTIONS).validate(convert(OPTIONS, given))
    assert not result.error_messages
    options: dict[str, Any] = result.validated_parameters
    return options


def render(document: Document, template: str = TEMPLATE) -> str:
    """What Ansible makes of the template."""
    environment = jinja2.Environment(trim_blocks=True, keep_trailing_newline=True)  # noqa: S701  # as Ansible has it
    environment.filters["to_json"] = json.dumps
    return environment.from_string(template).render(condarc=template_variable(document))


def compiled(template: str = TEMPLATE, pem: str | None = None, **given: Any) -> Compiled:
    if template != TEMPLATE:
        given["condarc_template"] = "mine.j2"
    return compile_settings(validated(**given), lambda document: render(document, template), pem)


def condarc(result: Compiled) -> dict[str, Any]:
    """The condarc that the machine merges."""
    return yaml.safe_load("".join(text for _key, text in result.settings.fragment)) or {}


def refusal(template: str = TEMPLATE, pem: str | None = None, **given: Any) -> str:
    """The sentence that refuses these settings: it names a variable, gives a fix and tells no secret."""
    with pytest.raises(InvalidSettingError) as raised:
        compiled(template, pem, **given)
    message = raised.value.sentence(PREFIX)
    assert message.startswith(f"{PREFIX}{raised.value.option} ")
    assert "; " in message, "no fix"
    assert "{" not in message.replace("${NAME}", ""), "a name that was not put in"
    assert SECRET not in message
    assert "username:password" not in message
    return message
