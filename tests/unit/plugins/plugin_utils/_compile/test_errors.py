# SPDX-License-Identifier: GPL-3.0-or-later
"""The sentence of an error names every option as the action does."""

from __future__ import annotations

from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.errors import InvalidSettingError


def test_every_option_has_the_prefix() -> None:
    error = InvalidSettingError("http", "and {https} differ", "use {scope}: user, '${NAME}' or {users}: []")
    assert str(error) == "http and https differ; use scope: user, '${NAME}' or users: []"
    assert error.sentence("conda_proxy_") == (
        "conda_proxy_http and conda_proxy_https differ; use conda_proxy_scope: user, '${NAME}' or conda_proxy_users: []"
    )
