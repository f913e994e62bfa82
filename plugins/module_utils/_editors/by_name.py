# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Find an editor by its name in the state."""

from __future__ import annotations

import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils._editors.base import Editor
from ansible_collections.condafleet.proxy.plugins.module_utils._editors.block import BlockEditor
from ansible_collections.condafleet.proxy.plugins.module_utils._editors.certificates import CertificatesEditor
from ansible_collections.condafleet.proxy.plugins.module_utils._editors.condarc import CondarcEditor
from ansible_collections.condafleet.proxy.plugins.module_utils._editors.netrc import NetrcEditor
from ansible_collections.condafleet.proxy.plugins.module_utils._editors.registry_value import ValueEditor
from ansible_collections.condafleet.proxy.plugins.module_utils._editors.takeover import TakeoverEditor
from ansible_collections.condafleet.proxy.plugins.module_utils._editors.whole_file import WholeEditor

_EDITORS = {
    kind.name: kind
    for kind in (
        CondarcEditor,
        BlockEditor,
        WholeEditor,
        CertificatesEditor,
        NetrcEditor,
        ValueEditor,
        TakeoverEditor,
    )
}


def editor(name: str, desired: t.Any) -> Editor:
    """Return the editor `name` for `desired`, as the state on the machine names it."""
    return _EDITORS[name](desired)
