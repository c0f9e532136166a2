"""Child processes that end well, end badly, stand still, or lose their parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from explorer.models import download_process
from explorer.models.download_process import DownloadProcessError, run_watched

CLEANS_UP = """
import pathlib, sys, time
half = pathlib.Path(sys.argv[1])
half.write_text("half")
try:
    time.sleep(30)
finally:
    half.unlink()
"""


def script(folder: Path, source: str) -> str:
    path = folder / "script.py"
    path.write_text(source)
    return str(path)


def run(program: str, *arguments: str, stall_seconds: float = 20.0, seen: list[int] | None = None) -> None:
    run_watched(
        program,
        arguments,
        environment={"GREETING": "hello"},
        bytes_so_far=lambda: 7,
        advance=(seen if seen is not None else []).append,
        stall_seconds=stall_seconds,
    )


def wait_until(condition: object, seconds: float = 8.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():  # type: ignore[operator]
            return True
        time.sleep(0.05)
    return False


def test_it_runs_with_arguments_and_environment(tmp_path: Path) -> None:
    source = "import os, sys; open(sys.argv[1], 'w').write(os.environ['GREETING'])"
    seen: list[int] = []
    run(script(tmp_path, source), str(tmp_path / "out"), seen=seen)
    assert (tmp_path / "out").read_text() == "hello"
    assert seen[-1] == 7


def test_the_last_line_of_stderr_is_the_reason(tmp_path: Path) -> None:
    with pytest.raises(DownloadProcessError, match=r"^the reason$") as raised:
        run(script(tmp_path, "import sys; print('noise', file=sys.stderr); sys.exit('the reason\\n\\n')"))
    assert not raised.value.disk_is_full
    assert not raised.value.stalled


def test_a_full_disk_is_recognised(tmp_path: Path) -> None:
    with pytest.raises(DownloadProcessError) as raised:
        run(script(tmp_path, "import errno, os; raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))"))
    assert raised.value.disk_is_full


def test_standing_still_ends_it(tmp_path: Path) -> None:
    begun = time.monotonic()
    with pytest.raises(DownloadProcessError) as raised:
        run(script(tmp_path, CLEANS_UP), str(tmp_path / "half"), stall_seconds=1.0)
    assert raised.value.stalled
    assert time.monotonic() - begun < 6
    assert not (tmp_path / "half").exists()


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_what_advance_raises_stops_the_child_first(tmp_path: Path, error: type[BaseException]) -> None:
    half = tmp_path / "half"

    def advance(_: int) -> None:
        if half.exists():
            raise error

    with pytest.raises(error):
        run_watched(
            script(tmp_path, CLEANS_UP),
            [str(half)],
            environment={},
            bytes_so_far=lambda: 0,
            advance=advance,
            stall_seconds=20,
        )
    assert not half.exists()


def test_a_child_that_does_not_listen_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download_process, "_FAREWELL_SECONDS", 0.5)
    deaf = "import os, signal, sys, time; signal.signal(signal.SIGINT, signal.SIG_IGN); time.sleep(30)"
    begun = time.monotonic()
    with pytest.raises(DownloadProcessError):
        run(script(tmp_path, deaf), stall_seconds=0.5)
    assert time.monotonic() - begun < 10


def test_a_killed_parent_takes_the_child_with_it(tmp_path: Path) -> None:
    half = tmp_path / "half"
    source = f"""
from explorer.models import download_process
from explorer.models.download_process import run_watched
run_watched({script(tmp_path, CLEANS_UP)!r}, [{str(half)!r}], environment={{}}, bytes_so_far=lambda: 0,
            advance=lambda _: None, stall_seconds=60)
"""
    parent = subprocess.Popen([sys.executable, "-c", source])
    try:
        assert wait_until(half.exists)
        os.kill(parent.pid, signal.SIGKILL)
    finally:
        parent.wait()
    assert wait_until(lambda: not half.exists())
