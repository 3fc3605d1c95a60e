"""Every limit can be reached, and reaching it is a finding."""

import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fixtures import documents
from fixtures.hostile import HOSTILE
from kzlabel.errors import LimitError
from kzlabel.files import BytesReader
from kzlabel.formats import bmff
from kzlabel.limits import DEFAULT_LIMITS, Limits
from kzlabel.verifying import Engine, Verifier
from kzlabel.verifying.verdict import Status
from tests.agreement.composing import (
    Draft,
    box,
    cbor_box,
    compose,
    created,
    good,
    ingredient,
    opened,
    parts,
    sign,
    store,
    superbox,
)
from tests.agreement.violations.base import image

ACTIONS = "c2pa.actions.v2"


def plain() -> bytes:
    return compose(Draft(), image())


def nested(depth: int) -> bytes:
    inner = cbor_box("a.b", {})
    for number in range(depth):
        inner = superbox(b"cbor", f"a{number}", inner)
    return inner


def deep_boxes() -> bytes:
    return compose(Draft(assertions=[(ACTIONS, cbor_box(ACTIONS, created())), ("a.b", nested(20))]), image())


def many_exclusions() -> bytes:
    def fields(content: dict[str, Any]) -> dict[str, Any]:
        return content | {
            "exclusions": content["exclusions"] + [{"start": 9000 + n, "length": 1} for n in range(30)]
        }

    return compose(Draft(hash_fields=fields), image())


def many_assertions() -> bytes:
    more = parts([(f"org.example.x__{n}", {"n": n}) for n in range(1, 40)])
    return compose(Draft(assertions=[(ACTIONS, cbor_box(ACTIONS, created())), *more]), image())


def generations(count: int) -> bytes:
    """Return a file whose parent has a parent, and so on."""
    manifests: list[bytes] = []
    label = "urn:c2pa:00000000-0000-4000-8000-{:012d}"
    for number in range(count):
        name = "c2pa.ingredient.v3"
        about = [(ACTIONS, cbor_box(ACTIONS, created()))]
        if manifests:
            content = ingredient(manifests[-1], label.format(number - 1))
            about = [(name, cbor_box(name, content)), (ACTIONS, cbor_box(ACTIONS, opened(name)))]
        draft = Draft(label=label.format(number), assertions=about)
        if number == count - 1:
            return compose(draft, image(), *manifests)
        manifests.append(draft.manifest())
    raise AssertionError


def many_certificates() -> bytes:
    chain = list(good().chain) * 10
    return compose(Draft(signature=lambda claim: sign(claim, good(), protected={1: -7, 33: chain})), image())


def deep_cbor() -> bytes:
    nested: object = 0
    for _ in range(8):
        nested = [nested]
    return compose(Draft(assertions=[*Draft().assertions, *parts([("org.example.deep", {"n": nested})])]), image())


def stores_in_a_row(count: int) -> bytes:
    def segment(instance: int) -> bytes:
        body = b"JP" + struct.pack(">HI", instance, 1) + store(Draft().manifest())
        return b"\xff\xeb" + struct.pack(">H", len(body) + 2) + body

    return image()[:2] + b"".join(segment(n + 1) for n in range(count)) + image()[2:]


CASES: dict[str, tuple[Limits, Callable[[], bytes]]] = {
    "store_size": (Limits(store_size=500), plain),
    "boxes": (Limits(boxes=3 - len(image()) // 128), plain),
    "depth": (Limits(depth=8), deep_boxes),
    "cbor_depth": (Limits(cbor_depth=4), deep_cbor),
    "exclusions": (Limits(exclusions=20), many_exclusions),
    "assertions": (Limits(assertions=20), many_assertions),
    "ingredient_depth": (Limits(ingredient_depth=3), lambda: generations(5)),
    "carriers": (Limits(), lambda: stores_in_a_row(17)),
    "pdf_objects": (Limits(pdf_objects=5), documents.pdf),
    "pdf_read": (Limits(pdf_read=100), documents.pdf),
    "certificates": (Limits(certificates=5), many_certificates),
    "certificate_size": (Limits(certificate_size=100), plain),
}
ELSEWHERE = {
    "head": "bytes that are read, not a limit that can be exceeded",
    "text": "tests/agreement/test_text.py",
    "leaves": "tests/unit/verifying/binding/test_merkle.py",
    "reads": "tests/unit/verifying/test_verify.py",
    "seconds": "tests/unit/verifying/test_verify.py",
}


def test_every_limit_has_a_case() -> None:
    assert CASES.keys() | ELSEWHERE.keys() == set(Limits.__struct_fields__)
    assert not CASES.keys() & ELSEWHERE.keys()


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("engine", [Engine.AUTO, Engine.NATIVE])
def test_reaching_a_limit_is_a_finding(name: str, engine: Engine) -> None:
    limits, make = CASES[name]
    verdict = Verifier(trust=good().trust, engine=engine, limits=limits).verify(make())
    assert verdict.status is Status.ERROR
    assert [finding.code for finding in verdict.findings][-1:] == ["org.kzlabel.limit.exceeded"]


@pytest.mark.parametrize("name", sorted(CASES.keys() - {"carriers"}))
def test_below_the_limit_the_same_file_is_judged(name: str) -> None:
    verdict = Verifier(trust=good().trust, engine=Engine.NATIVE).verify(CASES[name][1]())
    assert "org.kzlabel.limit.exceeded" not in {finding.code for finding in verdict.findings}


def test_a_flood_of_manifest_stores_stops_the_walk() -> None:
    user = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
    carrier = box(b"uuid", user + bytes(4) + b"manifest\0" + bytes(8) + store(Draft().manifest()))
    with pytest.raises(LimitError, match="manifest stores"):
        bmff.locate(BytesReader(b"\0\0\0\x18ftypisom\0\0\0\0isommp42" + carrier * 20), DEFAULT_LIMITS)


WATCHED = """
import sys
allowed = sys.argv[1]
from kzlabel.trust import Trust
from kzlabel.verifying import Verifier
import kzlabel.verifying.timestamp, pypdf, encodings.idna, kzlabel.markers
kzlabel.markers.load(), kzlabel.markers.level(())
Verifier(trust=Trust.none(), engine="native").verify(allowed)  # whatever is imported late
def watch(event, arguments):
    if event.startswith("socket.") or event.startswith(("subprocess.", "os.exec", "os.system", "os.posix_spawn")):
        print("used", event); sys.stdout.flush(); __import__("os")._exit(3)
    named = event == "open" and not isinstance(arguments[0], int)
    if named and str(arguments[0]) != allowed and not str(arguments[0]).endswith((".py", ".pyc")):
        print("opened", arguments[0]); sys.stdout.flush(); __import__("os")._exit(3)
sys.addaudithook(watch)
for path in sys.argv[1:]:
    allowed = path
    print(Verifier(trust=Trust.none(), engine="native").verify(path).status.value)
"""


def test_no_file_makes_the_verifier_open_another_or_use_a_network(tmp_path: Path) -> None:
    paths = [str(case.write(tmp_path / f"{n}-{case.file_name}")) for n, case in enumerate(HOSTILE) if not case.size]
    remote = tmp_path / "remote.svg"
    remote.write_text(
        '<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY e SYSTEM "file:///etc/passwd">]><svg '
        'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">&e;'
        '<image xlink:href="http://127.0.0.1:9/x.png"/></svg>'
    )
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, str(remote), *paths], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-500:] + done.stderr[-2000:]
    assert len(done.stdout.split()) == len(paths) + 1
