"""Sessions that are kept by themselves: one file an app, only the owner's, only the newest."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest

from explorer.locales import ExplorerError
from explorer.models import storage
from explorer.sampling.sampling import Sampling
from explorer.sessions import session_file
from explorer.sessions.autosave import MAX_KEPT, Autosave, Earlier
from explorer.sessions.session import Session
from tests.sessions.sessions import VOCABULARY, candidate, contents, small_session

ME, OTHER = "0123456789abcdef", "fedcba9876543210"


def kept(folder: Path, owner: str, prefix: str, written: float) -> Path:
    """A session of one token that an app of ``owner`` kept at a time."""
    session = Session("gpt2")
    session.tree(prefix, (0,)).add(candidate(1), Sampling())
    autosave = Autosave(owner, folder)
    autosave.write(session_file.dumps(session))
    os.utime(autosave.path, (written, written))
    return autosave.path


def test_a_session_is_kept_and_found_by_its_owner_in_another_app(tmp_path: Path) -> None:
    app = Autosave(ME, tmp_path / "new")
    session = small_session()
    app.write(session_file.dumps(session))
    (found,) = Autosave(ME, tmp_path / "new").earlier()
    assert found == Earlier(app.path, app.path.stat().st_mtime, "gpt2", 6, "The cat")
    assert contents(session_file.load(found.path, VOCABULARY)) == contents(session)
    assert app.earlier() == []
    assert Autosave(OTHER, tmp_path / "new").earlier() == []


def test_an_app_has_one_file_and_writes_it_again(tmp_path: Path) -> None:
    app = Autosave(ME, tmp_path)
    session = small_session()
    app.write(session_file.dumps(session))
    session.tree("a", (0,)).add(candidate(1), Sampling())
    app.write(session_file.dumps(session))
    assert os.listdir(tmp_path) == [app.path.name]
    assert [each.n_tokens for each in Autosave(ME, tmp_path).earlier()] == [7]
    assert Autosave(ME, tmp_path).path != Autosave(ME, tmp_path).path != app.path


def test_earlier_sessions_come_newest_first(tmp_path: Path) -> None:
    for prefix, written in [("b", 2e9), ("a", 1e9), ("c", 3e9)]:
        kept(tmp_path, ME, prefix, written)
    assert [(each.prefix, each.time) for each in Autosave(ME, tmp_path).earlier()] == [
        ("c", 3e9),
        ("b", 2e9),
        ("a", 1e9),
    ]


def test_the_newest_are_kept_and_those_of_others_left_alone(tmp_path: Path) -> None:
    others = [kept(tmp_path, OTHER, "x", n) for n in range(3)]
    paths = [kept(tmp_path, ME, str(n), 1000 + n) for n in range(MAX_KEPT)]
    stray = tmp_path / "notes.json"
    stray.write_text("mine")
    app = Autosave(ME, tmp_path)
    app.write(session_file.dumps(small_session()))
    assert set(tmp_path.iterdir()) == {*others, *paths[1:], stray, app.path}


def test_an_app_keeps_its_own_file_even_when_clocks_differ(tmp_path: Path) -> None:
    for n in range(MAX_KEPT):
        kept(tmp_path, ME, str(n), 5e9 + n)
    app = Autosave(ME, tmp_path)
    app.write(session_file.dumps(small_session()))
    assert app.path.exists()
    assert len(os.listdir(tmp_path)) == MAX_KEPT


def test_what_cannot_be_read_is_left_out_and_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    good = kept(tmp_path, ME, "a", 1e9)
    broken = tmp_path / f"{ME}-broken.json"
    broken.write_bytes(good.read_bytes()[:100])
    (tmp_path / f"{ME}-folder.json").mkdir()
    (tmp_path / f"{ME}-gone.json").symlink_to(tmp_path / "nowhere")
    with caplog.at_level(logging.WARNING, "explorer.sessions.autosave"):
        assert [each.path for each in Autosave(ME, tmp_path).earlier()] == [good]
    assert sorted(record.getMessage().split(":")[0] for record in caplog.records) == [
        f"{broken} is left out",
        f"{tmp_path / f'{ME}-folder.json'} is left out",
    ]


@pytest.mark.parametrize(
    "owner", ["", "../../../etc/cron", "0123456789ABCDEF", ME + "0", ME + "\n", "*" * 16, "\x1b" * 99]
)
def test_an_owner_that_is_none_is_refused(tmp_path: Path, owner: str) -> None:
    with pytest.raises(ExplorerError, match="is not the 16 hexadecimal digits") as caught:
        Autosave(owner, tmp_path)
    assert str(caught.value).isprintable()


def test_sessions_lie_in_our_cache_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXPLORER_CACHE", str(tmp_path))
    assert Autosave(ME).path.parent == storage.cache_folder() / "sessions" == tmp_path / "sessions"


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    app = Autosave(ME, tmp_path / "file")
    with pytest.raises(ExplorerError, match="could not be saved"):
        app.write(session_file.dumps(small_session()))
    assert app.earlier() == []
