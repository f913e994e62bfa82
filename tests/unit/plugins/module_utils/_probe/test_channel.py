# SPDX-License-Identifier: GPL-3.0-or-later
"""One channel, without a network."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ansible_collections.condafleet.proxy.plugins.module_utils._probe import (
    channel,
)

if TYPE_CHECKING:
    from pathlib import Path


def test_a_folder_as_channel(tmp_path: Path) -> None:
    (tmp_path / "noarch").mkdir()
    url = (tmp_path / "noarch").as_uri()
    assert channel.check_directory(url)["verdict"] == "channel_not_found"
    (tmp_path / "noarch/repodata.json").write_text(json.dumps({"packages": {}}))
    assert channel.check_directory(url)["verdict"] == "ok"
