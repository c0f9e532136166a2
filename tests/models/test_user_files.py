"""Files that a person names: what may have no end is not read, and what fails leaves the old file."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from explorer.generation.strategies_file import read_strategies
from explorer.locales import ExplorerError
from explorer.models import user_files
from explorer.models.model_files import read_bytes
from explorer.models.user_files import (
    MAX_KEY_PARTS,
    MAX_TOML_BYTES,
    UntrustedTomlError,
    parse_toml,
    read_file,
    require_writable,
    write_file,
    written_aside,
)
from explorer.sessions import session_file
from explorer.training.config import read_recipe
from explorer.training.corpus import read_books
from tests.models.conftest import no_space

READERS = {
    "strategies": read_strategies,
    "recipe": read_recipe,
    "session": session_file.load,
    "model": read_bytes,
    "book": lambda file: read_books(file.parent),
}
NO_FILES = {"folder": Path.mkdir, "pipe": os.mkfifo, "endless": lambda path: path.symlink_to("/dev/zero")}


@pytest.mark.skipif(sys.platform == "win32", reason="no such devices there")
@pytest.mark.parametrize("make", NO_FILES.values(), ids=NO_FILES)
@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
def test_what_is_no_file_is_not_read(tmp_path: Path, read, make) -> None:
    path = tmp_path / "x.txt"
    make(path)
    with pytest.raises(ExplorerError, match=r"x\.txt”"):
        read(path)


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
def test_what_is_too_large_is_not_read_to_its_end(tmp_path: Path, read) -> None:
    path = tmp_path / "x.txt"
    with path.open("wb") as file:
        file.truncate(10**10)  # a hole: no byte is on the disk
    with pytest.raises(ExplorerError, match=r"x\.txt”.* more than"):
        read(path)


def deep_keys(n: int) -> dict[str, str]:
    """TOML of keys with ``n`` dots, written in all ways."""
    dots = "a." * n
    return {
        "bare": f"{dots}b = 1",
        "table": f"[{dots}b]",
        "array of tables": f"[[{dots}b]]",
        "quoted": '"a".' * n + "b = 1",
        "literal": "'a'." * n + "b = 1",
        "quoted dots": '"."."." . ' * (n // 2) + "b = 1",
        "spaces": "a . " * n + "b = 1",
        "tabs": "a\t.\t" * n + "b = 1",
        "numbers": "1." * n + "b = 1",
        "within a table": f"x = {{{dots}b = 1}}",
        "after a text that ends with quotes": f'x = {{x = """a"""", {dots}b = "c"}}',
        "after a text that ends with apostrophes": f"x = {{x = '''a'''', {dots}b = 'c'}}",
        "after a text with an escape": f'x = {{x = "\\"", {dots}b = "c"}}',
        "after a text of lines": f'x = """\n"\n""" \n{dots}b = 1',
        "after a comment": f'# "\n{dots}b = 1',
        "after a text with a number sign": f'x = {{x = "#", {dots}b = 1}}',
    }


@pytest.mark.parametrize("way", deep_keys(2))
def test_a_key_of_many_parts_is_refused(way: str) -> None:
    assert parse_toml(deep_keys(4)[way].encode())
    with pytest.raises(UntrustedTomlError, match="key of more than"):
        parse_toml(deep_keys(MAX_KEY_PARTS + 2)[way].encode())


def test_dots_in_texts_and_numbers_are_no_keys() -> None:
    text = 'a = "' + "b." * 50 + "\"\nb = '''" + "c." * 50 + "'''\nc = [" + "0.5, " * 50 + "]\n# " + "d." * 50 + "\n"
    assert set(parse_toml(text.encode())) == {"a", "b", "c"}


HOSTILE = {
    "dots": lambda n: "a." * n + "b = 1",
    "spaced dots": lambda n: "a ." * n + "b = 1",
    "quotation marks": lambda n: 'a = "' + '\\"' * n,
    "three quotation marks": lambda n: 'a = """' + '"' * n,
    "three apostrophes": lambda n: "a = '''" + "'" * n,
    "a long word": lambda n: "a" * n,
    "spaces": lambda n: "a" + " " * n + ".",
    "arrays": lambda n: "a = " + "[" * n,
    "tables": lambda n: "a = " + "{a=" * n,
    "a number": lambda n: "a = " + "9" * n,
    "a number of hexadecimal digits": lambda n: "[[strategy]]\nsampling = {top_k = 0x" + "f" * n + "}",
}


@pytest.mark.parametrize("make", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_file_costs_neither_time_nor_memory(tmp_path: Path, make) -> None:
    """In a process that may have 200 MB more than it begins with, and two minutes: without the checks it would take
    gigabytes, or hours."""
    path = tmp_path / "x.toml"
    path.write_text(make(MAX_TOML_BYTES // 5), encoding="utf-8")
    script = (
        "import resource, sys; from pathlib import Path\n"
        "from explorer.generation.strategies_file import read_strategies\n"
        "from explorer.locales import ExplorerError\n"
        "used = int(Path('/proc/self/statm').read_text().split()[0]) * resource.getpagesize()\n"
        "resource.setrlimit(resource.RLIMIT_AS, (used + 200_000_000,) * 2)\n"
        "resource.setrlimit(resource.RLIMIT_CPU, (120, 120))\n"
        "try: read_strategies(Path(sys.argv[1]))\n"
        "except ExplorerError as error: print(error)\n"
    )
    if not Path("/proc/self/statm").exists():
        pytest.skip("no limit of memory on this system")
    ran = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.count("\n") == 1


def test_a_failure_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "table.csv"
    write_file(path, b"old")
    monkeypatch.setattr(Path, "write_bytes", no_space)
    with pytest.raises(ExplorerError, match=r"table\.csv” cannot be written: No space left"):
        write_file(path, b"new")
    with pytest.raises(ExplorerError, match="No space left"):
        write_file(tmp_path / "other.csv", b"new")
    assert os.listdir(tmp_path) == ["table.csv"]
    assert path.read_bytes() == b"old"


def test_what_is_broken_off_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"old")

    def broken_off() -> None:
        with written_aside(path) as unfinished:
            unfinished.write_bytes(b"ha")
            assert path.read_bytes() == b"old"
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        broken_off()
    assert os.listdir(tmp_path) == ["x"]
    assert path.read_bytes() == b"old"


@pytest.mark.skipif(sys.platform == "win32", reason="links and modes of POSIX")
def test_a_link_stays_one_and_permissions_stay(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "real").chmod(0o640)
    (tmp_path / "link").symlink_to("real")
    write_file(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"
    assert stat.S_IMODE((tmp_path / "real").stat().st_mode) == 0o640


@pytest.mark.skipif(sys.platform == "win32", reason="no such device there")
def test_a_device_is_written_to_and_stays_one() -> None:
    write_file(Path("/dev/null"), b"x")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
    require_writable(Path("/dev/null"))


def test_what_cannot_be_written_is_known_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    require_writable(tmp_path / "file")
    require_writable(tmp_path / "new")
    for path in (tmp_path, tmp_path / "no" / "x", tmp_path / "file" / "x", tmp_path / ("x" * 300)):
        with pytest.raises(ExplorerError, match="cannot be written"):
            require_writable(path)
        with pytest.raises(ExplorerError, match="cannot be written"):
            write_file(path, b"x")
    # As root everything may be written: the system's answer is what is asked for.
    for refused in (tmp_path, tmp_path / "file"):
        monkeypatch.setattr(user_files.os, "access", lambda path, _, refused=refused: Path(path) != refused)
        with pytest.raises(ExplorerError, match="Permission denied"):
            require_writable(tmp_path / "file")
    assert sorted(os.listdir(tmp_path)) == ["file"]


def test_names_that_no_file_has(tmp_path: Path) -> None:
    for name in ("a\0b", ""):
        with pytest.raises(ExplorerError):
            read_file(tmp_path / name, 1)
        with pytest.raises(ExplorerError):
            write_file(tmp_path / name, b"")
        with pytest.raises(ExplorerError):
            require_writable(tmp_path / name)
