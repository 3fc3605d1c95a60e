"""Labels with time-stamps from a real authority, and from authorities that lie."""

import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import encypher_c2pa
import pytest
from click.testing import CliRunner

from fixtures.authority import Authority
from kzlabel.cli import cli
from kzlabel.errors import TimeStampError
from kzlabel.labels import Label
from kzlabel.signing import Labeler
from kzlabel.signing.timestamping import TimeStampAuthority
from kzlabel.trust import Trust
from kzlabel.verifying import Engine, Verifier
from kzlabel.verifying.verdict import Status

Answer = Callable[[bytes], tuple[int, bytes]]


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority("Stamping authority")


@pytest.fixture(scope="module")
def tsa(authority: Authority) -> Iterator[str]:
    with authority.time_stamping() as url:
        yield url


@pytest.fixture
def everybody(authority: Authority) -> Trust:
    return Trust.from_pem(authority.pem, store="test")


@contextmanager
def answering(answer: Answer) -> Iterator[str]:
    """Run a server that gives `answer` to whatever it is asked."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            status, body = answer(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    "name", ["jpeg", "png", "wav", "mp3", "svg", "tiff", "jxl", "gif", "webp", "flac", "pdf", "mp4"]
)
def test_both_engines_trust_a_time_stamp(
    name: str, authority: Authority, tsa: str, everybody: Trust, samples: dict[str, Path], label: Label
) -> None:
    labeler = Labeler(authority.signer(tsa_url=tsa), trust=Trust.none())
    done = labeler.label(samples[name].read_bytes(), label)
    for engine in (Engine.NATIVE, Engine.REFERENCE):
        verdict = Verifier(trust=everybody, engine=engine).verify(done)
        assert verdict.status is Status.TRUSTED, verdict
        assert abs(datetime.fromisoformat(verdict.signed_at) - datetime.now(UTC)) < timedelta(minutes=5)
        codes = {str(finding.code) for finding in verdict.findings}
        assert codes >= {"timeStamp.validated", "timeStamp.trusted"}


@pytest.mark.parametrize("algorithm", ["es384", "ps256", "ed25519"])
def test_hidden_labels_take_time_stamps(
    algorithm: str, authority: Authority, tsa: str, everybody: Trust, label: Label
) -> None:
    labeler = Labeler(authority.signer(algorithm, tsa_url=tsa), trust=Trust.none())
    for _ in range(3):
        done = labeler.label_text("Сәлем", label)
        assert Verifier(trust=everybody).verify_text(done).signed_at
        report = encypher_c2pa.verify(
            done.encode(),
            "text/plain",
            trust_pem=everybody.pem(),
            no_default_trust=True,
            telemetry=False,
            online=False,
        )
        assert report["integrity"] == "valid"


def test_a_time_stamp_outlives_the_certificate(
    authority: Authority, tsa: str, everybody: Trust, samples: dict[str, Path], label: Label
) -> None:
    plain, stamped = (
        Labeler(authority.signer(), trust=Trust.none()),
        Labeler(authority.signer(tsa_url=tsa), trust=Trust.none()),
    )
    later = datetime.now(UTC) + timedelta(days=3650)
    verifier = Verifier(trust=everybody, engine=Engine.NATIVE, clock=lambda: later)
    source = samples["png"].read_bytes()
    assert verifier.verify(plain.label(source, label)).status is Status.INVALID
    assert verifier.verify(stamped.label(source, label)).status is Status.TRUSTED


def test_the_room_for_a_token_is_learned_once(tsa: str) -> None:
    stamp = TimeStampAuthority(tsa)
    assert 500 < stamp.size == stamp.size < 10_000
    assert len(stamp(b"message")) <= stamp.size


def _relayed(tsa: str, change: Callable[[bytes], bytes]) -> Answer:
    """Return what the real authority says to another question."""
    import urllib.request

    def answer(query: bytes) -> tuple[int, bytes]:
        with urllib.request.urlopen(urllib.request.Request(tsa, change(query)), timeout=20) as reply:
            return 200, reply.read()

    return answer


LIES: dict[str, Callable[[str], Answer]] = {
    "another imprint": lambda tsa: _relayed(tsa, lambda q: q.replace(q[24:56], bytes(32))),
    "another nonce": lambda tsa: _relayed(tsa, lambda q: q[:-11] + b"\x41" + q[-10:]),
    "no nonce": lambda tsa: _relayed(tsa, lambda q: b"\x30" + bytes([q[1] - 10]) + q[2:-13] + q[-3:]),
    "garbage": lambda _: lambda query: (200, b"garbage"),
    "nothing": lambda _: lambda query: (200, b""),
    "the question": lambda _: lambda query: (200, query),
    "a rejection": lambda _: lambda query: (200, bytes.fromhex("30053003020102")),
    "an endless answer": lambda _: lambda query: (200, bytes(100_000)),
    "forbidden": lambda _: lambda query: (403, b""),
    "broken": lambda _: lambda query: (503, b""),
}


@pytest.mark.parametrize("name", LIES)
def test_an_authority_that_lies_gives_no_time_stamp(
    name: str, authority: Authority, tsa: str, label: Label, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kzlabel.signing.timestamping._PAUSE", 0.0)
    with answering(LIES[name](tsa)) as url:
        signer = authority.signer(tsa_url=url)
        with pytest.raises(TimeStampError, match="time-stamping authority"):
            Labeler(signer, trust=Trust.none()).label_text("text", label)
        done = Labeler(signer, trust=Trust.none(), tsa_optional=True).label_text("text", label)
        verdict = Verifier(trust=Trust.none()).verify_text(done)
        assert verdict.status is Status.VALID
        assert not verdict.signed_at


def test_nobody_there_and_an_old_time_stamp_are_errors(authority: Authority, tsa: str, label: Label) -> None:
    with pytest.raises(TimeStampError, match="can't be reached"):
        Labeler(authority.signer(tsa_url="http://127.0.0.1:9/"), trust=Trust.none()).label_text("text", label)
    old: list[bytes] = []
    real = _relayed(tsa, lambda query: query)

    def replaying(query: bytes) -> tuple[int, bytes]:
        if not old:
            old.append(real(query)[1])
        return 200, old[0]

    with answering(replaying) as url, pytest.raises(TimeStampError):
        Labeler(authority.signer(tsa_url=url), trust=Trust.none()).label_text("text", label)


def test_a_short_failure_is_asked_again(tsa: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kzlabel.signing.timestamping._PAUSE", 0.0)
    failures = [503, 500]
    real = _relayed(tsa, lambda query: query)
    with answering(lambda query: (failures.pop(), b"") if failures else real(query)) as url:
        assert TimeStampAuthority(url)(b"message")


def test_the_request_is_what_openssl_reads(tmp_path: Path) -> None:
    from kzlabel.signing.timestamping import _request

    (tmp_path / "query").write_bytes(_request(bytes(range(32)), 1 << 62))
    command = ["openssl", "ts", "-query", "-in", str(tmp_path / "query"), "-text"]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert "sha256" in said
    assert "Certificate required: yes" in said
    assert "0x4000000000000000" in said


def test_the_command_line_asks_for_time_stamps(tmp_path: Path, tsa: str, samples: dict[str, Path]) -> None:
    environ = {"KZLABEL_CONFIG_DIR": str(tmp_path / "config")}
    words = ["label", str(samples["png"]), "--level", "ai-generated", "--system", "Painter"]
    done = CliRunner(env=environ).invoke(cli, [*words, "-o", str(tmp_path / "a.png"), "--tsa", tsa, "--json"])
    assert done.exit_code == 0, done.output
    assert '"stamped": true' in done.output
    nobody = ["--tsa", "http://127.0.0.1:9/"]
    refused = CliRunner(env=environ).invoke(cli, [*words, "-o", str(tmp_path / "b.png"), *nobody])
    assert refused.exit_code == 1
    assert not (tmp_path / "b.png").exists()
    done = CliRunner(env=environ).invoke(cli, [*words, "-o", str(tmp_path / "c.png"), *nobody, "--tsa-optional"])
    assert done.exit_code == 0
    assert "without a time-stamp" in done.output
