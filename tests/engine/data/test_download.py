"""Downloads against a server on this machine: progress, resume, cancel, damage, silence."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import filelock
import pytest

from engine.data.dataset import DataError, LoadProgress
from engine.data.download import REMOTE_SETS, RemoteFile, RemoteSet, fetch_set

CONTENT = bytes(range(256)) * 2000


class Server(ThreadingHTTPServer):
    """Serves CONTENT under every name; `behaviour` makes it misbehave."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.behaviour = ""
        self.asked: list[tuple[str, str | None]] = []
        self.go_on = threading.Event()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        self.server.asked.append((self.path, wanted))
        how = self.server.behaviour
        start = int(re.fullmatch(r"bytes=(\d+)-", wanted)[1]) if wanted and how != "no ranges" else 0
        if how == "missing":
            self.send_error(404)
            return
        if how == "shorter" and start:
            self.send_error(416)
            return
        body = CONTENT[start:]
        self.send_response(206 if start else 200)
        if start:
            first = start + 1 if how == "wrong part" else start
            self.send_header("Content-Range", f"bytes {first}-{len(CONTENT) - 1}/{len(CONTENT)}")
        if how == "damaged":
            body = b"x" * len(body)
        if how == "too long":
            body += b"more"
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if how in ("breaks", "no ranges"):
            body = body[: len(body) // 2 + 1]
        if how == "silent":
            self.wfile.write(body[:1000])
            self.wfile.flush()
            self.server.go_on.wait(30)
            return
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as serving:
        thread = threading.Thread(target=serving.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield serving
        serving.go_on.set()
        serving.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")


def remote(*addresses: str, md5: str = "", names: tuple[str, ...] = ("a.gz",)) -> RemoteSet:
    digest = md5 or hashlib.md5(CONTENT).hexdigest()
    files = tuple(RemoteFile(name, tuple(a + name for a in addresses), digest, len(CONTENT)) for name in names)
    return RemoteSet("Things", "https://example.org/things", files)


def run(what: RemoteSet, folder: Path) -> list[LoadProgress]:
    return list(fetch_set(what, folder))


def test_files_arrive_whole_and_progress_is_told(server: Server, tmp_path: Path) -> None:
    told = run(remote(server.address, names=("a.gz", "b.gz")), tmp_path / "deep" / "things")
    assert (tmp_path / "deep" / "things" / "a.gz").read_bytes() == CONTENT
    assert {p.doing for p in told} == {"Downloading Things", "Checking Things"}
    done = [p.done for p in told if p.doing == "Downloading Things"]
    assert done.count(len(CONTENT)) == 2
    assert all(p.total == len(CONTENT) for p in told)
    assert not list(tmp_path.rglob("*.part"))


def test_what_is_there_is_not_fetched_again(server: Server, tmp_path: Path) -> None:
    (tmp_path / "a.gz").write_bytes(b"mine")
    assert run(remote(server.address), tmp_path) == []
    assert server.asked == []


def test_an_interrupted_download_is_continued(server: Server, tmp_path: Path) -> None:
    (tmp_path / "a.gz.part").write_bytes(CONTENT[:300_000])
    run(remote(server.address), tmp_path)
    assert server.asked == [("/a.gz", "bytes=300000-")]
    assert (tmp_path / "a.gz").read_bytes() == CONTENT


def test_a_connection_that_breaks_is_taken_up_again(server: Server, tmp_path: Path) -> None:
    server.behaviour = "breaks"
    run(remote(server.address), tmp_path)
    assert (tmp_path / "a.gz").read_bytes() == CONTENT
    assert len(server.asked) > 2
    assert server.asked[1][1] == f"bytes={len(CONTENT) // 2 + 1}-"


def test_a_server_without_ranges_gets_a_fresh_start_but_no_endless_loop(server: Server, tmp_path: Path) -> None:
    server.behaviour = "no ranges"
    with pytest.raises(DataError, match="connection broke"):
        run(remote(server.address), tmp_path)
    assert len(server.asked) == 2
    server.behaviour = ""
    (tmp_path / "a.gz.part").write_bytes(b"y" * 1000)
    server.behaviour = "shorter"
    run(remote(server.address), tmp_path)
    assert (tmp_path / "a.gz").read_bytes() == CONTENT


def test_a_wrong_part_is_not_glued_on(server: Server, tmp_path: Path) -> None:
    (tmp_path / "a.gz.part").write_bytes(CONTENT[:1000])
    server.behaviour = "wrong part"
    with pytest.raises(DataError, match="another part"):
        run(remote(server.address), tmp_path)
    assert not (tmp_path / "a.gz").exists()


def test_damaged_files_are_thrown_away(server: Server, tmp_path: Path) -> None:
    for how, words in (("damaged", "arrived damaged"), ("too long", "more than the file holds")):
        server.behaviour = how
        with pytest.raises(DataError, match=words):
            run(remote(server.address), tmp_path)
        assert not (tmp_path / "a.gz").exists()
        (tmp_path / "a.gz.part").unlink(missing_ok=True)


def test_the_next_address_is_tried(server: Server, tmp_path: Path) -> None:
    run(remote("http://127.0.0.1:9/", server.address), tmp_path)
    assert (tmp_path / "a.gz").read_bytes() == CONTENT


def test_offline_one_sentence_says_how_to_open_a_folder_instead(server: Server, tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        run(remote("http://127.0.0.1:9/"), tmp_path)
    assert str(caught.value) == (
        "Things could not be downloaded (no connection); connect to the network, or get it from "
        "https://example.org/things on another machine and open the folder that holds it."
    )
    server.behaviour = "missing"
    with pytest.raises(DataError, match="the server answered 404"):
        run(remote(server.address), tmp_path)


def test_cancelling_is_immediate_and_keeps_what_arrived(server: Server, tmp_path: Path) -> None:
    server.behaviour = "silent"
    fetching = fetch_set(remote(server.address), tmp_path)
    while next(fetching).done < 1000:
        pass
    fetching.close()
    assert (tmp_path / "a.gz.part").read_bytes() == CONTENT[:1000]
    server.go_on.set()
    server.behaviour = ""
    run(remote(server.address), tmp_path)
    assert (tmp_path / "a.gz").read_bytes() == CONTENT


def test_only_one_window_downloads(server: Server, tmp_path: Path) -> None:
    with (
        filelock.FileLock(tmp_path / ".lock"),
        pytest.raises(DataError, match="Another window is downloading Things"),
    ):
        run(remote(server.address), tmp_path)


def test_a_folder_that_cannot_be_written_is_said(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(DataError, match="cannot be written to"):
        run(remote(server.address), tmp_path / "file" / "things")


def test_a_full_disk_is_said_before_the_download(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.data.download.shutil.disk_usage", lambda _: type("Usage", (), {"free": 1000})())
    with pytest.raises(DataError, match="needs 1 MB and 0 MB are free"):
        run(remote(server.address), tmp_path)
    assert server.asked == []


def test_the_table_is_complete() -> None:
    for name, what in REMOTE_SETS.items():
        assert name == what.title.lower()
        for file in what.files:
            assert re.fullmatch("[0-9a-f]{32}", file.md5)
            assert all(address.endswith(f"/{file.name}") for address in file.addresses)
            assert file.size > 4000
