# SPDX-License-Identifier: GPL-3.0-or-later
"""Replace and remove a file only while it holds what was read. With real files, leases and other processes."""

from __future__ import annotations

import contextlib
import errno
import os
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._posix import replace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "file"
    found.write_bytes(b"old")
    return found


@pytest.fixture
def new(tmp_path: Path) -> Path:
    found = tmp_path / ".new"
    found.write_bytes(b"new")
    return found


def names(path: Path) -> dict[str, bytes]:
    return {found.name: found.read_bytes() for found in path.parent.iterdir()}


@pytest.fixture(params=["renameat2", "plain"])
def _calls(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where neither the kernel's exchange nor a lease exists."""
    if request.param == "plain":
        monkeypatch.setattr(replace, "_rename", lambda *_arguments: False)
        monkeypatch.setattr(replace, "_lease", lambda _descriptor: None)


@pytest.mark.usefixtures("_calls")
def test_what_was_read_is_replaced(path: Path, new: Path) -> None:
    assert replace.put(str(new), str(path), b"old")
    assert names(path) == {"file": b"new"}


@pytest.mark.usefixtures("_calls")
@pytest.mark.parametrize("now", [b"", b"ol", b"old ", b"other", None])
def test_what_was_edited_stays(path: Path, new: Path, now: bytes | None) -> None:
    os.utime(path, (0, 0))
    if now is None:
        path.unlink()
    else:
        path.write_bytes(now)
    assert not replace.put(str(new), str(path), b"old")
    assert names(path) == {".new": b"new"} | ({} if now is None else {"file": now})
    assert not replace.take(str(path), str(new) + "2", b"old")
    assert names(path) == {".new": b"new"} | ({} if now is None else {"file": now})


@pytest.mark.usefixtures("_calls")
def test_what_was_not_there(path: Path, new: Path) -> None:
    assert not replace.put(str(new), str(path), None)
    assert names(path) == {"file": b"old", ".new": b"new"}
    path.unlink()
    assert replace.put(str(new), str(path), None)
    assert names(path) == {"file": b"new"}


@pytest.mark.usefixtures("_calls")
def test_removal(path: Path) -> None:
    assert replace.take(str(path), str(path) + ".gone", b"old")
    assert names(path) == {}


@pytest.mark.parametrize("how", ["in place", "by rename"])
def test_an_edit_between_the_look_and_the_exchange_is_put_back(
    path: Path, new: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """The moment that no comparison before a rename can see."""
    calls: list[str] = []
    real = replace._rename

    def save() -> None:
        if how == "in place":
            path.write_bytes(b"saved")
        else:
            by_rename(path, b"saved")

    def rename(source: str, target: str, what: str) -> bool:
        calls.append(what)
        if len(calls) == 1:
            threading.Thread(target=save).start()  # in place: it waits for the lease
            time.sleep(0.3)
        return real(source, target, what)

    monkeypatch.setattr(replace, "_rename", rename)
    assert not replace.put(str(new), str(path), b"old")
    assert calls == ["exchange", "exchange"]
    for _attempt in range(100):
        if path.read_bytes() == b"saved":
            break
        time.sleep(0.02)
    assert path.read_bytes() == b"saved"


def by_rename(path: Path, content: bytes) -> None:
    other = path.with_name("editor")
    other.write_bytes(content)
    other.rename(path)


@contextlib.contextmanager
def writer(path: Path) -> Iterator[None]:
    """Another program that has the file open for writing."""
    code = "import sys; f = open(sys.argv[1], 'r+'); print('open', flush=True); sys.stdin.read()"
    argv = [sys.executable, "-c", code, str(path)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield
        process.communicate()


def test_a_file_that_is_open_for_writing_is_waited_for(path: Path, new: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replace, "_BUSY_SECONDS", 0.2)
    with writer(path), pytest.raises(replace.BusyError):
        replace.put(str(new), str(path), b"old")
    assert names(path) == {"file": b"old", ".new": b"new"}
    assert replace.put(str(new), str(path), b"old")


def test_a_file_that_was_emptied_just_now_is_waited_for_without_leases(
    path: Path, new: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replace, "_lease", lambda _descriptor: None)
    monkeypatch.setattr(replace, "_BUSY_SECONDS", 0.1)
    path.write_bytes(b"")
    with pytest.raises(replace.BusyError):
        replace.put(str(new), str(path), b"")
    os.utime(path, (0, 0))
    assert replace.put(str(new), str(path), b"")


def test_an_error_of_the_kernel_is_an_oserror(path: Path, new: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_arguments: Any) -> bool:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(replace, "_rename", full)
    with pytest.raises(OSError, match="No space"):
        replace.put(str(new), str(path), b"old")
    assert names(path) == {"file": b"old", ".new": b"new"}


def test_a_thread_gets_no_lease_and_works(path: Path, new: Path) -> None:
    found: list[bool] = []
    thread = threading.Thread(target=lambda: found.append(replace.put(str(new), str(path), b"old")))
    thread.start()
    thread.join()
    assert found == [True]
