"""Verification of real files: what is found beside the engine's own findings, and what is never fetched."""

import http.server
import io
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import c2pa
import msgspec
import pytest

from kzlabel.credentials import Signer
from kzlabel.labels import Label, System
from kzlabel.limits import Limits
from kzlabel.signing import Labeler
from kzlabel.signing.builder import native_signer
from kzlabel.trust import Trust
from kzlabel.verifying import Engine, Verifier, verify
from kzlabel.verifying.verdict import Status, Verdict
from tests.unit.credentials.issuing import Authority, ec_key, key_pem, pem


def codes(verdict: Verdict) -> set[str]:
    return {finding.code for finding in verdict.findings}


def test_a_name_that_promises_another_format_is_a_finding_and_content_decides(
    samples: dict[str, Path], labeler: Labeler, label: Label, trust: Trust, tmp_path: Path
) -> None:
    wrong = tmp_path / "picture.png"
    wrong.write_bytes(labeler.label(samples["jpeg"].read_bytes(), label))
    verdict = verify(wrong, trust=trust)
    assert (verdict.status, verdict.media_type) == (Status.TRUSTED, "image/jpeg")
    assert "org.kzlabel.format.mismatch" in codes(verdict)
    nameless = tmp_path / "picture"
    nameless.write_bytes(wrong.read_bytes())
    assert "org.kzlabel.format.mismatch" not in codes(verify(nameless, trust=trust))


@pytest.mark.parametrize("name", ["jpeg", "png", "webp", "wav", "mp4", "gif", "tiff"])
def test_a_manifest_that_can_t_be_made_out_is_not_an_absent_one(
    name: str, samples: dict[str, Path], labeler: Labeler, label: Label, trust: Trust
) -> None:
    labelled = labeler.label(samples[name].read_bytes(), label)
    damaged = labelled.replace(b"jumdc2pa", b"junkc2pa", 1)
    assert verify(damaged, trust=trust).status is Status.INVALID


def test_a_second_manifest_object_hides_none(
    samples: dict[str, Path], labeler: Labeler, label: Label, trust: Trust
) -> None:
    # The engine says that there is no manifest when an ID3 tag holds two of them.
    labelled = labeler.label(samples["mp3"].read_bytes(), label)
    begin = labelled.index(b"GEOB")
    length = sum((byte & 0x7F) << shift for byte, shift in zip(labelled[begin + 4 :], (21, 14, 7, 0), strict=False))
    frame = labelled[begin : begin + 10 + length]
    tag = sum((byte & 0x7F) << shift for byte, shift in zip(labelled[6:10], (21, 14, 7, 0), strict=True)) + len(
        frame
    )
    size = bytes(tag >> shift & 0x7F for shift in (21, 14, 7, 0))
    twice = labelled[:6] + size + labelled[10:begin] + frame + labelled[begin:]
    assert verify(twice, trust=trust).status is Status.INVALID


def test_a_damaged_container_is_a_finding_and_never_called_clean(samples: dict[str, Path], trust: Trust) -> None:
    for name in ("jpeg", "png", "wav", "mp4", "tiff", "webp"):
        data = samples[name].read_bytes()
        verdict = verify(data[:300], trust=trust)
        assert "org.kzlabel.container.damaged" in codes(verdict), name


def test_limits_are_the_caller_s(samples: dict[str, Path], labeler: Labeler, label: Label, trust: Trust) -> None:
    labelled = labeler.label(samples["jpeg"].read_bytes(), label)
    few_reads = Limits(reads=5 - len(labelled) // 4096)
    no_boxes = Limits(boxes=1 - len(labelled) // 128)
    for limits in (Limits(store_size=1000), no_boxes, few_reads, Limits(seconds=-1)):
        verdict = verify(labelled, trust=trust, limits=limits, engine="reference")
        assert verdict.status is Status.ERROR
        assert codes(verdict) == {"org.kzlabel.limit.exceeded"}


def test_one_labeler_serves_many_threads(samples: dict[str, Path], labeler: Labeler, trust: Trust) -> None:
    data = samples["webp"].read_bytes()

    def one(number: int) -> Verdict:
        label = Label(level="ai-generated", system=System(name=f"thread {number}"))
        return verify(labeler.label(data, label), trust=trust)

    with ThreadPoolExecutor(8) as pool:
        verdicts = list(pool.map(one, range(64)))
    assert {verdict.status for verdict in verdicts} == {Status.TRUSTED}
    assert [verdict.label and verdict.label.system.name for verdict in verdicts] == [
        f"thread {n}" for n in range(64)
    ]


class _Server(http.server.ThreadingHTTPServer):
    store = b""
    asked = 0


class _Handler(http.server.BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        self.server.asked += 1
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.server.store)))
        self.end_headers()
        self.wfile.write(self.server.store)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
        pass


@pytest.fixture
def server() -> Iterator[_Server]:
    with _Server(("127.0.0.1", 0), _Handler) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def test_a_remote_manifest_is_fetched_only_when_asked(
    server: _Server, samples: dict[str, Path], signer: Signer, trust: Trust
) -> None:
    manifest = {
        "claim_generator_info": [{"name": "test"}],
        "assertions": [
            {"label": "c2pa.actions.v2", "data": {"actions": [{"action": "c2pa.created"}]}, "created": True}
        ],
    }
    settings = {"verify": {"verify_after_sign": False, "remote_manifest_fetch": False}}
    builder = c2pa.Builder(manifest, context=c2pa.Context(c2pa.Settings.from_dict(settings)))
    builder.set_no_embed()
    builder.set_remote_url(f"http://127.0.0.1:{server.server_port}/store.c2pa")
    out = io.BytesIO()
    source = io.BytesIO(samples["jpeg"].read_bytes())
    server.store = builder.sign(native_signer(signer), "image/jpeg", source, out)

    offline = verify(out.getvalue(), trust=trust)
    assert offline.status is Status.REMOTE
    assert offline.remote_url == f"http://127.0.0.1:{server.server_port}/store.c2pa"
    assert server.asked == 0
    verify(out.getvalue(), trust=trust, online=True)
    assert server.asked > 0


def test_a_verdict_is_plain_json(samples: dict[str, Path], trust: Trust) -> None:
    import msgspec

    verdict = verify(samples["jpeg"], trust=trust)
    assert json.loads(msgspec.json.encode(verdict))["status"] == "unlabelled"


def test_a_bug_in_the_native_engine_costs_speed_and_not_the_verdict(
    samples: dict[str, Path], labeler: Labeler, label: Label, trust: Trust, monkeypatch: pytest.MonkeyPatch
) -> None:
    labelled = labeler.label(samples["jpeg"].read_bytes(), label)
    native = verify(labelled, trust=trust)
    assert (native.status, native.abstained) == (Status.TRUSTED, "")
    assert native.engine.endswith("native")

    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("kzlabel.verifying.native.read", fail)
    verdict = verify(labelled, trust=trust)
    assert (verdict.status, verdict.engine[:8]) == (Status.TRUSTED, "c2pa-rs/")
    assert "ZeroDivisionError" in verdict.abstained


def test_each_engine_can_be_asked_alone(
    samples: dict[str, Path], labeler: Labeler, label: Label, trust: Trust
) -> None:
    labelled = labeler.label(samples["webp"].read_bytes(), label)
    native, reference = (verify(labelled, trust=trust, engine=engine) for engine in ("native", "reference"))
    assert native.status is reference.status is Status.TRUSTED
    assert native.signer is not None
    assert native.signer.anchor.startswith("kzlabel development authority")  # the reference engine names none
    assert (native.label, msgspec.structs.replace(native.signer, anchor=""), native.assertions) == (
        reference.label,
        reference.signer,
        reference.assertions,
    )
    assert native.engine.endswith("native")
    assert reference.engine.startswith("c2pa-rs/")
    torn = verify(labelled[: len(labelled) // 2], trust=trust, engine="native")
    assert torn.status is Status.ERROR
    assert "org.kzlabel.engine.abstained" in codes(torn)
    assert torn.abstained


@pytest.mark.parametrize("engine", [Engine.AUTO, Engine.NATIVE])
def test_the_verdict_names_the_chain_and_its_anchor(engine: Engine, samples: dict[str, Path], label: Label) -> None:
    now = datetime.now(UTC)
    root, key = Authority("Root", at=now), ec_key()
    middle = Authority("Middle", parent=root, at=now)
    signer = Signer.from_pem(key_pem(key), pem(middle.issue(key.public_key()), middle.certificate))
    data = Labeler(signer, trust=Trust.none()).label(samples["jpeg"].read_bytes(), label)
    trust = Trust.from_pem(pem(root.certificate), store="mine")
    named = Verifier(trust=trust, engine=engine).verify(data).signer
    assert named is not None
    assert (named.chain, named.anchor, named.trusted_by) == (("Middle",), "Root", "mine")
    stranger = Verifier(trust=Trust.none(), engine=engine).verify(data).signer
    assert stranger is not None
    assert (stranger.chain, stranger.anchor, stranger.trusted_by) == (("Middle",), "", "")
