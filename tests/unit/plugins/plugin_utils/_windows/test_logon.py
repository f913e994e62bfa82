# SPDX-License-Identifier: GPL-3.0-or-later
"""The variables of a new logon."""

from __future__ import annotations

from ansible_collections.condafleet.proxy.plugins.module_utils._editors.registry_value import Value
from ansible_collections.condafleet.proxy.plugins.module_utils._platforms.windows import (
    MACHINE_ENVIRONMENT,
    USER_ENVIRONMENT,
)
from ansible_collections.condafleet.proxy.plugins.plugin_utils._windows import logon


def strings(**values: str) -> dict[str, Value]:
    return {name: Value("REG_SZ", text, text) for name, text in values.items()}


class Registry:
    """A machine as far as reading keys goes."""

    def __init__(self, **keys: dict[str, Value]) -> None:
        self._keys = {MACHINE_ENVIRONMENT: keys.get("machine", {}), USER_ENVIRONMENT: keys.get("user", {})}

    def key(self, key: str) -> dict[str, Value]:
        return self._keys.get(key, {})


def test_a_new_logon_has_the_users_value_before_the_machines() -> None:
    seen = logon.new_logon(
        Registry(  # type: ignore[arg-type]
            machine=strings(http_proxy="http://machine:1", https_proxy="http://machine:1", path="C:\\Windows"),
            user={
                "http_proxy": Value("REG_EXPAND_SZ", "%P%", "http://user:1"),
                "conda_envs_path": Value("REG_SZ", 1, 1),
            },
        )
    )
    assert seen["HTTP_PROXY"] == "http://user:1"
    assert seen["HTTPS_PROXY"] == "http://machine:1"
    assert seen["CONDA_ENVS_PATH"] == "1"
    assert seen["NO_PROXY"] is None, "what an older session has must not count"
    assert "PATH" not in seen


def test_a_new_logon_has_what_a_condarc_names() -> None:
    registry = Registry(
        machine=strings(proxy_password="machine's", plain="1", percent="2", path="C:\\Windows", username="SYSTEM"),
        user=strings(Proxy_Password="user's", unnamed="3"),
    )
    texts = ["a: http://${USERNAME}:${PROXY_PASSWORD}@proxy:1 # $Plain", "b: '%PERCENT%' p%40ss ${NOWHERE} %PATH%"]
    seen = logon.new_logon(registry, texts)  # type: ignore[arg-type]
    assert (seen["PROXY_PASSWORD"], seen["PLAIN"], seen["PERCENT"]) == ("user's", "1", "2")
    # Windows may have set them for this session alone
    assert not {"USERNAME", "PATH", "NOWHERE", "UNNAMED"} & set(seen)
