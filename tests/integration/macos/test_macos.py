# SPDX-License-Identifier: GPL-3.0-or-later
"""The Darwin column on a machine that looks like a Mac, in system scope: files, their readers, the session, rollback."""

from __future__ import annotations

import plistlib
import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.bed.company import CHANNEL_HOST, PROXY_PASSWORD_ENCODED, PROXY_USER
from tests.conftest import unavailable
from tests.integration.macos.conftest import BASE

if TYPE_CHECKING:
    from pathlib import Path

    from tests.bed.authority import Authority
    from tests.bed.company import Channels
    from tests.bed.macos.machine import MacMachine
    from tests.bed.play import Player
    from tests.bed.squid import Squid

pytestmark = [pytest.mark.conda, pytest.mark.macos]

DATA = "/Library/Application Support/condafleet-environment/environment"
PLIST = "/Library/LaunchAgents/condafleet.proxy.environment.plist"
FISH = "/opt/homebrew/etc/fish/conf.d/zz-condafleet-proxy.fish"
SYSTEM = {
    "/etc/conda/condafleet-ca.pem",
    "/etc/conda/.condarc",
    "/etc/profile",
    "/etc/zshenv",
    FISH,
    "/etc/csh.cshrc",
    DATA,
    PLIST,
}
# each shell as Terminal starts it, and without a login where that reads a file of the system
SHELLS = ("bash -lc env", "zsh -lc env", "zsh -c env", "tcsh -c env", "fish -lc env", "fish -c env")
MANAGED = "/private/var/db/ManagedConfigurationFiles/com.apple.zsh/etc"


def environment(mac: MacMachine, command: str, user: str = "ada") -> dict[str, str]:
    """What a new shell of a user has."""
    command = f"mkdir -p /tmp/reader; env -i HOME=/tmp/reader PATH=/usr/bin:/bin {command}"
    lines = mac.run(command, user=user).stdout.splitlines()
    return {name: value for name, _equals, value in (line.partition("=") for line in lines)}


def test_from_inventory_to_proof_and_back(mac: MacMachine, mac_player: Player, squid: Squid) -> None:
    mac.write("/private/etc/profile", mac.read("/etc/profile") + "# the company's\n", mode="0444")
    mac.login("bob")
    before = mac.fingerprint()
    predicted = mac_player.play("site", "--check", "--diff")
    assert predicted.returncode == 0, predicted.output
    assert mac.fingerprint() == before
    assert set(predicted.changes(mac.name)) == SYSTEM, "the paths that users know, not those behind /private"

    applied = mac_player.play("site", "--diff", "-vvv")
    assert applied.returncode == 0, applied.output
    assert applied.changes(mac.name) == predicted.changes(mac.name)
    assert [(row["verdict"], row["base"]) for row in applied.result(mac.name)["proof"]] == [("ok", BASE)]
    assert applied.executions() == 1
    look(mac, squid)

    again = mac_player.play("site")
    assert again.returncode == 0, again.output
    assert again.result(mac.name)["changed"] is False

    removed = mac_player.play("remove")
    assert removed.returncode == 0, removed.output
    assert mac.fingerprint() == before
    seen = mac.from_the_dock("bob")
    assert not [name for name in seen if "proxy" in name or "CONDAFLEET" in name], seen


def look(mac: MacMachine, squid: Squid) -> None:
    """What is there, seen by the readers themselves."""
    url = squid.url(PROXY_USER, PROXY_PASSWORD_ENCODED)
    bundle = "/etc/conda/condafleet-ca.pem"
    for command in SHELLS:
        seen = environment(mac, command)
        assert (seen.get("https_proxy"), seen.get("HTTP_PROXY"), seen.get("REQUESTS_CA_BUNDLE")) == (
            url,
            url,
            bundle,
        ), command
    assert mac.run("echo $https_proxy", user="bob").stdout.strip() == url, "zsh by ssh reads /etc/zshenv"
    assert mac.run("echo $https_proxy", user="ada").stdout.strip() == "", "bash by ssh reads no file of the system"
    mac.login("ada")  # one who logs in later: launchd loads the agent
    for user in ("ada", "bob"):
        seen = mac.from_the_dock(user)
        assert (seen["https_proxy"], seen["REQUESTS_CA_BUNDLE"]) == (url, bundle)
    owners = (
        f"stat -c '%U:%G %a %n' '{PLIST}' '{DATA}' /etc/zshenv; stat -c '%a' '/Library/Application Support/condafleet'"
    )
    assert mac.run(owners).stdout.splitlines() == [
        f"root:wheel 644 {PLIST}",
        f"root:wheel 644 {DATA}",
        "root:wheel 644 /etc/zshenv",
        "700",
    ]
    assert PROXY_PASSWORD_ENCODED not in mac.read(PLIST)
    plistlib.loads(mac.read(PLIST).encode())


# what a shell opens of the system's files and of the user's, by the man pages of macOS
READS = {
    "bash -lc true": {"/etc/profile", "/etc/bashrc", "~/.bash_profile", "~/.bash_login", "~/.profile"},
    "bash -c true": set(),
    "env SSH_CLIENT=x SHLVL=0 bash -c true": {"~/.bashrc"},
    "zsh -lc true": {"/etc/zshenv", "~/.zshenv", "/etc/zprofile", "~/.zprofile", "~/.zlogin", "/etc/zlogin"},
    "zsh -c true": {"/etc/zshenv", "~/.zshenv"},
    "zsh -ic true": {"/etc/zshenv", "~/.zshenv", "/etc/zshrc", "~/.zshrc"},
    "tcsh -c true": {"/etc/csh.cshrc", "~/.tcshrc", "~/.cshrc"},
    "tcsh -l": {"/etc/csh.cshrc", "/etc/csh.login", "~/.tcshrc", "~/.cshrc", "~/.login"},
}
OPENED = re.compile(r'(?:open|openat)\((?:AT_FDCWD, )?"([^"]+)"')


def test_which_files_each_shell_reads(mac: MacMachine) -> None:
    """The columns name no file that a shell does not ask for, and leave out none that could set a variable."""
    for command, expected in READS.items():
        trace = f"cd; strace -f -e trace=open,openat,access,stat,newfstatat -o /tmp/trace {command} </dev/null; cat /tmp/trace"
        opened = set(OPENED.findall(mac.run(trace, user="ada").stdout))
        names = {path.replace("/etc/zsh/", "/etc/").replace("/Users/ada", "~") for path in opened}
        asked = {
            name for name in names if re.fullmatch(r"(/etc/|~/\.)(z\w+|bash\w*|profile|\w*cshrc|csh\.\w+|login)", name)
        }
        assert asked - {"/etc/zshrc", "/etc/csh.logout"} <= expected | {"/etc/bash.bashrc"}, command
        assert {
            name for name in expected if name.startswith("/etc/") and name not in ("/etc/zlogin", "/etc/bashrc")
        } <= asked


def test_plutil_takes_the_property_list(mac: MacMachine, mac_player: Player, tmp_path: Path) -> None:
    """libplist has another parser than Python, as launchd has."""
    if shutil.which("plistutil") is None:
        unavailable("plistutil is not installed (Debian: libplist-utils)")
    assert mac_player.play("site", conda_proxy_verify="none").returncode == 0
    (tmp_path / "x.plist").write_text(mac.read(PLIST))
    subprocess.run(["plistutil", "-i", tmp_path / "x.plist", "-o", tmp_path / "x.binary"], check=True)
    content = plistlib.loads((tmp_path / "x.binary").read_bytes())
    assert (content["Label"], content["RunAtLoad"]) == ("condafleet.proxy.environment", True)


DRIFT = {
    "an update replaced the file": ("printf '# of macOS\\n' > /etc/profile", "/etc/profile", "missing"),
    "a line edited": ("sed -i 's/^export https_proxy=.*/export https_proxy=x/' /etc/zshenv", "/etc/zshenv", "edited"),
    "data removed": (f"rm '{DATA}'", DATA, "missing"),
    "data mode": (f"chmod 666 '{DATA}'", DATA, "mode"),
    "agent removed": (f"rm {PLIST}", PLIST, "missing"),
    "agent edited": (f"sed -i s/Aqua/Background/ {PLIST}", PLIST, "edited"),
    "agent owner": (f"chown ada {PLIST}", PLIST, "owner"),
    "condarc removed": ("rm /etc/conda/.condarc", "/etc/conda/.condarc", "missing"),
    "fish": (f"echo 'set -e http_proxy' >> {FISH}", FISH, "edited"),
}


def test_drift_of_each_kind_is_found_and_put_right(mac: MacMachine, mac_player: Player) -> None:
    mac.login("bob")
    mac_player.variables["conda_proxy_verify"] = "none"
    assert mac_player.play("site").returncode == 0
    plist = mac.run(f"sha256sum {PLIST}; stat -c %i {PLIST}").stdout
    for name, (command, path, reason) in DRIFT.items():
        mac.run(command)
        found = mac_player.play("site", "--check")
        assert found.changes(mac.name) == {path: (found.changes(mac.name)[path][0], (reason,))}, name
        corrected = mac_player.play("site")
        assert corrected.changes(mac.name) == found.changes(mac.name), name
    assert mac_player.play("site", "--check").result(mac.name)["changed"] is False
    assert "https_proxy" in mac.from_the_dock("bob")
    # another proxy: the session has it at once, the property list is the same file as before
    plist = mac.run(f"stat -c '%i %Y' {PLIST}").stdout
    rotated = mac_player.play("site", conda_proxy_http="http://other.example.com:3128")
    assert rotated.changes(mac.name)[DATA] == ("update", ("rotated",))
    assert PLIST not in rotated.changes(mac.name)
    assert mac.run(f"stat -c '%i %Y' {PLIST}").stdout == plist
    assert "other.example.com" in mac.from_the_dock("bob")["https_proxy"]


def test_what_cuts_a_healthy_machine_off_is_rolled_back(
    mac: MacMachine, mac_player: Player, squid: Squid, channels: Channels, authority: Authority
) -> None:
    mac.login("bob")
    assert mac_player.play("site").returncode == 0
    before, seen = mac.fingerprint(), mac.from_the_dock("bob")
    failed = mac_player.play("site", conda_proxy_http="http://127.0.0.1:9")
    assert failed.returncode != 0
    assert failed.result(mac.name)["rolled_back"] is True
    assert "were rolled back" in failed.result(mac.name)["msg"]
    after = mac.fingerprint()
    own = ("/Library/Application Support/condafleet/state.json", "/Library/Application Support/condafleet/lock")
    changed = {path for path in {*before, *after} if before.get(path) != after.get(path)}
    assert changed <= set(own)
    assert mac.from_the_dock("bob") == seen


def test_a_home_on_another_volume_is_named(mac: MacMachine, mac_player: Player) -> None:
    mac.run("mount -t tmpfs -o mode=0755,uid=502,gid=20 none /Users/bob")
    mac.login("bob")
    mine = {"conda_proxy_scope": "user", "conda_proxy_users": ["bob"], "conda_proxy_verify": "none"}
    played = mac_player.play("site", **mine)
    assert played.returncode == 0, played.output
    assert "launchd accepts no property list on another volume" in played.output


def test_the_machine_has_a_name_that_stays(mac: MacMachine, mac_player: Player) -> None:
    mac_player.variables["conda_proxy_verify"] = "none"
    assert mac_player.play("site").returncode == 0
    mac.run("hostname of-dhcp")
    again = mac_player.play("site", conda_proxy_http="http://other.example.com:1")
    assert again.returncode == 0, again.output
    assert "shared with host" not in again.output
    assert '"host": "Condafleet-Mac"' in mac.read("/Library/Application Support/condafleet/state.json")


def test_nobody_at_the_screen_an_agent_switched_off_and_one_that_leaves(mac: MacMachine, mac_player: Player) -> None:
    mac_player.variables["conda_proxy_verify"] = "none"
    mac.run("sudo -u bob sleep 600 >/dev/null 2>&1 </dev/null &")  # bob works there by ssh
    for code in (112, 125, 5):
        mac.run(f"echo '{{\"no_session\": {code}}}' >/private/var/standin/launchd.json")
        quiet = mac_player.play("site", conda_proxy_http=f"http://proxy.example.com:{code}")
        assert quiet.returncode == 0, quiet.output
        assert "launchd" not in " ".join(quiet.result(mac.name).get("warnings", []))
    mac.login("bob")
    assert "https_proxy" in mac.from_the_dock("bob"), "at the next login"
    # removed and set again at once: launchd is still unloading the agent
    assert mac_player.play("remove").returncode == 0
    assert mac_player.play("site").returncode == 0
    assert "https_proxy" in mac.from_the_dock("bob")
    # switched off in the Login Items
    assert mac_player.play("remove").returncode == 0
    mac.run("launchctl disable gui/502/condafleet.proxy.environment")
    off = mac_player.play("site")
    assert off.returncode == 0, off.output
    assert "bob has switched off" in off.output
    assert "https_proxy" not in mac.from_the_dock("bob")


def test_what_device_management_replaces_is_overruled(mac: MacMachine, mac_player: Player) -> None:
    mac.write(f"{MANAGED}/zshenv", "export https_proxy=http://managed.example.com:1\n")
    played = mac_player.play("site", conda_proxy_verify="none")
    assert played.returncode == 0, played.output
    (row,) = played.result(mac.name)["overruled"]
    assert (row["consumer"], row["path"], row["decided_by"]) == ("zsh", "/etc/zshenv", f"{MANAGED}/zshenv")
    again = mac_player.play("site", conda_proxy_verify="none")
    assert again.result(mac.name)["changed"] is False
    assert len(again.result(mac.name)["overruled"]) == 1


def test_access_control_lists_and_attributes(mac: MacMachine, mac_player: Player) -> None:
    """Others' files keep theirs; a file with a password has none, also where its directory hands one down."""
    acl = "group:ABCDEFAB-CDEF-ABCD-EFAB-CDEF0000000C:everyone:12:allow,file_inherit:read"
    script = (
        "import os\n"
        f"os.setxattr('/private/etc/profile', 'user.acl', b'{acl}')\n"
        "os.setxattr('/private/etc/profile', 'user.note', b'kept')\n"
        f"os.setxattr('/Users/bob', 'user.acl', b'{acl}')\n"
    )
    mac.run(["/usr/bin/python3", "-ISc", script])
    mac_player.variables["conda_proxy_verify"] = "none"
    assert mac_player.play("site").returncode == 0
    show = "import os, sys; print(*(f'{path} {name}' for path in sys.argv[1:] for name in sorted(os.listxattr(path))), sep='\\n')"
    seen = mac.run(["/usr/bin/python3", "-ISc", show, "/private/etc/profile"]).stdout.splitlines()
    assert seen == ["/private/etc/profile user.acl", "/private/etc/profile user.note"]
    played = mac_player.play("site", conda_proxy_scope="user", conda_proxy_users=["bob"])
    assert played.returncode == 0, played.output
    names = ["/Users/bob/.condarc", "/Users/bob/.zshenv", "/Users/bob/.local/state/condafleet/environment"]
    assert mac.run(["/usr/bin/python3", "-ISc", show, *names]).stdout.split() == []
    assert mac.run(["stat", "-c", "%a", *names]).stdout.split() == ["600", "600", "600"]


def test_an_interpreter_and_a_stub_that_root_must_not_run(mac: MacMachine, mac_player: Player) -> None:
    mac.run("cp /usr/bin/python3.11 /opt/homebrew/bin/python3; chown ada /opt/homebrew/bin/python3")
    mac_player._hosts = {mac.name: mac.inventory() | {"ansible_python_interpreter": "/opt/homebrew/bin/python3"}}
    refused = mac_player.play("site")
    message = refused.result(mac.name)["msg"]
    assert "root must not run the Python /opt/homebrew/bin/python3" in message
    assert "is not owned by root" in message
    assert mac.run("ls -d /etc/conda", check=False).returncode != 0
    stub = (
        "#!/bin/sh\necho 'xcode-select: note: no developer tools were found at ..., requesting install.' >&2\nexit 1\n"
    )
    mac.write("/usr/local/bin/python3", stub, mode="0755")
    mac_player._hosts = {mac.name: mac.inventory() | {"ansible_python_interpreter": "/usr/local/bin/python3"}}
    message = mac_player.play("site").result(mac.name)["msg"]
    assert "is a stub of macOS" in message
    assert "ansible_python_interpreter" in message


def test_a_base_that_others_write_runs_as_nobody(mac: MacMachine, mac_player: Player) -> None:
    """nobody is -2 on macOS."""
    mac.run("chmod 777 /opt/homebrew")
    played = mac_player.play("site")
    assert played.returncode == 0, played.output
    assert [row["verdict"] for row in played.result(mac.name)["proof"]] == ["ok"]


def test_a_ca_that_is_only_in_the_keychain(mac: MacMachine, mac_player: Player, authority: Authority) -> None:
    mac.write("/private/var/standin/keychains/System.keychain.pem", authority.pem.read_text())
    mac_player.variables |= {"conda_proxy_ca_bundle_src": "", "conda_proxy_verify": "report"}
    played = mac_player.play("site")
    assert [row["verdict"] for row in played.result(mac.name)["proof"]] == ["tls_unknown_ca"], played.output
    assert "is in the keychain /Library/Keychains/System.keychain" in played.output


def test_what_a_program_from_the_dock_cannot_see(mac: MacMachine, mac_player: Player) -> None:
    """A password is shown to `ps` for a moment by launchctl: only with the exposure that says so."""
    mac.login("bob")
    mine = {"conda_proxy_scope": "user", "conda_proxy_users": ["bob"], "conda_proxy_verify": "none"}
    played = mac_player.play("site", **mine, conda_proxy_password_exposure="refuse")
    assert played.returncode == 0, played.output
    assert "the environment target launchd was left out" in played.output
    assert not [path for path in played.changes(mac.name) if "Launch" in path]
    assert "https_proxy" not in mac.from_the_dock("bob")
    allowed = mac_player.play("site", **mine)
    assert "/Users/bob/Library/LaunchAgents/condafleet.proxy.environment.plist" in allowed.changes(mac.name)
    assert "https_proxy" in mac.from_the_dock("bob")
    again = mac_player.play("site", **mine, conda_proxy_password_exposure="refuse")
    assert {reason for _action, reasons in again.changes(mac.name).values() for reason in reasons} == {"unwanted"}
    assert "https_proxy" not in mac.from_the_dock("bob")


def test_conda_of_the_user_through_the_files(mac: MacMachine, mac_player: Player, channels: Channels) -> None:
    """conda itself, in a login shell: search and create, really downloading."""
    assert mac_player.play("site").returncode == 0
    for arguments in ("search --json hello", "create --yes --quiet --json -p ~/env hello"):
        command = f"zsh -lc 'CONDA_SOLVER=classic CONDA_SAT_SOLVER=pysat {BASE}/bin/python -m conda {arguments}'"
        done = mac.run(command, user="bob", check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    assert CHANNEL_HOST in mac.run(f"zsh -lc '{BASE}/bin/python -m conda config --show channels'", user="bob").stdout
