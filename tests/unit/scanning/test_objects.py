"""Objects behind HTTP: ranges, replaced objects, servers that fail, and how little is asked for."""

import contextlib
import http.server
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import kzlabel
from kzlabel.errors import InputError
from kzlabel.scanning import Judge, Settings
from kzlabel.scanning.items import Item
from kzlabel.scanning.objects import ChangedError, ObjectReader, Objects, is_address, judged_object
from kzlabel.signing import Labeler
from kzlabel.sources import Opened
from kzlabel.spans import Span
from kzlabel.trust import Trust
from kzlabel.verifying import Verifier
from kzlabel.verifying.verdict import Status
from tests.unit.scanning.archive import LABEL

Trick = Callable[["Served", int], str]


class Served:
    """What a server has and what it was asked."""

    def __init__(self, objects: dict[str, bytes]) -> None:
        self.objects = objects
        self.tags = dict.fromkeys(objects, "one")
        self.asked: list[tuple[str, str]] = []
        self.sent = 0
        self.trick: Trick = lambda served, number: ""
        self.url = ""


@contextmanager
def serving(objects: dict[str, bytes]) -> Iterator[Served]:
    """Serve objects with ranges and ETags; a trick may spoil an answer."""
    served = Served(objects)

    class Server(http.server.ThreadingHTTPServer):
        request_queue_size = 256
        daemon_threads = True

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_HEAD(self) -> None:
            self.answer(body=False)

        def do_GET(self) -> None:
            self.answer(body=True)

        def answer(self, *, body: bool) -> None:
            name = self.path.lstrip("/")
            served.asked.append((self.command, self.headers.get("Range", "")))
            what = served.trick(served, len(served.asked))
            data = served.objects.get(name)
            if what == "500":
                self.send_error(500)
                return
            if data is None:
                self.send_error(404)
                return
            tag = f'"{served.tags[name]}"'
            wanted = self.headers.get("If-Match")
            if wanted is not None and wanted != tag:
                self.send_error(412)
                return
            start, end, status = 0, len(data), 200
            if "Range" in self.headers:
                first, _, last = self.headers["Range"].removeprefix("bytes=").partition("-")
                start, end, status = int(first), min(int(last) + 1 if last else len(data), len(data)), 206
                if start >= len(data):
                    self.send_error(416)
                    return
            self.send_response(status)
            self.send_header("ETag", tag)
            self.send_header("Content-Length", str(end - start))
            self.send_header("Last-Modified", "Mon, 01 Jun 2026 12:00:00 GMT")
            if status == 206:
                self.send_header("Content-Range", f"bytes {start}-{end - 1}/{len(data)}")
            self.end_headers()
            if body:
                part = data[start:end]
                sent = part[: len(part) // 2] if what == "cut" else part
                served.sent += len(sent)
                self.wfile.write(sent)
                if what == "cut":
                    self.close_connection = True

        def log_message(self, *_: object) -> None:
            pass

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    served.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def verdict_of(served: Served, name: str, trust: Trust) -> Status:
    address = f"{served.url}/{name}".encode()
    return judged_object(address, Verifier(trust=trust).verify_opened).status


def test_addresses_are_told_from_paths() -> None:
    assert is_address(b"s3://bucket/x")
    assert is_address(b"https://example.org/x")
    assert not is_address(b"/tmp/s3://bucket")
    assert not is_address(b"file:///etc/passwd")
    assert not is_address(b"C://x")


def test_an_object_reads_as_the_file_does(samples: dict[str, Path], labeler: Labeler, trust: Trust) -> None:
    kinds = {name: samples[name].read_bytes() for name in ("jpeg", "png", "mp4", "pdf", "wav", "mp3")}
    labelled = {f"{name}-labelled": labeler.label(data, LABEL) for name, data in kinds.items()}
    large = labelled["wav-labelled"]
    with serving(kinds | labelled | {"empty": b"", "broken": large[:-3] + b"???"}) as served:
        for name, data in served.objects.items():
            assert verdict_of(served, name, trust) is Verifier(trust=trust).verify(data).status, name
        reader = ObjectReader(f"{served.url}/mp4")
        data = kinds["mp4"]
        assert b"".join(map(bytes, reader.chunks([Span(5, len(data) - 9)]))) == data[5:-4]
        assert reader.read(len(data) - 7, 7) == data[-7:]
        stream = reader.stream()
        stream.seek(-10, os.SEEK_END)
        assert stream.read() == data[-10:]


def test_an_unlabelled_object_costs_one_or_two_small_requests(samples: dict[str, Path], trust: Trust) -> None:
    objects = {name: samples[name].read_bytes() + bytes(3_000_000) for name in ("jpeg", "png", "webp", "wav")}
    with serving(objects) as served:
        for name, data in objects.items():
            served.asked.clear()
            served.sent = 0
            verdict_of(served, name, trust)
            walked = name == "png"  # whose manifest may lie behind the picture
            assert len(served.asked) <= (6 if walked else 2), (name, served.asked)
            assert served.sent <= (len(data) if walked else 2 * 65_536)


def test_content_is_fetched_once(samples: dict[str, Path], labeler: Labeler, trust: Trust) -> None:
    data = labeler.label(samples["wav"].read_bytes(), LABEL)
    with serving({"a.wav": data}) as served:
        assert verdict_of(served, "a.wav", trust) is Status.TRUSTED
        assert served.sent < 1.3 * len(data) + 3 * 65_536


def test_content_that_was_walked_through_is_not_fetched_again(
    samples: dict[str, Path], labeler: Labeler, trust: Trust
) -> None:
    data = labeler.label(samples["png"].read_bytes(), LABEL)
    with serving({"a.png": data}) as served:
        assert verdict_of(served, "a.png", trust) is Status.TRUSTED
        assert served.sent == len(data)


def test_an_object_that_is_replaced_is_read_anew(samples: dict[str, Path], labeler: Labeler, trust: Trust) -> None:
    first = labeler.label(samples["png"].read_bytes(), LABEL)
    second = samples["png"].read_bytes()

    def replace(served: Served, number: int) -> str:
        if number == 2:
            served.objects["a.png"], served.tags["a.png"] = second, "two"
        return ""

    with serving({"a.png": first}) as served:
        served.trick = replace
        assert verdict_of(served, "a.png", trust) is Status.UNLABELLED


def test_an_object_that_never_rests_is_an_error(samples: dict[str, Path], labeler: Labeler, trust: Trust) -> None:
    def restless(served: Served, number: int) -> str:
        served.tags["a.png"] = str(number)
        return ""

    with serving({"a.png": labeler.label(samples["png"].read_bytes(), LABEL)}) as served:
        served.trick = restless
        with pytest.raises(InputError, match="again and again"):
            verdict_of(served, "a.png", trust)


def test_a_server_that_fails_for_a_while_is_asked_again(
    samples: dict[str, Path], labeler: Labeler, trust: Trust
) -> None:
    with serving({"a.jpg": labeler.label(samples["jpeg"].read_bytes(), LABEL)}) as served:
        served.trick = lambda _, number: "500" if number <= 2 else ""
        assert verdict_of(served, "a.jpg", trust) is Status.TRUSTED
        assert len(served.asked) >= 3


def test_a_body_that_breaks_off_is_no_verdict(samples: dict[str, Path], labeler: Labeler, trust: Trust) -> None:
    with serving({"a.jpg": labeler.label(samples["jpeg"].read_bytes(), LABEL)}) as served:
        served.trick = lambda *_: "cut"
        item = Item(f"{served.url}/a.jpg".encode(), 1, 0, b"")
        (row,) = Judge(Settings(trust=trust)).judge(item)
        assert row.status == "error"
        assert row.explanation


def test_missing_objects_and_dead_servers_are_rows(samples: dict[str, Path], trust: Trust) -> None:
    with serving({"a.jpg": samples["jpeg"].read_bytes()}) as served:
        rows = list(kzlabel.scan(f"{served.url}/a.jpg", f"{served.url}/missing.jpg", trust=trust, workers=1))
        assert sorted(row.status for row in rows) == ["error", "unlabelled"]
        dead = served.url
    rows = list(kzlabel.scan(f"{dead}/a.jpg", trust=trust, workers=1))
    assert [row.status for row in rows] == ["error"]


def test_an_address_and_a_folder_are_scanned_together(
    samples: dict[str, Path], trust: Trust, tmp_path: Path
) -> None:
    (tmp_path / "b.jpg").write_bytes(samples["jpeg"].read_bytes())
    with serving({"a.jpg": samples["jpeg"].read_bytes()}) as served:
        rows = list(kzlabel.scan(f"{served.url}/a.jpg", tmp_path, trust=trust, workers=1, state=tmp_path / ".s"))
        assert [row.status for row in rows if row.path.endswith(".jpg")] == ["unlabelled"] * 2
        (item,) = Objects((f"{served.url}/a.jpg".encode(),)).items()
        assert isinstance(item, Item)
        assert b"one" in item.version


def test_a_changed_object_is_never_half_read(samples: dict[str, Path]) -> None:
    with serving({"a": samples["png"].read_bytes()}) as served:
        reader = ObjectReader(f"{served.url}/a")
        served.tags["a"] = "two"
        with pytest.raises(ChangedError):
            reader.read(reader.size - 5, 5)
        with pytest.raises(ChangedError):
            list(reader.chunks([Span(0, reader.size)]))
        assert isinstance(Opened(reader, "a", ""), Opened)


def test_several_objects_are_read_at_once_and_told_in_order(samples: dict[str, Path], trust: Trust) -> None:
    together = threading.Barrier(8, timeout=30)

    def wait(served: Served, number: int) -> str:
        if served.asked[number - 1][0] == "GET" and number <= 8 + 40:  # those of the listing are heads
            with contextlib.suppress(threading.BrokenBarrierError):
                together.wait()
        return ""

    names = [f"{number:02}.jpg" for number in range(40)]
    with serving(dict.fromkeys(names, samples["jpeg"].read_bytes())) as served:
        addresses = [f"{served.url}/{name}" for name in names]
        served.trick = wait
        rows = list(kzlabel.scan(*addresses, trust=trust, workers=1))
        assert not together.broken
        assert [row.path for row in rows] == addresses
        assert {row.status for row in rows} == {"unlabelled"}
        served.trick = lambda *_: ""
        table = kzlabel.scan_partition([*addresses[:3], f"{served.url}/missing", *addresses[3:]])
        assert [row["path"] for row in table.to_pylist()] == [
            *addresses[:3], f"{served.url}/missing", *addresses[3:]
        ]  # fmt: skip
