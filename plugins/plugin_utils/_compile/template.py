# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Render the template of the condarc with the templar of the ansible-core in use."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleError
from ansible.utils.unsafe_proxy import wrap_var

from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.document import Document, template_variable
from ansible_collections.condafleet.proxy.plugins.plugin_utils._compile.errors import InvalidSettingError

try:
    from ansible.template import trust_as_template
except ImportError:  # ansible-core before 2.19 templates every text it is given
    trust_as_template = None

# the module template has it beside the host's variables
_OF_TEMPLATES = {"ansible_managed": "Ansible managed"}


def render_template(templar: t.Any, path: str, document: Document, task_vars: t.Mapping[str, t.Any]) -> str:
    """Return the text that the template at `path` makes of `document`, beside the host's variables.

    Raises InvalidSettingError.
    """
    try:
        with open(path, encoding="utf-8") as stream:
            text = stream.read()
    except (OSError, UnicodeDecodeError):
        raise InvalidSettingError(
            "condarc_template", "names a file that cannot be read as UTF-8", "give the path of a UTF-8 Jinja2 template"
        ) from None
    # values may hold "{{": they are text, not templates
    variables = {**_OF_TEMPLATES, **task_vars, "condarc": wrap_var(template_variable(document))}
    scoped = templar.copy_with_new_env(available_variables=variables)
    try:
        if trust_as_template is None:
            return str(scoped.template(text, preserve_trailing_newlines=True, convert_data=False))
        return str(scoped.template(trust_as_template(text), preserve_trailing_newlines=True))
    except AnsibleError as exc:
        # its message may show a value; the type and the place in the template do not
        raise InvalidSettingError(
            "condarc_template",
            f"cannot be rendered ({type(exc).__name__})",
            "look for a slip, or for a variable that this host has not; docs/template.md says what there is",
        ) from None
