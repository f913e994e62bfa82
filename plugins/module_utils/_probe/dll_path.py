# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Add the DLL directory of a base on Windows, before all imports: without activation, Python cannot find OpenSSL."""

from __future__ import annotations

import os
import sys

if sys.platform == "win32":
    _LIBRARY = os.path.join(sys.prefix, "Library", "bin")
    if os.path.isdir(_LIBRARY):
        os.environ["PATH"] = _LIBRARY + os.pathsep + os.environ.get("PATH", "")
        if hasattr(os, "add_dll_directory"):
            os.add_dll_directory(_LIBRARY)
