# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the documentation of several modules shares."""

from __future__ import annotations


class ModuleDocFragment:
    """Attributes of actions and modules."""

    DOCUMENTATION = r"""
options: {}
attributes:
  action:
    description: Has an action plugin, which does the work.
    support: full
  async:
    description: Whether the task can run with async.
    support: none
  platform:
    description: The operating systems.
    support: partial
    details: Linux; Windows through the collection ansible.windows.
    platforms: linux, windows
"""

    OBSERVES = r"""
options: {}
attributes:
  check_mode:
    description: Changes nothing, so check mode is the same as a normal run.
    support: full
  diff_mode:
    description: Changes nothing, so there is no difference to show.
    support: none
"""
