"""Data libraries: what is recorded is found again, and whatever was done to it since is told apart."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

import kzlabel.directories
from kzlabel.credentials import Signer
from kzlabel.directories import RECORD, Member, Odd, members, path_of, uri_of
from kzlabel.errors import InputError, LabelError, OutputError, SigningError, TimeStampError
from kzlabel.labels import AI, Label, Library, Operator, System, read_library
from kzlabel.limits import Limits
from kzlabel.manifest.cbor import encode
from kzlabel.manifest.store import read_store
from kzlabel.signing import Labeler
from kzlabel.signing.composer import draft
from kzlabel.signing.dataset import label_dataset, statement, write_collection
from kzlabel.status import Code
from kzlabel.trust import Trust
from kzlabel.verifying import Verifier
from kzlabel.verifying.verdict import Status, Verdict

Listing = Mapping[str, bytes]
FILES: Listing = {
    "a.csv": b"1,2\n",
    "train/1.txt": b"one",
    "train/2.txt": b"two",
    "train/.hidden": b"",
    "қазақ тілі/100%: a?b#c.txt": "ә".encode(),
    "back\\slash": b"x",
}
MATCH = Code.ASSERTION_COLLECTION_HASH_MATCH
CHANGED = Code.ASSERTION_COLLECTION_HASH_MISMATCH
REMOVED = Code.ASSERTION_COLLECTION_HASH_INCORRECT_FILE_COUNT
ADDED = Code.KZLABEL_DATASET_ADDED
ODD = Code.KZLABEL_DATASET_IRREGULAR
OURS = (MATCH, CHANGED, REMOVED, ADDED, ODD)


@pytest.fixture
def label() -> Label:
    return Label(
        level="ai-generated",
        system=System(name="Synthesiser", version="3"),
        operator=Operator(role="owner", name="Example LLP", country="KZ"),
    )


@pytest.fixture
def library(tmp_path: Path) -> Path:
    root = tmp_path / "library"
    for name, content in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return root


@pytest.fixture
def recorded(library: Path, label: Label, signer: Signer) -> Path:
    label_dataset(library, label, signer)
    return library


def judged(directory: Path, trust: Trust) -> Verdict:
    return Verifier(trust=trust).verify(directory)


def told(verdict: Verdict) -> list[tuple[str, str]]:
    return [(one.code, one.explanation) for one in verdict.findings if one.code in OURS]


def test_a_recorded_library_is_trusted_and_names_its_producer(recorded: Path, trust: Trust) -> None:
    verdict = judged(recorded, trust)
    assert (verdict.status, verdict.media_type, verdict.ai) == (Status.TRUSTED, "inode/directory", "generated")
    assert verdict.label is not None
    assert verdict.producer == verdict.label.operator == Operator(role="owner", name="Example LLP", country="KZ")
    assert told(verdict) == [(MATCH, f"the directory has the {len(FILES)} files of the record")]
    assert verdict.sidecar == str(recorded / RECORD)


def test_a_library_of_which_nobody_says_that_ai_made_it_names_its_producer_alone(
    library: Path, signer: Signer, trust: Trust
) -> None:
    producer = Operator(role="owner", name="Example LLP", country="KZ")
    label_dataset(library, Library(producer=producer), signer)
    verdict = judged(library, trust)
    assert (verdict.status, verdict.ai, verdict.label) == (Status.TRUSTED, AI.UNKNOWN, None)
    assert verdict.producer == producer
    assert "org.kzlabel.library" in verdict.assertions
    assert "c2pa.ai-disclosure" not in verdict.assertions


def test_a_statement_that_breaks_a_rule_is_refused_or_told() -> None:
    producer = {"role": "owner", "name": "X"}
    with pytest.raises(LabelError, match="producer is missing"):
        Library.from_dict({})
    with pytest.raises(LabelError, match="level"):
        Library.from_dict({"producer": producer, "level": "ai-generated"})
    with pytest.raises(LabelError, match="not known here"):
        Library.from_dict({"producer": producer, "version": "2"})
    with pytest.raises(LabelError, match="content_id"):
        Library.from_dict({"producer": producer, "content_id": "x"})
    library = Library.from_dict({"producer": producer})
    assert Library.from_dict(library.to_dict()) == library
    assert read_library(library.to_dict()) == library
    for field in ("version", "content_id", "created"):
        with pytest.raises(LabelError, match=field):
            read_library({key: value for key, value in library.to_dict().items() if key != field})


def test_what_is_said_follows_from_the_template() -> None:
    operator = {"role": "owner", "name": "X"}
    assert isinstance(statement({"operator": operator, "regimes": ["kz"]}), Library)
    assert isinstance(statement({"operator": operator, "level": "ai-generated", "system": {"name": "P"}}), Label)
    for template in (
        {},
        {"operator": operator, "level": "ai-generated"},
        {"operator": operator, "simulates": ["event"]},
    ):
        with pytest.raises(LabelError):
            statement(template)


def test_the_record_has_the_form_of_the_specification(recorded: Path) -> None:
    import hashlib

    import cbor2

    store = (recorded / RECORD).read_bytes()
    (manifest,) = read_store(store, Limits()).manifests
    (data,) = [one.content for one in manifest.assertions if one.label == "c2pa.hash.collection.data"]
    content = cbor2.loads(bytes(data))
    assert content.keys() == {"alg", "uris"}
    assert [one["uri"] for one in content["uris"]] == [
        "a.csv", "back%5Cslash", "train/.hidden", "train/1.txt", "train/2.txt",
        "%D2%9B%D0%B0%D0%B7%D0%B0%D2%9B%20%D1%82%D1%96%D0%BB%D1%96/100%25%3A%20a%3Fb%23c.txt",
    ]  # fmt: skip
    assert content["uris"][0]["hash"] == hashlib.sha256(b"1,2\n").digest()
    assert content["uris"][0]["size"] == 4


def test_nothing_in_the_library_is_changed_by_recording(recorded: Path) -> None:
    there = {str(path.relative_to(recorded)): path.read_bytes() for path in recorded.rglob("*") if path.is_file()}
    assert there.pop(RECORD)
    assert there == FILES


Change = Callable[[Path], object]


def swapped(root: Path) -> None:
    (root / "train/1.txt").rename(root / "train/3.txt")
    (root / "train/2.txt").rename(root / "train/1.txt")
    (root / "train/3.txt").rename(root / "train/2.txt")


def linked_over(root: Path) -> None:
    (root / "a.csv").rename(root.parent / "a.csv")
    (root / "a.csv").symlink_to(root.parent / "a.csv")


def linked_folder(root: Path) -> None:
    (root / "train").rename(root.parent / "train")
    (root / "train").symlink_to(root.parent / "train")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda root: (root / "a.csv").write_bytes(b"1,3\n"), [(CHANGED, "a.csv was changed")]),
        (lambda root: (root / "a.csv").write_bytes(b""), [(CHANGED, "a.csv was changed")]),
        (lambda root: (root / "train/1.txt").unlink(), [(REMOVED, "train/1.txt is missing")]),
        (lambda root: (root / "new").write_bytes(b"x"), [(ADDED, "new was added")]),
        (lambda root: (root / "train/.new").write_bytes(b""), [(ADDED, "train/.new was added")]),
        (lambda root: (root / "train/1.txt").rename(root / "b.txt"),
         [(REMOVED, "train/1.txt is missing; b.txt has its content"), (ADDED, "b.txt was added")]),
        (swapped, [(CHANGED, "train/1.txt was changed"), (CHANGED, "train/2.txt was changed")]),
        (linked_over, [(REMOVED, "a.csv is missing"), (ODD, "a.csv is a symbolic link")]),
        (linked_folder, [(REMOVED, "train/.hidden is missing"), (REMOVED, "train/1.txt is missing"),
                         (REMOVED, "train/2.txt is missing"), (ODD, "train is a symbolic link")]),
        (lambda root: os.mkfifo(root / "pipe"), [(ODD, "pipe is no regular file")]),
        (lambda root: Path(os.fsdecode(os.fsencode(root) + b"/\xff")).write_bytes(b""),
         [(ODD, "\\xff has a name that is no UTF-8")]),
        (lambda root: (root / "train" / RECORD).write_bytes(b"x"), [(ADDED, f"train/{RECORD} was added")]),
    ],
)  # fmt: skip
def test_each_change_is_told_for_what_it_is(
    change: Change, expected: list[tuple[str, str]], recorded: Path, trust: Trust
) -> None:
    change(recorded)
    verdict = judged(recorded, trust)
    assert (verdict.status, told(verdict)) == (Status.INVALID, expected)


def test_an_empty_directory_more_is_no_change(recorded: Path, trust: Trust) -> None:
    (recorded / "empty").mkdir()
    assert judged(recorded, trust).status is Status.TRUSTED


def test_a_file_that_cannot_be_read_is_told(recorded: Path, trust: Trust, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = os.open

    def refusing(path: Any, flags: int, *arguments: Any, **options: Any) -> int:
        if path == b"a.csv":
            raise PermissionError(13, "Permission denied")
        return honest(path, flags, *arguments, **options)

    monkeypatch.setattr(os, "open", refusing)
    assert told(judged(recorded, trust)) == [
        (REMOVED, "a.csv is missing"), (ODD, "a.csv can't be read: Permission denied")
    ]  # fmt: skip


def test_many_differences_are_counted_after_the_first_ones(recorded: Path, trust: Trust) -> None:
    for number in range(60):
        (recorded / f"new{number:02}").write_bytes(b"")
    findings = told(judged(recorded, trust))
    assert len(findings) == 51
    assert findings[-1] == (ADDED, "and 10 more files")


def test_a_library_may_be_moved_as_a_whole(recorded: Path, trust: Trust, tmp_path: Path) -> None:
    moved = recorded.rename(tmp_path / "elsewhere")
    assert judged(moved, trust).status is Status.TRUSTED


def test_a_link_to_a_library_means_the_library(
    library: Path, label: Label, signer: Signer, trust: Trust, tmp_path: Path
) -> None:
    (tmp_path / "link").symlink_to(library)
    label_dataset(tmp_path / "link", label, signer)
    assert judged(library, trust).status is Status.TRUSTED
    assert judged(tmp_path / "link", trust).status is Status.TRUSTED


def test_a_library_in_the_present_directory_is_verified(
    recorded: Path, trust: Trust, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(recorded)
    assert judged(Path(), trust).status is Status.TRUSTED
    assert Verifier(trust=trust).verify("train/..", "here").uri == "here"


def test_without_a_time_stamp_there_is_a_record_only_where_that_is_accepted(
    library: Path, label: Label, signer: Signer, trust: Trust, monkeypatch: pytest.MonkeyPatch
) -> None:
    import kzlabel.signing.dataset

    class Silent:
        size = 100

        def __init__(self, *_: object) -> None: ...

        def __call__(self, message: bytes) -> bytes:
            raise TimeStampError("no answer")

    class Stamping:
        tsa_url = "http://tsa.invalid"

        def __getattr__(self, name: str) -> Any:
            return getattr(signer, name)

    monkeypatch.setattr(kzlabel.signing.dataset, "TimeStampAuthority", Silent)
    stamping = cast("Signer", Stamping())
    with pytest.raises(TimeStampError):
        label_dataset(library, label, stamping)
    assert not (library / RECORD).exists()
    assert not label_dataset(library, label, stamping, tsa_optional=True).stamped
    assert judged(library, trust).status is Status.TRUSTED


def test_the_record_of_another_library_does_not_fit(recorded: Path, trust: Trust, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "a.csv").write_bytes(b"1,2\n")
    (other / RECORD).write_bytes((recorded / RECORD).read_bytes())
    verdict = judged(other, trust)
    assert verdict.status is Status.INVALID
    assert {code for code, _ in told(verdict)} == {REMOVED}


def signed_with(
    binding: dict[str, object], label: Label, signer: Signer, kind: str = "c2pa.hash.collection.data"
) -> bytes:
    made = draft(label, signer, binding_label=kind, binding_size=len(encode(binding)))
    return made.finish(binding)


DIGEST = bytes(32)


@pytest.mark.parametrize(
    "uri",
    [
        "../secret", "a/../b", "./a", "a/./b", "/etc/passwd", "a//b", "", "a/", "%2e%2e/secret", "%2E%2E/secret",
        "..%2fsecret", "a%2Fb", "file:///etc/passwd", "http://example.com/x", "C:/x", "a%00b", "%ff", "%d2", "a b",
        "a?b", "a#b", "%61", "қ", RECORD, "a%5cb", "%", "%zz", "\ud800",
    ],
)  # fmt: skip
def test_a_path_that_could_lead_elsewhere_is_refused(uri: str) -> None:
    assert path_of(uri) is None


@pytest.mark.parametrize("uri", ["../library.txt", "%2e%2e/library.txt", "/etc/passwd", "a/../../x"])
def test_a_record_that_points_outside_is_invalid(
    uri: str, library: Path, label: Label, signer: Signer, trust: Trust
) -> None:
    (library.parent / "library.txt").write_bytes(b"")
    binding: dict[str, object] = {"alg": "sha256", "uris": [{"uri": uri, "hash": DIGEST}]}
    (library / RECORD).write_bytes(signed_with(binding, label, signer))
    verdict = judged(library, trust)
    assert verdict.status is Status.INVALID
    assert Code.ASSERTION_COLLECTION_HASH_INVALID_URI in {one.code for one in verdict.findings}


@pytest.mark.parametrize(
    "binding",
    [
        {"alg": "sha256", "uris": []},
        {"alg": "sha256"},
        {"uris": {"a.csv": {"hash": DIGEST}}, "alg": "sha256"},
        {"alg": "md5", "uris": [{"uri": "a.csv", "hash": DIGEST}]},
        {"alg": "sha512", "uris": [{"uri": "a.csv", "hash": DIGEST}]},
        {"alg": "sha256", "uris": [{"uri": "a.csv"}]},
        {"alg": "sha256", "uris": [{"hash": DIGEST}]},
        {"alg": "sha256", "uris": ["a.csv"]},
        {"alg": "sha256", "uris": [{"uri": "a.csv", "hash": "x"}]},
        {"alg": "sha256", "uris": [{"uri": 1, "hash": DIGEST}]},
        {"alg": "sha256", "uris": [{"uri": "a.csv", "hash": DIGEST}] * 2},
    ],
)
def test_a_malformed_list_is_invalid(
    binding: dict[str, object], library: Path, label: Label, signer: Signer, trust: Trust
) -> None:
    (library / RECORD).write_bytes(signed_with(binding, label, signer))
    verdict = judged(library, trust)
    assert verdict.status is Status.INVALID
    assert Code.ASSERTION_COLLECTION_HASH_MALFORMED in {one.code for one in verdict.findings}


def test_a_hash_that_is_too_short_is_another_hash(
    library: Path, label: Label, signer: Signer, trust: Trust
) -> None:
    import hashlib

    uris = [{"uri": uri_of(path), "hash": hashlib.sha256(data).digest()[:-1]} for path, data in FILES.items()]
    (library / RECORD).write_bytes(signed_with({"alg": "sha256", "uris": uris}, label, signer))
    assert {code for code, _ in told(judged(library, trust))} == {CHANGED}


def test_a_sidecar_of_one_file_is_no_record(library: Path, label: Label, labeler: Labeler, trust: Trust) -> None:
    labeler.label_beside(library / "a.csv", label, library / RECORD)
    verdict = judged(library, trust)
    assert verdict.status is Status.INVALID
    assert Code.ASSERTION_COLLECTION_HASH_MALFORMED in {one.code for one in verdict.findings}


def test_a_record_is_no_sidecar_of_a_file(recorded: Path, trust: Trust, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"1,2\n")
    (tmp_path / "a.csv.c2pa").write_bytes((recorded / RECORD).read_bytes())
    assert not Verifier(trust=trust).verify(tmp_path / "a.csv").intact


@pytest.mark.parametrize("content", [b"", b"nonsense", bytes(1000)])
def test_a_record_that_is_none_is_invalid(content: bytes, library: Path, trust: Trust) -> None:
    (library / RECORD).write_bytes(content)
    assert judged(library, trust).status is Status.INVALID


def test_every_flipped_or_missing_byte_of_a_record_is_seen(recorded: Path, trust: Trust) -> None:
    record = (recorded / RECORD).read_bytes()
    signature = record.rfind(b"c2pa.signature")
    for at in [*range(0, signature, 61), signature + 200]:
        (recorded / RECORD).write_bytes(record[:at] + bytes([record[at] ^ 1]) + record[at + 1 :])
        assert not judged(recorded, trust).intact, at
    for size in range(0, len(record), 997):
        (recorded / RECORD).write_bytes(record[:size])
        assert not judged(recorded, trust).intact, size


def test_a_record_that_is_a_link_is_not_believed(recorded: Path, trust: Trust) -> None:
    (recorded / RECORD).rename(recorded.parent / "record")
    (recorded / RECORD).symlink_to(recorded.parent / "record")
    assert told(judged(recorded, trust)) == [(ODD, f"{RECORD} is a symbolic link")]
    (recorded.parent / "record").unlink()
    with pytest.raises(InputError):
        judged(recorded, trust)


def test_a_record_that_is_a_pipe_or_a_directory_blocks_nobody(library: Path, trust: Trust) -> None:
    os.mkfifo(library / RECORD)
    with pytest.raises(InputError):
        judged(library, trust)
    (library / RECORD).unlink()
    (library / RECORD).mkdir()
    with pytest.raises(InputError):
        judged(library, trust)


def test_a_record_that_is_too_large_is_not_read(recorded: Path, trust: Trust) -> None:
    verdict = Verifier(trust=trust, limits=Limits(store_size=100)).verify(recorded)
    assert verdict.status is Status.ERROR
    assert verdict.findings[0].code == Code.KZLABEL_LIMIT_EXCEEDED


def test_a_directory_without_a_record_is_no_source(library: Path, trust: Trust) -> None:
    with pytest.raises(InputError, match="directory"):
        judged(library, trust)


def named_without_utf8(root: Path) -> None:
    folder = os.fsencode(root) + b"/\xe9"
    os.mkdir(folder)  # noqa: PTH102 - a name of bytes
    Path(os.fsdecode(folder), "a").write_bytes(b"")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda root: (root / "link").symlink_to("a.csv"), "link is a symbolic link"),
        (lambda root: (root / "link").symlink_to("/nowhere"), "link is a symbolic link"),
        (lambda root: (root / "link").symlink_to("train"), "link is a symbolic link"),
        (lambda root: os.mkfifo(root / "pipe"), "pipe is no regular file"),
        (lambda root: Path(os.fsdecode(os.fsencode(root) + b"/train/\xe9.txt")).write_bytes(b""),
         r"train/\\xe9.txt has a name that is no UTF-8"),
        (named_without_utf8, r"\\xe9/a has a name that is no UTF-8"),
    ],
)  # fmt: skip
def test_what_no_record_can_stand_for_is_refused(
    change: Change, reason: str, library: Path, label: Label, signer: Signer
) -> None:
    change(library)
    with pytest.raises(InputError, match=reason):
        label_dataset(library, label, signer)
    assert not (library / RECORD).exists()


def test_a_library_without_files_or_without_a_producer_is_refused(
    tmp_path: Path, library: Path, label: Label, signer: Signer
) -> None:
    (tmp_path / "empty" / "inner").mkdir(parents=True)
    with pytest.raises(InputError, match="no files"):
        label_dataset(tmp_path / "empty", label, signer)
    with pytest.raises(LabelError, match="--operator NAME"):
        label_dataset(library, label.replace(operator=None), signer)
    with pytest.raises(InputError, match="not a directory"):
        label_dataset(library / "a.csv", label, signer)


def test_a_record_is_replaced_only_when_asked_to(
    recorded: Path, label: Label, signer: Signer, trust: Trust
) -> None:
    before = (recorded / RECORD).read_bytes()
    (recorded / "new").write_bytes(b"x")
    with pytest.raises(OutputError, match="exists already"):
        label_dataset(recorded, label, signer)
    assert (recorded / RECORD).read_bytes() == before
    label_dataset(recorded, label, signer, replace=True)
    assert judged(recorded, trust).status is Status.TRUSTED


def test_too_many_files_or_levels_are_refused(
    library: Path, label: Label, signer: Signer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SigningError, match="parts"):
        label_dataset(library, label, signer, limits=Limits(store_size=1000))
    deep = library.joinpath(*["d"] * 70)
    deep.mkdir(parents=True)
    with pytest.raises(InputError, match="levels"):
        label_dataset(library, label, signer)
    monkeypatch.setattr(kzlabel.directories, "MOST", 3)
    with pytest.raises(InputError, match="more than 3 files"):
        list(members(library))


def test_more_files_than_other_bindings_may_list_are_recorded(
    tmp_path: Path, label: Label, signer: Signer, trust: Trust
) -> None:
    root = tmp_path / "many"
    root.mkdir()
    for number in range(12_000):
        (root / str(number)).touch()
    label_dataset(root, label, signer)
    assert judged(root, trust).status is Status.TRUSTED
    (root / "777").write_bytes(b"x")
    assert told(judged(root, trust)) == [(CHANGED, "777 was changed")]


def test_large_files_are_hashed_in_pieces(library: Path, label: Label, signer: Signer, trust: Trust) -> None:
    import tracemalloc

    with (library / "large").open("wb") as file:
        file.truncate(64 << 20)
    tracemalloc.start()
    try:
        label_dataset(library, label, signer)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 8 << 20
    assert judged(library, trust).status is Status.TRUSTED


def test_two_lists_of_the_same_files_are_the_same() -> None:
    files = [Member("b", 1, b"x"), Member("a", 2, b"y")]
    assert write_collection(files) == write_collection(files[::-1])


PARTS = st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=8).filter(
    lambda part: part not in (".", "..")
)


@given(st.lists(PARTS, min_size=1, max_size=4).map("/".join).filter(lambda path: path != RECORD))
def test_every_path_has_one_uri_and_comes_back_from_it(path: str) -> None:
    uri = uri_of(path)
    assert uri.isascii()
    assert path_of(uri) == path


@given(st.text(max_size=30))
def test_whatever_a_record_says_stays_below_the_directory(uri: str) -> None:
    path = path_of(uri)
    if path is not None:
        assert not path.startswith("/")
        assert os.path.normpath(path) == path


def test_a_file_that_vanishes_or_shrinks_meanwhile_is_odd(library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def shrinking(*_: object) -> bytes:
        from kzlabel.errors import MalformedError

        raise MalformedError("the file became shorter while it was read")

    monkeypatch.setattr(kzlabel.directories, "_digest", shrinking)
    assert all(isinstance(one, Odd) for one in members(library))
