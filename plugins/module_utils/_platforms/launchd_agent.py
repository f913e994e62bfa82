# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""The property list of the agent that hands variables to the programs of a session at the screen of macOS.

launchd starts it at login (launchd.plist(5)); it reads a data file of `NAME=value` lines and calls `launchctl setenv`,
which programs from the Dock inherit (launchctl(1)). Users get a notice whenever a property list changes, so its text is
constant and only the data file changes.

A variable of the session names what the agent has set: a later run unsets what is no longer in the data file, also after
a run that was interrupted. Where a system-wide agent and one of the user set the same variable, the user's wins.
"""

from __future__ import annotations

# {file} is a word of the shell, {mine} and {other} are variables of the session
_SCRIPT = """\
file={file}
new=
if [ -r "$file" ]; then
    while IFS= read -r line; do
        case $line in '#'*) ;; *=*) new="$new ${{line%%=*}}" ;; esac
    done <"$file"
fi
old=$(launchctl getenv {mine})
others=" $(launchctl getenv {other}) "
if [ -n "$new" ]; then
    launchctl setenv {mine} "$old$new"
    while IFS= read -r line; do
        name=${{line%%=*}}
        case $line in '#'*) continue ;; *=*) ;; *) continue ;; esac
        {skip}launchctl setenv "$name" "${{line#*=}}"
    done <"$file"
fi
for name in $old; do
    case "$new$others " in *" $name "*) ;; *) launchctl unsetenv "$name" ;; esac
done
if [ -n "$new" ]; then launchctl setenv {mine} "$new"; else launchctl unsetenv {mine}; fi
{last}"""
_SKIP = """case $others in *" $name "*) continue ;; esac
        """
_PLIST = """\
<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<!-- # Managed by Ansible (condafleet.proxy): changes are lost -->
<plist version="1.0">
<dict>
    <key>Label</key>
    <string>{label}</string>
    <key>LimitLoadToSessionType</key>
    <string>Aqua</string>
    <key>ProgramArguments</key>
    <array>
        <string>/bin/sh</string>
        <string>-c</string>
        <string>{script}</string>
    </array>
    <key>RunAtLoad</key>
    <true/>
</dict>
</plist>
"""
LABEL = "condafleet.proxy.environment"
USER_LABEL = LABEL + ".user"
_MINE, _USERS = "CONDAFLEET_VARIABLES", "CONDAFLEET_USER_VARIABLES"


def system_plist(file: str) -> str:
    """Return the property list of the agent for all users; `file` is the path of the data file."""
    return _plist(LABEL, _SCRIPT.format(file=f"'{file}'", mine=_MINE, other=_USERS, skip=_SKIP, last=""))


def user_plist(file: str) -> str:
    """Return the property list of a user's agent; `file` is the path of the data file below the home."""
    # what the system-wide agent sets comes back when the user's is gone
    last = f'[ -n "$new" ] || launchctl kickstart "gui/$(id -u)/{LABEL}" 2>/dev/null || :\n'
    return _plist(USER_LABEL, _SCRIPT.format(file=f'"$HOME/{file}"', mine=_USERS, other=_MINE, skip="", last=last))


def _plist(label: str, script: str) -> str:
    for char, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        script = script.replace(char, entity)
    return _PLIST.format(label=label, script=script)
