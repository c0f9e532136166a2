"""Fetching from a hub that works, lies, breaks off, is silent or is not there."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import filelock
import huggingface_hub
import pytest

from explorer.locales import ExplorerError
from explorer.models import hub, sources
from explorer.models.catalog import HubSource
from explorer.models.download_process import DownloadProcessError
from explorer.models.errors import UnavailableError
from explorer.models.progress import Progress
from tests.model_repositories import put_in_hub_cache
from tests.models.conftest import REPO
from tests.models.hub_server import COMMIT, HubServer, serve

WEIGHTS = "model.safetensors"
ANOTHER_PROCESS = f"from explorer.models.sources import locate; print(locate({REPO!r}).folder)"


def blobs(hub_cache: Path) -> list[str]:
    return sorted(file.name for file in hub_cache.glob("blobs/*"))


def damage(snapshot: Path) -> None:
    """Cut the last byte off the weights' blob."""
    blob = (snapshot / WEIGHTS).resolve()
    blob.write_bytes(blob.read_bytes()[:-1])


@pytest.fixture
def refused() -> str:
    """An address where nothing listens."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{unused.getsockname()[1]}"


@pytest.fixture
def silent() -> Iterator[str]:
    """An address that accepts connections and never answers."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(16)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_a_whole_download(hub_server: HubServer, repository: Path) -> None:
    seen: list[Progress] = []
    hub_server.seconds_per_piece = 0.01
    local = sources.locate(REPO, report=seen.append)
    assert (local.name, local.title, local.revision, local.gguf, local.note) == (REPO, REPO, COMMIT, None, None)
    for file in repository.iterdir():
        assert (local.folder / file.name).read_bytes() == file.read_bytes()
    downloads = [progress for progress in seen if progress.message.id == "downloading"]
    total = sum(file.stat().st_size for file in repository.iterdir())
    assert seen[0].message.id == "asking-hub"
    assert {progress.total for progress in downloads} == {total}
    done = [progress.done for progress in downloads]
    assert done == sorted(done)
    assert done[0] == 0
    assert done[-1] == total
    assert any(total * 0.1 < n_bytes < total * 0.9 for n_bytes in done), "the bar jumps from nothing to everything"


def test_what_is_on_this_disk_asks_nobody(
    hub_server: HubServer, use_endpoint: Callable[[str], None], refused: str
) -> None:
    assert sources.on_disk(REPO) is None
    fetched = sources.locate(REPO)
    assert hub_server.served[WEIGHTS] == 1
    use_endpoint(refused)
    assert sources.on_disk(REPO) == fetched
    assert sources.locate(REPO) == fetched
    assert sources.locate(f"{REPO}@{COMMIT}").folder == fetched.folder


def test_only_what_a_model_is_read_from_is_fetched(
    repository: Path, tmp_path: Path, use_endpoint: Callable[[str], None]
) -> None:
    folder = Path(shutil.copytree(repository, tmp_path / "repository"))
    for name in ("pytorch_model.bin", "README.md", "consolidated.safetensors", "modeling_tiny.py"):
        (folder / name).write_bytes(b"not wanted")
    with serve(folder, REPO) as server:
        use_endpoint(server.address)
        local = sources.locate(REPO)
    assert sorted(file.name for file in local.folder.iterdir()) == sorted(file.name for file in repository.iterdir())


@pytest.mark.parametrize(
    ("remove", "add", "sentence"),
    [
        (WEIGHTS, "pytorch_model.bin", "can run code"),
        (WEIGHTS, "README.md", "has no model.safetensors"),
        ("config.json", "README.md", "has no config.json"),
    ],
)
def test_a_repository_we_do_not_read(
    repository: Path,
    tmp_path: Path,
    use_endpoint: Callable[[str], None],
    hub_cache: Path,
    remove: str,
    add: str,
    sentence: str,
) -> None:
    folder = Path(shutil.copytree(repository, tmp_path / "repository"))
    (folder / remove).unlink()
    (folder / add).write_bytes(b"bytes")
    with serve(folder, REPO) as server:
        use_endpoint(server.address)
        with pytest.raises(ExplorerError, match=sentence) as raised:
            sources.locate(REPO)
        assert not server.served
    assert not isinstance(raised.value, UnavailableError)
    assert blobs(hub_cache) == []


def test_shards_are_fetched_with_their_index() -> None:
    names = ["model.safetensors.index.json", "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]
    others = ["config.json", "consolidated.safetensors", "tokenizer.json", "model.fp16.safetensors"]
    files = tuple(hub.RepositoryFile(name, 1, None, None) for name in sorted([*names, *others]))
    chosen = [file.name for file in hub._choose_files(hub.Listing(COMMIT, files), REPO)]
    assert chosen == ["config.json", "tokenizer.json", *names]


def test_a_connection_that_breaks_once_is_resumed(hub_server: HubServer) -> None:
    hub_server.cut_after[WEIGHTS] = 300_000
    assert sources.locate(REPO) == sources.on_disk(REPO)
    assert hub_server.served[WEIGHTS] == 2


def test_wrong_content_of_the_right_length_is_fetched_again(hub_server: HubServer, repository: Path) -> None:
    right = (repository / WEIGHTS).read_bytes()
    hub_server.instead[WEIGHTS] = [right[:-1] + bytes([right[-1] ^ 1])]
    local = sources.locate(REPO)
    assert (local.folder / WEIGHTS).read_bytes() == right
    assert hub_server.served[WEIGHTS] == 2


def test_a_wrong_small_file_is_noticed_too(hub_server: HubServer, repository: Path) -> None:
    right = (repository / "config.json").read_bytes()
    hub_server.instead["config.json"] = [right.replace(b"512", b"513")]
    local = sources.locate(REPO)
    assert (local.folder / "config.json").read_bytes() == right


def test_a_hub_that_keeps_lying_is_given_up(hub_server: HubServer, repository: Path, hub_cache: Path) -> None:
    n_bytes = (repository / WEIGHTS).stat().st_size
    hub_server.instead[WEIGHTS] = [b"\0" * n_bytes] * 3
    with pytest.raises(UnavailableError, match=r"“model.safetensors” of org/tiny arrived damaged twice"):
        sources.locate(REPO)
    assert not list(hub_cache.glob(f"snapshots/*/{WEIGHTS}"))
    assert max(file.stat().st_size for file in hub_cache.glob("blobs/*")) < n_bytes
    assert sources.on_disk(REPO) is None


def test_a_short_file_is_a_sentence_and_leaves_nothing(hub_server: HubServer, hub_cache: Path) -> None:
    hub_server.instead[WEIGHTS] = [b"short"] * 9
    with pytest.raises(UnavailableError, match=r"The download of org/tiny broke off: .*size"):
        sources.locate(REPO)
    assert not list(hub_cache.glob("blobs/*.incomplete"))
    hub_server.instead.clear()
    assert sources.locate(REPO) == sources.on_disk(REPO)


def test_a_damaged_cache_is_repaired(hub_server: HubServer, repository: Path) -> None:
    local = sources.locate(REPO)
    damage(local.folder)
    assert sources.on_disk(REPO) is None
    assert sources.locate(REPO) == local
    assert (local.folder / WEIGHTS).read_bytes() == (repository / WEIGHTS).read_bytes()
    assert hub_server.served == {file.name: 2 if file.name == WEIGHTS else 1 for file in repository.iterdir()}


def test_a_damaged_cache_without_network_is_one_sentence_and_keeps_the_file(
    hub_server: HubServer, use_endpoint: Callable[[str], None], refused: str
) -> None:
    local = sources.locate(REPO)
    damage(local.folder)
    use_endpoint(refused)
    with pytest.raises(UnavailableError, match=r"“model.safetensors” of org/tiny on this disk is damaged"):
        sources.locate(REPO)
    assert (local.folder / WEIGHTS).exists()


def test_the_pinned_commit_is_found_under_the_repositorys_old_name(repository: Path, tmp_path: Path) -> None:
    revision = "607a30d783dfa663caf39e06633721c8d4cfcd7e"
    snapshot = put_in_hub_cache(repository, tmp_path / "hub", "gpt2", revision)
    found = sources.on_disk("gpt2")
    assert found is not None
    assert found.folder == snapshot
    assert hub.cached_snapshot(HubSource("somebody/gpt2", "main")) is None, "a branch says nothing about its owner"


def test_a_snapshot_without_its_tokenizer_is_completed(hub_server: HubServer, repository: Path, tmp_path: Path) -> None:
    """transformers fetches no tokenizer for who loads the model alone."""
    snapshot = put_in_hub_cache(repository, tmp_path / "hub", REPO, COMMIT)
    (snapshot / "tokenizer.json").resolve().unlink()
    (snapshot / "tokenizer.json").unlink()
    assert sources.on_disk(REPO) is None
    sources.locate(REPO)
    assert hub_server.served == {"tokenizer.json": 1}
    assert (snapshot / "tokenizer.json").exists()


def test_a_refused_connection_costs_nothing(use_endpoint: Callable[[str], None], refused: str) -> None:
    use_endpoint(refused)
    begun = time.monotonic()
    with pytest.raises(UnavailableError, match=rf"The hub \({refused}\) cannot be reached: .*explorer models fetch"):
        sources.locate("gpt2")
    assert time.monotonic() - begun < 2


def test_a_silent_hub_costs_five_seconds(use_endpoint: Callable[[str], None], silent: str) -> None:
    use_endpoint(silent)
    begun = time.monotonic()
    with pytest.raises(UnavailableError, match="cannot be reached"):
        sources.locate("gpt2")
    assert 4 < time.monotonic() - begun < 7


def test_a_name_server_that_is_silent_costs_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """`getaddrinfo` blocks for as long as it likes, and no HTTP time-out counts that."""
    monkeypatch.setenv("HF_HUB_ETAG_TIMEOUT", "0.5")
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: time.sleep(5))
    begun = time.monotonic()
    with pytest.raises(UnavailableError, match="cannot be reached"):
        hub.list_repository(HubSource(REPO, "main"))
    assert time.monotonic() - begun < 2


def test_a_page_that_is_no_hub_counts_as_unreachable(hub_server: HubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sign-in page of a school's or hotel's network answers everything, with HTML."""
    monkeypatch.setattr(HubServer, "listing", lambda _: ["<html>"])
    with pytest.raises(UnavailableError, match="cannot be reached"):
        sources.locate(REPO)


def test_offline_is_said_and_keeps_quiet(hub_server: HubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(UnavailableError, match="HF_HUB_OFFLINE forbids"):
        sources.locate(REPO)
    assert not hub_server.served


@pytest.mark.parametrize(
    ("name", "refusal", "sentence"),
    [
        ("org/other", None, "no public model “org/other”"),
        (f"{REPO}@v9", None, "no revision “v9”"),
        (REPO, "GatedRepo", "accepted its terms"),
    ],
)
def test_refusals_of_the_hub(hub_server: HubServer, name: str, refusal: str | None, sentence: str) -> None:
    hub_server.refusal = refusal
    with pytest.raises(ExplorerError, match=sentence) as raised:
        sources.locate(name)
    assert not isinstance(raised.value, UnavailableError), "another source would not help"


def test_a_download_that_stands_still_is_given_up(
    hub_server: HubServer, monkeypatch: pytest.MonkeyPatch, hub_cache: Path
) -> None:
    monkeypatch.setattr(hub, "_STALL_SECONDS", 2.0)
    hub_server.seconds_per_piece = float("inf")
    begun = time.monotonic()
    with pytest.raises(UnavailableError, match="stood still for 2 seconds"):
        sources.locate(REPO)
    assert time.monotonic() - begun < 10
    assert not list(hub_cache.glob("blobs/*.incomplete"))


def test_an_interrupt_leaves_nothing_half(hub_server: HubServer, hub_cache: Path) -> None:
    hub_server.seconds_per_piece = 0.1

    def report(progress: Progress) -> None:
        if progress.done > 500_000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sources.locate(REPO, report=report)
    assert blobs(hub_cache)
    assert not list(hub_cache.glob("blobs/*.incomplete"))
    assert not list(hub_cache.glob(f"snapshots/*/{WEIGHTS}"))
    hub_server.seconds_per_piece = 0.0
    assert sources.locate(REPO) == sources.on_disk(REPO)


def test_a_killed_process_leaves_nothing_half(hub_server: HubServer, hub_cache: Path) -> None:
    hub_server.seconds_per_piece = 0.2
    process = subprocess.Popen([sys.executable, "-c", ANOTHER_PROCESS])
    try:
        assert _appears(lambda: any(f.stat().st_size > 300_000 for f in hub_cache.glob("blobs/*.incomplete")))
        os.kill(process.pid, signal.SIGKILL)
    finally:
        process.wait()
    assert _appears(lambda: not list(hub_cache.glob("blobs/*.incomplete"))), "its child went on, or left a half file"
    assert not list(hub_cache.glob(f"snapshots/*/{WEIGHTS}"))
    hub_server.seconds_per_piece = 0.0
    assert sources.locate(REPO) == sources.on_disk(REPO)


def test_what_a_power_cut_left_is_removed_and_what_is_being_written_is_not(
    hub_server: HubServer, hub_cache: Path, tmp_path: Path
) -> None:
    (hub_cache / "blobs").mkdir(parents=True)
    abandoned, alive = (hub_cache / "blobs" / f"{letter * 64}.12345678.incomplete" for letter in "ab")
    abandoned.write_bytes(b"half")
    alive.write_bytes(b"half")
    locks = tmp_path / "hub" / ".locks" / hub_cache.name
    locks.mkdir(parents=True)
    with filelock.FileLock(locks / f"{'b' * 64}.lock"):
        sources.locate(REPO)
    assert not abandoned.exists()
    assert alive.exists()


def test_two_processes_at_once_fetch_once(hub_server: HubServer) -> None:
    hub_server.seconds_per_piece = 0.02
    processes = [
        subprocess.Popen([sys.executable, "-c", ANOTHER_PROCESS], stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    folders = {process.communicate(timeout=60)[0].strip() for process in processes}
    assert [process.returncode for process in processes] == [0, 0]
    local = sources.on_disk(REPO)
    assert local is not None
    assert folders == {str(local.folder)}
    assert hub_server.served[WEIGHTS] == 1
    assert hub_server.n_listings == 1, "the second one found everything there"


def test_no_space_is_said_before_the_download(hub_server: HubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage("/")._replace(free=1_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(ExplorerError, match=r"has 1 MB free, and \d MB are needed"):
        sources.locate(REPO)
    assert not hub_server.served


def test_a_disk_that_fills_up_is_said(hub_server: HubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    def run_out(*_: object, **__: object) -> None:
        raise DownloadProcessError("OSError: [Errno 28] No space left on device")

    monkeypatch.setattr(hub, "run_watched", run_out)
    with pytest.raises(ExplorerError, match="is full") as raised:
        sources.locate(REPO)
    assert not isinstance(raised.value, UnavailableError), "a smaller model would not fit either"


def _appears(condition: Callable[[], object], seconds: float = 20.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return False
