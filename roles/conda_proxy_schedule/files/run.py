# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run the schedule of condafleet.proxy once: run.py SETTINGS [OPTION_OF_ANSIBLE ...].

It takes the lock, brings the commit to play from a repository if the settings name one, and starts Ansible. Exit codes:
those of Ansible; 2 when there is no commit to play; 75 when another run holds the lock.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
import tempfile
import typing as t

FAILED = 2
BUSY = 75
_GRACE_SECONDS = 120  # for the report of a run that is interrupted
_GIT_SECONDS = 600
_ARMOR = "-----BEGIN PGP PUBLIC KEY BLOCK-----"
_BRANCH = "verified"


class Refusal(Exception):
    """A sentence for the log."""


def main(argv: list[str]) -> int:
    """Run once; return the exit code."""
    with open(argv[1], encoding="utf-8") as stream:
        settings = json.load(stream)
    os.environ.update(settings["environment"])
    os.umask(0o077)
    os.chdir(settings["directory"])
    try:
        lock = hold_lock(settings["lock"])
    except BlockingIOError:
        say("another run holds the lock; this one does nothing")
        return BUSY
    if settings["log"]:  # not before: the run that goes on writes there
        write_to(settings["log"])
    try:
        if settings["repository"]:
            take_commit(settings["repository"])
    except Refusal as exc:
        say(str(exc))
        return FAILED
    os.environ.update(credentials(settings["credentials"]))
    return play([*settings["command"], *argv[2:]], lock, settings["timeout"])


def say(text: str) -> None:
    sys.stderr.write(f"condafleet-proxy: {text}\n")


def hold_lock(path: str) -> int:
    """Lock the file as flock(1) does, and return its descriptor. Raises BlockingIOError."""
    # not for writing: after a flock(1) of root's it is root's
    descriptor = os.open(path, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return descriptor


def write_to(path: str) -> None:
    """Write all output from here on to a new file."""
    with open(path, "wb") as stream:
        os.dup2(stream.fileno(), 1)
        os.dup2(stream.fileno(), 2)


def play(command: t.Sequence[str], lock: int, seconds: float) -> int:
    """Run Ansible and return its exit code. Interrupt it when it takes too long: it still writes its report then."""
    children: list[subprocess.Popen[bytes]] = []

    def interrupt(_number: int, _frame: object) -> None:
        for child in children:
            child.send_signal(signal.SIGINT)

    signal.signal(signal.SIGTERM, interrupt)
    signal.signal(signal.SIGINT, lambda _number, _frame: None)  # at a terminal and under systemd Ansible gets it itself
    children.append(subprocess.Popen(command, stdin=subprocess.DEVNULL, pass_fds=(lock,)))
    try:
        code = children[0].wait(seconds)
    except subprocess.TimeoutExpired:
        say(f"the run took longer than {seconds:g} seconds, and is interrupted")
        interrupt(0, None)
        try:
            code = children[0].wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            children[0].kill()
            code = children[0].wait()
    return code if code >= 0 else 128 - code


def credentials(found: t.Mapping[str, t.Mapping[str, str]]) -> dict[str, str]:
    """Return Ansible's variables for files with secrets. systemd lays copies into a directory of its own.

    Not its options: ansible-pull does not hand them on to the command that brings the checkout, and that reads the
    inventory too (seen with ansible-core 2.19).
    """
    directory = os.environ.get("CREDENTIALS_DIRECTORY")
    return {name: os.path.join(directory, one["name"]) if directory else one["path"] for name, one in found.items()}


def take_commit(repository: t.Mapping[str, str]) -> None:
    """Fetch the branch, and let the branch that is played from go on to it.

    Nothing is checked out here: a commit that is refused never lies in the checkout, where an inventory, a
    configuration or a plugin of it would be read before any playbook. Raises Refusal.
    """
    folder, url, branch = repository["folder"], repository["url"], repository["branch"]
    os.makedirs(folder, mode=0o700, exist_ok=True)
    if not os.path.isdir(os.path.join(folder, "objects")):
        git(folder, "the folder of the repository cannot be made", "init", "--quiet", "--bare", folder)
    git(folder, f"the branch {branch} cannot be fetched", "fetch", "--quiet", "--no-tags", url, f"refs/heads/{branch}")
    commit = git(folder, "nothing was fetched", "rev-parse", "--verify", "FETCH_HEAD^{commit}").strip()
    if repository["signers"]:
        verify(folder, commit, repository["signers"])
        branches = git(
            folder, "the branches cannot be read", "for-each-ref", "--format=%(objectname)", f"refs/heads/{_BRANCH}"
        )
        before = branches.strip()  # empty the first time
        if before and git_code(folder, "merge-base", "--is-ancestor", before, commit):
            raise Refusal(
                f"the commit {commit[:12]} of {branch} does not follow the one that was played before ({before[:12]}), so "
                f"nothing is played: an older commit may come from an attacker; if it is meant, remove {folder}"
            )
    git(folder, "the commit cannot be chosen", "update-ref", f"refs/heads/{_BRANCH}", commit)


def verify(folder: str, commit: str, signers: str) -> None:
    """Check the signature of a commit. `signers`: a file with OpenPGP keys or of ssh's allowed signers. Raises Refusal."""
    with open(signers, encoding="utf-8") as stream:
        pgp = _ARMOR in stream.read()
    with tempfile.TemporaryDirectory() as home:  # no key of anybody's own counts
        environment = dict(os.environ, GNUPGHOME=home, GIT_CONFIG_NOSYSTEM="1", GIT_CONFIG_GLOBAL=os.devnull)
        if pgp:
            run(
                ["gpg", "--batch", "--quiet", "--import", signers],
                "the keys of the signers cannot be read",
                environment,
            )
        allowed = os.devnull if pgp else signers
        options = [f"gpg.ssh.allowedSignersFile={allowed}", "gpg.x509.program=false", "gpg.minTrustLevel=undefined"]
        argv = ["git", "-C", folder, *(part for option in options for part in ("-c", option)), "verify-commit", commit]
        try:
            run(
                argv, f"the commit {commit[:12]} is not signed by one of the signers, so nothing is played", environment
            )
        finally:
            with contextlib.suppress(OSError):  # its agent would keep the directory
                subprocess.run(
                    ["gpgconf", "--kill", "all"],
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    capture_output=True,
                    check=False,
                )


def git(folder: str, sentence: str, *arguments: str) -> str:
    """Run git in the repository; return its output. Raises Refusal with the sentence and what git said."""
    return run(["git", "-C", folder, *arguments], sentence, dict(os.environ))


def git_code(folder: str, *arguments: str) -> int:
    return subprocess.run(["git", "-C", folder, *arguments], stdin=subprocess.DEVNULL, check=False).returncode


def run(argv: t.Sequence[str], sentence: str, environment: t.Mapping[str, str]) -> str:
    # a question for a password would wait for ever
    environment = dict(environment, GIT_TERMINAL_PROMPT="0", LC_ALL="C")
    try:
        done = subprocess.run(
            argv,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=_GIT_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise Refusal(f"{sentence}: {argv[0]} took longer than {_GIT_SECONDS} seconds") from None
    except FileNotFoundError:
        raise Refusal(f"{argv[0]} is not installed; install it") from None
    if done.returncode:
        last = (done.stderr.strip() or done.stdout.strip() or f"exit code {done.returncode}").splitlines()[-1]
        raise Refusal(f"{sentence}: {last}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main(sys.argv))
