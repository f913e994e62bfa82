# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The editors: pure functions from text to text, one class per kind of content.

This module util is PRIVATE to the collection. It can have breaking changes at any time.

An editor holds what is C(wanted) in a form that JSON can hold, so that the state on the machine can name it and a later
run can take it back without knowing the settings. Check mode, diff, idempotence and removal all follow from here.
"""

from __future__ import annotations

import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils import _blocks, _ca, _condarc, _netrc, _registry
from ansible_collections.condafleet.proxy.plugins.module_utils._redact import Masker, digest

HEADER = "# Managed by Ansible (condafleet.proxy): changes are lost"


class Editor:
    """C(edit) must be idempotent; C(take_back) undoes it. C(text) is None for a missing file."""

    name = ""
    taken = "only what is ours was taken out"

    def __init__(self, wanted: t.Any) -> None:
        self.wanted = wanted

    def owned(self) -> t.Any:
        """What the state keeps of C(wanted): enough to make an editor that can take it back."""
        return self.wanted

    def reason(self, owned: t.Any) -> str:
        """Why a change is needed when we C(owned) something other than what is wanted now."""
        return "rotated"

    def edit(self, text: str | None, owned: t.Any, original: str | None) -> str:
        """C(text) with what is wanted in it; what we C(owned) and no longer want becomes what it was in C(original)."""
        raise NotImplementedError

    def take_back(self, text: str, original: str | None, force: bool) -> str:
        """C(text) without what is ours; C(force) also takes what somebody has changed since."""
        raise NotImplementedError

    def present(self, text: str) -> bool:
        """Is anything of ours in C(text)?"""
        raise NotImplementedError

    def marked(self, text: str) -> bool:
        """Does C(text) carry a mark that only we make?"""
        return False

    def view(self, text: str | None, masker: Masker) -> str:
        """What a diff shows of C(text): secrets masked."""
        return masker.text(text or "")

    def warnings(self, text: str | None, owned: t.Any) -> list[str]:
        """What is lost from C(text) when the wanted content is put into it."""
        return []

    def findings(self, text: str) -> list[str]:
        """What in the finished text keeps it from working, although it is as wanted."""
        return []


class CondarcEditor(Editor):
    """C(wanted) is a list of pairs: key, its text."""

    name = "condarc"

    def edit(self, text: str | None, owned: t.Any, original: str | None) -> str:
        keys = {key for key, _body in self.wanted}
        dropped = [pair for pair in owned or [] if pair[0] not in keys]
        if dropped and text is not None:
            text = _condarc.take_back(text, dropped, original, force=True)
        return _condarc.merge(text, self.wanted)

    def take_back(self, text: str, original: str | None, force: bool) -> str:
        return _condarc.take_back(text, self.wanted, original, force)

    def present(self, text: str) -> bool:
        keys = {key for key, _body in self.wanted}
        return any(item.key in keys for item in _condarc.parse(text).items)

    def warnings(self, text: str | None, owned: t.Any) -> list[str]:
        ours = {key for key, _body in owned or []}
        taken = [key for key in _condarc.lost_content(text, self.wanted) if key not in ours]
        return [
            f"the key {key} had another value, which is kept in the state and comes back with state: absent"
            for key in taken
        ]


class BlockEditor(Editor):
    """C(wanted) is a mapping: C(lines), and C(top) when the block must come first."""

    name = "block"

    def edit(self, text: str | None, owned: t.Any, original: str | None) -> str:
        return _blocks.merge(text, self.wanted["lines"], self.wanted["top"])

    def take_back(self, text: str, original: str | None, force: bool) -> str:
        return _blocks.take_back(text)

    def present(self, text: str) -> bool:
        return bool(_blocks.block(text))

    def marked(self, text: str) -> bool:
        return self.present(text)

    def view(self, text: str | None, masker: Masker) -> str:
        # the user's own lines are nobody's business in a diff
        return masker.text(_blocks.block(text))


class WholeEditor(Editor):
    """C(wanted) is the text of a file that is ours alone."""

    name = "whole"
    taken = "it is a file of ours alone, so the edits went with it"

    def marked(self, text: str) -> bool:
        return text.startswith(HEADER)

    def warnings(self, text: str | None, owned: t.Any) -> list[str]:
        if text is None or owned is not None or self.marked(text):
            return []
        return ["a file of that name was there; it is kept in the state and comes back with state: absent"]

    def edit(self, text: str | None, owned: t.Any, original: str | None) -> str:
        return str(self.wanted)

    def take_back(self, text: str, original: str | None, force: bool) -> str:
        return original or ""

    def present(self, text: str) -> bool:
        return True


class CertificatesEditor(Editor):
    """C(wanted) is a mapping: C(ours), the CA certificates that were asked for, and C(roots), what they are joined with."""

    name = "certificates"

    def owned(self) -> t.Any:
        return {key: digest(text) for key, text in self.wanted.items()}  # the roots alone are 200 kB

    def reason(self, owned: t.Any) -> str:
        return "roots_updated" if owned["ours"] == digest(self.wanted["ours"]) else "rotated"

    def edit(self, text: str | None, owned: t.Any, original: str | None) -> str:
        return _ca.join(self.wanted["ours"], self.wanted["roots"])

    def take_back(self, text: str, original: str | None, force: bool) -> str:
        return original or ""

    def present(self, text: str) -> bool:
        return True

    def view(self, text: str | None, masker: Masker) -> str:
        return "" if not text else "{} certificates, {}\n".format(text.count("-----BEGIN CERTIFICATE"), digest(text))


class NetrcEditor(Editor):
    """C(wanted) is a mapping: C(entries) (machine, login, password) and C(escapes), how the reader's parser quotes."""

    name = "netrc"

    def edit(self, text: str | None, owned: t.Any, original: str | None) -> str:
        machines = {entry["machine"] for entry in self.wanted["entries"]}
        dropped = [entry for entry in (owned or {}).get("entries", []) if entry["machine"] not in machines]
        if dropped and text is not None:
            text = _netrc.take_back(text, dropped, original, True, self.wanted["escapes"])
        return _netrc.merge(text, self.wanted["entries"], self.wanted["escapes"])

    def take_back(self, text: str, original: str | None, force: bool) -> str:
        return _netrc.take_back(text, self.wanted["entries"], original, force, self.wanted["escapes"])

    def present(self, text: str) -> bool:
        return any(_netrc.has(text, entry["machine"]) for entry in self.wanted["entries"])

    def view(self, text: str | None, masker: Masker) -> str:
        return _netrc.mask(text or "", masker.secret)

    def findings(self, text: str) -> list[str]:
        return _netrc.findings(text, self.wanted["escapes"])


class ValueEditor(Editor):
    """C(wanted) is the text of a value in the Windows registry, always a REG_SZ: nothing in it is expanded."""

    name = "registry_value"
    taken = "so it is not ours any more and stays"
    lost = False  # is our mark in the key, so that a value that we do not know may be ours from before?

    def marked(self, text: str) -> bool:
        return self.lost and self.present(text)

    def edit(self, text: str | None, owned: t.Any, original: str | None) -> str:
        return _registry.Value(_registry.STRING, self.wanted).as_text()

    def take_back(self, text: str, original: str | None, force: bool) -> str:
        return original or "" if force or self.present(text) else text

    def present(self, text: str) -> bool:
        return text == self.edit(None, None, None)

    def reason(self, owned: t.Any) -> str:
        return "rotated" if owned != self.wanted else "edited"

    def view(self, text: str | None, masker: Masker) -> str:
        if not text:
            return ""
        value = _registry.from_text(text)
        # the name of a variable that is not ours may say that its text is a secret; a proxy's says nothing
        return f"{value.kind} {masker.text(str(value.data))}\n"

    def warnings(self, text: str | None, owned: t.Any) -> list[str]:
        if text is None or owned is not None or self.present(text):
            return []
        return ["the variable had another value, which is kept in the state and comes back with state: absent"]


_EDITORS = {
    kind.name: kind for kind in (CondarcEditor, BlockEditor, WholeEditor, CertificatesEditor, NetrcEditor, ValueEditor)
}


def editor(name: str, wanted: t.Any) -> Editor:
    """The editor C(name) for C(wanted), as the state on the machine names it."""
    return _EDITORS[name](wanted)
