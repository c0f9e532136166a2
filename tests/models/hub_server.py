"""As much of the hub as huggingface_hub 2.4 asks for, on a port of this machine, with faults on request."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tests.model_repositories import hub_hash

COMMIT = "c" * 40
_PIECE = 1 << 15


class HubServer(ThreadingHTTPServer):
    """Serves the files of ``folder`` as the repository ``repo`` at `COMMIT`, which is also ``main``.

    Attributes:
        served: how often each file's content was asked for.
        n_listings: how often the repository's listing was.
        instead: file name to contents that are served, one after the other, before the right one.
        cut_after: file name to a number of bytes after which the connection breaks, once.
        seconds_per_piece: how long each 32 KiB of a file take; infinite stops after the first.
        refusal: an error code of the hub (``GatedRepo``) for whoever lists the repository.
    """

    daemon_threads = True

    def __init__(self, folder: Path, repo: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.folder = folder
        self.repo = repo
        self.served: Counter[str] = Counter()
        self.n_listings = 0
        self.instead: dict[str, list[bytes]] = {}
        self.cut_after: dict[str, int] = {}
        self.seconds_per_piece = 0.0
        self.refusal: str | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def listing(self) -> dict[str, object]:
        siblings = []
        for file in sorted(self.folder.iterdir()):
            sibling: dict[str, object] = {"rfilename": file.name, "size": file.stat().st_size, "blobId": hub_hash(file)}
            if file.suffix == ".safetensors":
                sibling["blobId"] = "0" * 40  # of the pointer, not of the content
                sibling["lfs"] = {"sha256": hub_hash(file), "size": file.stat().st_size, "pointerSize": 134}
            siblings.append(sibling)
        return {"id": self.repo, "modelId": self.repo, "sha": COMMIT, "siblings": siblings}


class _Handler(BaseHTTPRequestHandler):
    server: HubServer

    def do_HEAD(self) -> None:
        self._answer(with_content=False)

    def do_GET(self) -> None:
        self._answer(with_content=True)

    def log_message(self, *_: object) -> None:
        pass

    def _answer(self, *, with_content: bool) -> None:
        path = unquote(urlsplit(self.path).path)
        repo = self.server.repo
        if path.startswith(f"/api/models/{repo}/revision/"):
            self._list(path.rpartition("/")[2])
        elif path.startswith(f"/{repo}/resolve/") and path.split("/")[4] in (COMMIT, "main"):
            self._file(self.server.folder / path.rpartition("/")[2], with_content)
        else:
            self._refuse("RepoNotFound")

    def _list(self, revision: str) -> None:
        self.server.n_listings += 1
        if self.server.refusal is not None:
            self._refuse(self.server.refusal)
        elif revision not in (COMMIT, "main"):
            self._refuse("RevisionNotFound")
        else:
            content = json.dumps(self.server.listing()).encode()
            self._headers(200, {"Content-Type": "application/json", "Content-Length": str(len(content))})
            self.wfile.write(content)

    def _file(self, file: Path, with_content: bool) -> None:
        if not file.is_file():
            self._refuse("EntryNotFound")
            return
        content = file.read_bytes()
        name = file.name
        if with_content:
            self.server.served[name] += 1
            if self.server.instead.get(name):
                content = self.server.instead[name].pop(0)
        self._headers(
            200,
            {"X-Repo-Commit": COMMIT, "ETag": f'"{hub_hash(file)}"', "Content-Length": str(len(content))},
        )
        if with_content:
            self._content(content[: self.server.cut_after.pop(name, len(content))])

    def _content(self, content: bytes) -> None:
        try:
            for start in range(0, len(content), _PIECE):
                self.wfile.write(content[start : start + _PIECE])
                self.wfile.flush()
                time.sleep(min(self.server.seconds_per_piece, 60))
        except OSError:  # the other side went away, as some tests want it to
            self.close_connection = True

    def _refuse(self, code: str) -> None:
        self._headers(403 if code == "GatedRepo" else 404, {"X-Error-Code": code, "Content-Length": "0"})

    def _headers(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()


@contextmanager
def serve(folder: Path, repo: str) -> Iterator[HubServer]:
    server = HubServer(folder, repo)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
