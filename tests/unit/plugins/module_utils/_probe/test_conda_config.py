# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with conda's configuration."""

from __future__ import annotations

from ansible_collections.condafleet.proxy.plugins.module_utils._probe import (
    conda_config,
)


def test_a_configuration_error_shows_names_only() -> None:
    class InvalidTypeError(Exception):
        parameter_name = "proxy_servers"
        source = "/home/ada/.condarc"

        def __str__(self) -> str:
            raise TypeError  # conda's own do that for a value with a percent sign

    assert conda_config.config_problem(InvalidTypeError("http://ada:Zq7@x")) == (
        "config_invalid",
        "InvalidTypeError in proxy_servers in /home/ada/.condarc",
    )
    name, detail = conda_config.config_problem(PermissionError(13, "Permission denied", "/etc/conda/.condarc"))
    assert (name, detail) == ("config_invalid", "PermissionError /etc/conda/.condarc")
