# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for launchd and launchctl: domains, jobs, who is logged in, environments, exit codes.

Installed as `/bin/launchctl`; as `/usr/libexec/session` it is what a test does at the screen:
`session login UID`, `session logout UID`, `session open UID PROGRAM ...` (a program from the Dock).

What each answer rests on:

* verbs, domains and that `setenv`, `getenv`, `unsetenv` act in the caller's context: launchctl(1) of macOS 13 to 15;
* `asuser` changes the context and not the user, and needs root: launchctl(1), scripts of device management;
* an exit code is the number of the text: reports measured on macOS 13 to 26 (headroom 1289, vaultsync 89, oppi 38,
  opencodex 1770, the cask of lima): 3 or 113 not loaded, 5 for a plist of the wrong owner or mode, one that is loaded
  or still leaving, 37 already in progress, 112 or 125 no such session, 119 switched off by the user;
* `bootout` returns before the job has left; `bootstrap` in a row gives 5 for seconds (headroom 1289, macOS 26.5);
* a plist must be its user's or root's, not writable for others and named `*.plist`: launchctl.c;
* what a session has set is gone at logout: reports for macOS 13 to 26 (fumitm 97).

What it is asked and does not know, it refuses with 64: a test that needs more must say what that rests on.
"""

import fcntl
import json
import os
import plistlib
import pwd
import stat
import sys
import time

STATE = "/private/var/standin/launchd.json"
LEAVING_SECONDS = 1.0
SYSTEM_AGENTS = "/Library/LaunchAgents"


class Refusal(Exception):
    """What launchctl prints, and its exit code, which is the number in it."""

    def __init__(self, code, text):
        super().__init__(text)
        self.code = code


class State:
    """The state of launchd, locked while it is open."""

    def __enter__(self):
        self._file = open(STATE, "r+", encoding="utf-8")
        fcntl.lockf(self._file, fcntl.LOCK_EX)
        self.data = json.loads(self._file.read() or "{}")
        for key in ("domains", "contexts", "disabled"):
            self.data.setdefault(key, {})
        self.data.setdefault("no_session", 125)
        return self

    def __exit__(self, kind, value, trace):
        self._file.seek(0)
        self._file.truncate()
        json.dump(self.data, self._file)
        self._file.close()

    def domain(self, name):
        if name == "system" or name.startswith("user/"):
            return self.data["domains"].setdefault(name, {"env": {}, "jobs": {}, "leaving": {}})
        found = self.data["domains"].get(name)
        if found is None:
            code = self.data["no_session"]
            texts = {112: "Could not find domain for", 125: "Domain does not support specified action"}
            raise Refusal(code, texts.get(code, "Input/output error"))
        return found


def started(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as stream:
            fields = stream.read().rpartition(")")[2].split()
        return int(fields[1]), fields[19]  # parent, start time
    except (OSError, IndexError):
        return 0, ""


def context(state):
    """The domain of the caller: that of the nearest ancestor which asuser or launchd itself started."""
    pid = os.getpid()
    while pid > 1:
        parent, start = started(pid)
        known = state.data["contexts"].get(str(pid))
        if known and known[1] == start:
            return known[0]
        pid = parent
    return "system" if os.getuid() == 0 else f"user/{os.getuid()}"


def enter(state, domain):
    state.data["contexts"][str(os.getpid())] = [domain, started(os.getpid())[1]]


def user_of(domain):
    """The uid whose jobs a domain has; those of the system run as root unless they name a user: launchd.plist(5)."""
    return int(domain.partition("/")[2] or 0)


def may_change(domain):
    uid = domain.partition("/")[2]
    if os.getuid() != 0 and str(os.getuid()) != uid:
        raise Refusal(1, "Operation not permitted")


def load(path, uid):
    """Return a property list that launchd takes; everything else is `Input/output error`, as on a Mac."""
    try:
        info = os.stat(path)
        with open(path, "rb") as stream:
            content = plistlib.load(stream)
    except (OSError, ValueError, plistlib.InvalidFileException):
        raise Refusal(5, "Input/output error") from None
    good = info.st_uid in (0, uid) and not stat.S_IMODE(info.st_mode) & 0o022 and path.endswith(".plist")
    good = good and isinstance(content.get("Label"), str) and isinstance(content.get("ProgramArguments"), list)
    if not good or content.get("LimitLoadToSessionType", "Aqua") != "Aqua":
        raise Refusal(5, "Input/output error")
    return content


def spawn(domain, uid, job, environment):
    """Start a job in its session, as its user, and return its pid."""
    account = pwd.getpwuid(uid)
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(writer)
        os.read(reader, 1)  # its context is known by then
        os.setsid()
        if os.fork():
            os._exit(0)
        if os.getuid() == 0:
            os.initgroups(account.pw_name, account.pw_gid)
            os.setgid(account.pw_gid)
            os.setuid(uid)
        with State() as state:
            enter(state, domain)
            state.data["domains"][domain]["jobs"][job["Label"]]["pid"] = os.getpid()
        null = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(null, descriptor)
        base = {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "HOME": account.pw_dir, "USER": account.pw_name}
        argv = job["ProgramArguments"]
        os.execve(argv[0], argv, {**base, "LOGNAME": account.pw_name, "SHELL": account.pw_shell, **environment})
    os.close(reader)
    return pid, writer


def start(name, domain_name):
    """Start a loaded job; return the pid that it gets."""
    with State() as state:
        domain = state.domain(domain_name)
        job = domain["jobs"].get(name)
        if job is None or name in domain["leaving"]:
            raise Refusal(113, f'Could not find service "{name}" in domain for {domain_name}')
        if running(job):
            raise Refusal(37, "Operation already in progress")
        environment = dict(domain["env"])
        plist = job["plist"]
        state.data["domains"][domain_name]["jobs"][name]["pid"] = 0
    uid = pwd.getpwnam(plist["UserName"]).pw_uid if "UserName" in plist else user_of(domain_name)
    pid, writer = spawn(domain_name, uid, plist, environment)
    os.close(writer)
    os.waitpid(pid, 0)
    for _attempt in range(200):
        with State() as state:
            job = state.data["domains"].get(domain_name, {}).get("jobs", {}).get(name, {})
            if job.get("pid"):
                job["start"] = started(job["pid"])[1]
                return job["pid"]
        time.sleep(0.01)
    raise Refusal(5, "Input/output error")


def bootstrap(domain_name, path):
    may_change(domain_name)
    uid = user_of(domain_name)
    with State() as state:
        domain = state.domain(domain_name)
        plist = load(path, uid)
        label = plist["Label"]
        if label in state.data["disabled"].get(domain_name, []):
            raise Refusal(119, "Service is disabled")
        now = time.time()
        domain["leaving"] = {name: end for name, end in domain["leaving"].items() if end > now}
        if label in domain["leaving"] or label in domain["jobs"]:
            raise Refusal(5, "Input/output error")
        domain["jobs"][label] = {"plist": plist, "pid": 0}
    if plist.get("RunAtLoad"):
        start(label, domain_name)


def bootout(target):
    domain_name, _slash, label = target.rpartition("/")
    may_change(domain_name)
    with State() as state:
        domain = state.domain(domain_name)
        if label not in domain["jobs"]:
            raise Refusal(3, "No such process")
        job = domain["jobs"].pop(label)
        domain["leaving"][label] = time.time() + LEAVING_SECONDS
    if running(job):
        try:
            os.kill(job["pid"], 15)
        except (ProcessLookupError, PermissionError):
            pass


def kickstart(words):
    flags = [word for word in words if word.startswith("-")]
    if len(words) - len(flags) != 1 or set(flags) - {"-p", "-k"}:
        raise Refusal(64, "usage")
    domain_name, _slash, label = words[-1].rpartition("/")
    may_change(domain_name)
    pid = start(label, domain_name)
    if "-p" in flags:
        print(f"service spawned with pid: {pid}")


def environment(verb, words):
    with State() as state:
        values = state.domain(context(state))["env"]
        if verb == "setenv" and len(words) == 2:
            values[words[0]] = words[1]
        elif verb == "unsetenv" and len(words) == 1:
            values.pop(words[0], None)
        elif verb == "getenv" and len(words) == 1:
            if words[0] in values:
                print(values[words[0]])
        else:
            raise Refusal(64, "usage")


def asuser(words):
    if os.getuid() != 0:
        raise Refusal(1, "Operation not permitted")
    with State() as state:
        gui = f"gui/{words[0]}"
        enter(state, gui if gui in state.data["domains"] else f"user/{words[0]}")
    os.execvp(words[1], words[1:])


def manager():
    with State() as state:
        print({"gui": "Aqua", "user": "Background"}.get(context(state).partition("/")[0], "System"))


def switch(verb, target):
    domain_name, _slash, label = target.rpartition("/")
    may_change(domain_name)
    with State() as state:
        labels = set(state.data["disabled"].get(domain_name, [])) - {label}
        state.data["disabled"][domain_name] = sorted(labels | ({label} if verb == "disable" else set()))


def launchctl(words):
    verb, rest = (words or [""])[0], words[1:]
    if verb in ("setenv", "getenv", "unsetenv"):
        environment(verb, rest)
    elif verb == "asuser" and len(rest) > 1:
        asuser(rest)
    elif verb == "bootstrap" and len(rest) == 2:
        bootstrap(*rest)
    elif verb == "bootout" and len(rest) == 1:
        bootout(rest[0])
    elif verb == "kickstart" and rest:
        kickstart(rest)
    elif verb in ("enable", "disable") and len(rest) == 1:
        switch(verb, rest[0])
    elif verb == "print" and len(rest) == 1:
        words = rest[0].split("/")
        service = words.pop() if len(words) > (1 if words[0] == "system" else 2) else None
        with State() as state:
            if service is not None and service not in state.domain("/".join(words))["jobs"]:
                raise Refusal(113, f'Could not find service "{service}" in domain for {words[0]}')
            if service is None:
                state.domain(rest[0])
        print(f"{rest[0]} = {{\n}}")
    elif verb == "managername" and not rest:
        manager()
    else:
        raise Refusal(64, f"Unrecognized subcommand: {verb}")


def running(job):
    return bool(job.get("pid")) and started(job["pid"])[1] == job.get("start") != ""


def jobs(domain_name):
    with State() as state:
        return list(state.data["domains"][domain_name]["jobs"].values())


def loginwindow(account):
    """A session has processes of its user's own; this is the one of them that a test needs."""
    pid = os.fork()
    if pid == 0:
        os.setsid()
        os.setgid(account.pw_gid)
        os.setuid(account.pw_uid)
        null = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(null, descriptor)
        os.execv("/bin/sleep", ["loginwindow", "infinity"])
    return pid


def session(words):
    """What somebody does at the screen; only tests call it, as root."""
    verb, uid = words[0], int(words[1])
    name, home = f"gui/{uid}", pwd.getpwuid(uid).pw_dir
    if verb == "login":
        with State() as state:
            window = loginwindow(pwd.getpwuid(uid))
            state.data["domains"][name] = {"env": {}, "jobs": {}, "leaving": {}, "loginwindow": window}
        for folder in (SYSTEM_AGENTS, f"{home}/Library/LaunchAgents"):
            for entry in sorted(os.listdir(folder)) if os.path.isdir(folder) else ():
                try:
                    bootstrap(name, os.path.join(folder, entry))
                except Refusal as exc:
                    sys.stderr.write(f"{entry}: {exc.code}: {exc}\n")
        # on a Mac, what is opened at once may come before the agents; a test opens it afterwards
        while any(running(job) for job in jobs(name)):
            time.sleep(0.02)
    elif verb == "logout":
        with State() as state:
            os.kill(state.data["domains"].pop(name)["loginwindow"], 9)
    elif verb == "open":
        account = pwd.getpwuid(uid)
        with State() as state:
            values = dict(state.domain(name)["env"])
            enter(state, name)
        os.initgroups(account.pw_name, account.pw_gid)
        os.setgid(account.pw_gid)
        os.setuid(uid)
        values.update(HOME=home, USER=account.pw_name, PATH="/usr/bin:/bin:/usr/sbin:/sbin")
        os.execve(words[2], words[2:], values)
    else:
        raise Refusal(64, "usage")


if __name__ == "__main__":
    try:
        (session if os.path.basename(sys.argv[0]) == "session" else launchctl)(sys.argv[1:])
    except Refusal as refusal:
        sys.stderr.write(f"{(sys.argv[1:] or [''])[0]} failed: {refusal.code}: {refusal}\n")
        sys.exit(refusal.code)
