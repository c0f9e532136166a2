"""A model from the hub: what its repository holds, what of it lies in the hub's own cache, and fetching the rest."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import filelock
from huggingface_hub import HfApi, constants, try_to_load_from_cache
from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError, RevisionNotFoundError
from huggingface_hub.file_download import repo_folder_name

from explorer.locales.messages import ExplorerError, Message
from explorer.models import storage
from explorer.models.catalog import HubSource, nearest_names
from explorer.models.download_process import DownloadProcessError, run_watched
from explorer.models.errors import UnavailableError
from explorer.models.integrity import PICKLE_SUFFIXES, broken_files, git_sha1_of, is_ready, sha256_of
from explorer.models.progress import Progress, Report

_ANSWER_SECONDS = 5.0
_STALL_SECONDS = 30.0

# In this order: a snapshot that holds weights then holds everything, and needs no list of its own to prove it.
_DESCRIPTION = (
    "config.json",
    "generation_config.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "chat_template.jinja",
    "vocab.json",
    "merges.txt",
    "vocab.txt",
    "tokenizer.model",
    "spiece.model",
    "sentencepiece.bpe.model",
    "tokenizer.json",
)
_WEIGHTS = "model.safetensors"
_INDEX = "model.safetensors.index.json"
_SHARD = re.compile(r"model-\d+-of-\d+\.safetensors")
_COMMIT = re.compile(r"[0-9a-f]{40}")

T = TypeVar("T")


@dataclass(frozen=True)
class RepositoryFile:
    """A file as the hub describes it: its size in bytes, and the hash (in hex) that its content must have."""

    name: str
    n_bytes: int
    sha256: str | None
    git_sha1: str | None

    def is_right(self, path: Path) -> bool:
        """Whether the file at ``path`` has this content. Large files carry a SHA-256, small ones git's id."""
        if path.stat().st_size != self.n_bytes:
            return False
        if self.sha256 is not None:
            return sha256_of(path) == self.sha256
        return self.git_sha1 is None or git_sha1_of(path) == self.git_sha1


@dataclass(frozen=True)
class Listing:
    """What a repository holds at one commit."""

    commit: str
    files: tuple[RepositoryFile, ...]


def cache_folder() -> Path:
    """Where huggingface_hub keeps the models of the hub, for every program of this user."""
    return Path(constants.HF_HUB_CACHE)


def cached_snapshot(source: HubSource) -> Path | None:
    """The repository's folder in the hub's cache, when a whole model lies there. Asks no network."""
    folder = _snapshot_folder(source)
    return folder if folder is not None and is_ready(folder) else None


def fetch_snapshot(source: HubSource, title: str, report: Report | None = None) -> Path:
    """The repository's folder in the hub's cache; what is missing or broken there is fetched first.

    Raises:
        UnavailableError: the hub does not answer, refuses, breaks off, or sends something else than it announced.
        ExplorerError: the repository holds no model we read, or the disk is full or not writable.
    """
    cache = Path(constants.HF_HUB_CACHE)
    with (
        storage.disk_errors_as_sentences(cache),
        storage.one_process_at_a_time(f"hub-{source.repo}", report),
    ):
        if (found := cached_snapshot(source)) is not None:
            return found
        listing = _list_or_explain(source, title, report)
        wanted = _choose_files(listing, source.repo)
        repository = cache / repo_folder_name(repo_id=source.repo, repo_type="model")
        snapshot = repository / "snapshots" / listing.commit
        _remove_abandoned(repository)
        for path in broken_files(snapshot):
            _remove(path)
        for _ in range(2):  # a second time for what arrived broken
            missing = [file for file in wanted if not (snapshot / file.name).exists()]
            storage.require_space(cache, sum(file.n_bytes for file in missing))
            _download(source, listing.commit, missing, repository, title, report)
            wrong = [file for file in missing if not file.is_right(snapshot / file.name)]
            if not wrong:
                return snapshot
            for file in wrong:
                _remove(snapshot / file.name)
    raise UnavailableError("download-broken", name=title, file=wrong[0].name)


def list_repository(source: HubSource) -> Listing:
    """Ask the hub what the repository holds. Takes at most 5 seconds (``HF_HUB_ETAG_TIMEOUT`` changes that).

    Raises:
        UnavailableError: the hub does not answer, or we are told not to ask.
        ExplorerError: there is no such repository or revision, or it is closed to us.
    """
    if constants.HF_HUB_OFFLINE:
        raise UnavailableError("hub-offline", name=source.repo)
    seconds = float(os.environ.get("HF_HUB_ETAG_TIMEOUT", _ANSWER_SECONDS))
    try:
        info = _within(
            seconds,
            lambda: HfApi().model_info(source.repo, revision=source.revision, files_metadata=True, timeout=seconds),
        )
        files = tuple(
            RepositoryFile(
                name=file.rfilename,
                n_bytes=file.size or 0,
                sha256=file.lfs.sha256 if file.lfs is not None else None,
                git_sha1=file.blob_id if file.lfs is None else None,
            )
            for file in info.siblings or ()
        )
        return Listing(info.sha or source.revision, files)
    except GatedRepoError as error:
        raise ExplorerError("hub-gated", name=source.repo) from error
    except RepositoryNotFoundError as error:
        nearest = ", ".join(nearest_names(source.repo.rpartition("/")[2]))
        raise ExplorerError("hub-no-repository", name=source.repo, nearest=nearest) from error
    except RevisionNotFoundError as error:
        raise ExplorerError("hub-no-revision", name=source.repo, revision=source.revision) from error
    except Exception as error:
        # No route, a refusal, a time-out, a proxy, a sign-in page instead of JSON: it is all the same to the reader.
        raise _unreachable(error) from error


def _list_or_explain(source: HubSource, title: str, report: Report | None) -> Listing:
    if report is not None:
        report(Progress(Message.of("asking-hub", name=title), 0, None))
    try:
        return list_repository(source)
    except UnavailableError as error:
        folder = _snapshot_folder(source)
        if folder is not None and (broken := broken_files(folder)):
            raise UnavailableError("broken-and-unreachable", name=title, file=broken[0].name) from error
        raise


def _unreachable(error: Exception) -> UnavailableError:
    first_line = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
    return UnavailableError("hub-unreachable", endpoint=constants.ENDPOINT, reason=first_line)


def _within(seconds: float, ask: Callable[[], T]) -> T:
    """The answer of ``ask``, or `TimeoutError`: looking up a host's name has no time-out of its own."""
    answer: Future[T] = Future()

    def run() -> None:
        try:
            answer.set_result(ask())
        except BaseException as error:
            answer.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return answer.result(seconds)


def _choose_files(listing: Listing, repo: str) -> list[RepositoryFile]:
    """The files a model is read from, weights last: never a pickle, never a second copy in another format."""
    files = {file.name: file for file in listing.files}
    if "config.json" not in files:
        raise ExplorerError("hub-without-config", name=repo)
    if _WEIGHTS in files:
        weights = [_WEIGHTS]
    elif _INDEX in files:
        weights = [_INDEX, *sorted(name for name in files if _SHARD.fullmatch(name))]
    else:
        pickled = any(Path(name).suffix in PICKLE_SUFFIXES for name in files)
        raise ExplorerError("hub-only-pickled" if pickled else "hub-without-weights", name=repo)
    return [files[name] for name in (*_DESCRIPTION, *weights) if name in files]


def _download(
    source: HubSource,
    commit: str,
    files: list[RepositoryFile],
    repository: Path,
    title: str,
    report: Report | None,
) -> None:
    """Let huggingface_hub put ``files`` into its cache, in another process."""
    total = sum(file.n_bytes for file in files)
    before = _bytes_in(repository)
    message = Message.of("downloading", name=title)
    furthest = 0

    def advance(now: int) -> None:
        nonlocal furthest
        furthest = max(furthest, min(now - before, total))
        if report is not None:
            report(Progress(message, furthest, total))

    try:
        run_watched(
            str(Path(__file__).with_name("hub_download.py")),
            [source.repo, commit, source.revision, *(file.name for file in files)],
            environment={
                "HF_ENDPOINT": constants.ENDPOINT,
                "HF_HUB_CACHE": constants.HF_HUB_CACHE,
                # Xet talks to hosts that mirrors do not mirror, and retries for minutes.
                "HF_HUB_DISABLE_XET": "1",
                "HF_HUB_DISABLE_SYMLINKS_WARNING": "1",
            },
            bytes_so_far=lambda: _bytes_in(repository),
            advance=advance,
            stall_seconds=_STALL_SECONDS,
        )
    except DownloadProcessError as error:
        if error.disk_is_full:
            raise storage.disk_full(repository.parent) from error
        if error.stalled:
            raise UnavailableError("download-stalled", name=title, seconds=int(_STALL_SECONDS)) from error
        raise UnavailableError("download-failed", name=title, reason=str(error)) from error


def _snapshot_folder(source: HubSource) -> Path | None:
    """The revision's folder in the hub's cache, whole or not."""
    repos = [source.repo]
    if _COMMIT.fullmatch(source.revision):
        # A commit says it all: gpt2 fetched in the days when it had no organisation is the same gpt2.
        repos.append(source.repo.rpartition("/")[2])
    for repo in repos:
        config = try_to_load_from_cache(repo, "config.json", revision=source.revision)
        if isinstance(config, str):
            return Path(config).parent
    return None


def _remove(path: Path) -> None:
    """Remove a file of a snapshot together with the blob it points to."""
    while path.is_symlink():
        pointed_to = path.parent / os.readlink(path)
        path.unlink()
        path = pointed_to
    path.unlink(missing_ok=True)


def _remove_abandoned(repository: Path) -> None:
    """Remove what killed downloads left: huggingface_hub never goes on with them, and they are large.

    It names them ``<blob>.<random>.incomplete`` and locks the blob while it writes one: a lock that is free means that
    nobody does.
    """
    locks = repository.parent / ".locks" / repository.name
    for unfinished in repository.glob("blobs/*.incomplete"):
        locks.mkdir(parents=True, exist_ok=True)
        try:
            with filelock.FileLock(locks / f"{unfinished.name.split('.')[0]}.lock", timeout=0, mode=0o664):
                unfinished.unlink(missing_ok=True)
        except filelock.Timeout:
            continue


def _bytes_in(repository: Path) -> int:
    """How many bytes lie in the repository's folder, unfinished files included, each counted once."""
    n_bytes = 0
    # `os.walk` passes over folders that are gone since they were listed; `Path.rglob` raises.
    for file in (Path(where, name) for where, _, names in os.walk(repository) for name in names):
        try:
            if file.is_file() and not file.is_symlink():
                n_bytes += file.stat().st_size
        except OSError:  # gone since it was listed
            continue
    return n_bytes
