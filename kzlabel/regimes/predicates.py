"""The logic of requirements: small predicates, each known by its name in the TOML files.

A predicate looks at the evidence about one file and answers with an outcome and a sentence that says why. It reads
no file and knows no law. Those about the label can also say of one that isn't signed yet which of its fields lack.
"""

import re
from typing import Final

from kzlabel.labels import Label, Notice, NoticeKind
from kzlabel.languages import Message
from kzlabel.regimes.answers import Answer, Base, Outcome, met, missing, not_checkable
from kzlabel.regimes.evidence import Evidence, NoticeState
from kzlabel.regimes.fields import LabelField, said, written
from kzlabel.regimes.marks import MarkerCharacters, MarkerKey
from kzlabel.status import Code
from kzlabel.verifying.verdict import Status

__all__ = ["PREDICATES", "Answer", "Outcome", "Predicate"]

_UNSURE: Final = (Status.REMOTE, Status.ERROR)


def _without_label(evidence: Evidence) -> Answer:
    """Say why there is no label to go by."""
    status = evidence.verdict.status
    if status in _UNSURE:
        return not_checkable(Message("what the file carries can't be judged: {status}", {"status": status.value}))
    if status is Status.INVALID:
        return missing(Message("the file carries a label that doesn't hold"))
    if evidence.verdict.intact:
        return missing(Message("the signed manifest is of another tool and has no field for it"))
    return missing(Message("the file carries no signed label"))


class Marked(Base, frozen=True, tag="marked"):
    """The file says in machine-readable form that AI had a part in it."""

    def judge(self, evidence: Evidence) -> Answer:
        """See `Base.judge`."""
        verdict = evidence.verdict
        if evidence.label is not None:
            return met(Message("a signed label says {level}", {"level": evidence.label.level.value}))
        if verdict.intact and verdict.ai in ("generated", "assisted"):
            return met(Message("a signed manifest of another tool says AI {ai}", {"ai": verdict.ai.value}))
        if evidence.speaking and verdict.status is not Status.INVALID:
            return met(Message("unsigned fields say so, which anybody can change: {fields}", _fields(evidence)))
        return _without_label(evidence)


def _form(evidence: Evidence) -> Answer:
    """Say what machine-readable form there is beside a label of ours."""
    verdict = evidence.verdict
    if verdict.intact and verdict.producer is not None:
        return met(Message("the record is a C2PA manifest, {manifest}", {"manifest": verdict.manifest}))
    if verdict.intact:
        return not_checkable(Message("a signed manifest of another tool says AI {ai}", {"ai": verdict.ai.value}))
    if verdict.status is Status.INVALID or verdict.status in _UNSURE:
        return _without_label(evidence)
    if evidence.speaking:
        return not_checkable(
            Message("unsigned fields say so, which anybody can change: {fields}", _fields(evidence))
        )
    return Answer(Outcome.NOT_APPLICABLE, Message("there is no machine-readable form in the file"))


def _fields(evidence: Evidence) -> dict[str, str]:
    return {"fields": ", ".join(dict.fromkeys(marker.field for marker in evidence.speaking))}


class Unambiguous(Base, frozen=True, tag="unambiguous"):
    """Everything in the file that speaks of AI says the same."""

    def judge(self, evidence: Evidence) -> Answer:
        """See `Base.judge`."""
        label = evidence.label
        codes = {finding.code for finding in evidence.verdict.findings}
        if Code.KZLABEL_LABEL_MALFORMED in codes:
            return missing(Message("the label can't be understood"))
        if label is None:
            return _form(evidence)
        if Code.KZLABEL_LABEL_INCOHERENT in codes:
            return missing(Message("the label and the actions beside it say different things"))
        return met(Message("the label says {level} as {term}, a term of an open vocabulary", {
            "level": label.level.value, "term": label.digital_source_type.rpartition("/")[2],
        }))  # fmt: skip


class Told(Base, frozen=True, tag="told"):
    """People are told: words that they perceive come with the content."""

    kinds: tuple[NoticeKind, ...] = ()
    """The forms that are good enough; none named means that all are."""

    def judge(self, evidence: Evidence) -> Answer:
        """See `Base.judge`."""
        label = evidence.label
        if evidence.notice is NoticeState.ABSENT:
            return missing(Message("the words that people should meet are not in the content"))
        if label is not None and label.notice is not None:
            return self._recorded(label.notice, evidence)
        if evidence.notice is NoticeState.PRESENT and not self.kinds:
            return met(Message("words for people were found in the content"))
        if label is None:
            return _without_label(evidence)
        return missing(Message("the label records no notice"), "notice")

    def _recorded(self, notice: Notice, evidence: Evidence) -> Answer:
        """Judge by the notice that the label records."""
        values = {"kind": notice.kind.value, "language": notice.language, "words": notice.text}
        if self.kinds and notice.kind not in self.kinds:
            return missing(Message("the label records a notice of another form: {kind}", values), "notice.kind")
        if evidence.notice is NoticeState.PRESENT:
            return met(Message("the notice was found in the content: {kind}, {language}: {words}", values))
        return not_checkable(
            Message(
                "the label records a notice, which can't be seen from here: {kind}, {language}: {words}", values
            )
        )

    def lacks(self, label: Label) -> tuple[str, ...]:
        """See `Base.lacks`."""
        if label.notice is None:
            return ("notice",)
        return ("notice.kind",) if self.kinds and label.notice.kind not in self.kinds else ()


class MarkedOrTold(Base, frozen=True, tag="marked-or-told"):
    """The file says it in machine-readable form, or people are told."""

    def judge(self, evidence: Evidence) -> Answer:
        """See `Base.judge`."""
        told = Told().judge(evidence)
        return told if told.outcome is Outcome.MET else Marked().judge(evidence)


class NoticeLanguages(Base, frozen=True, tag="notice-languages"):
    """The notice speaks these languages."""

    languages: tuple[str, ...]
    """Their codes."""

    def judge(self, evidence: Evidence) -> Answer:
        """See `Base.judge`."""
        label = evidence.label
        if label is None:
            return _without_label(evidence)
        notice = label.notice
        if notice is None:
            return missing(Message("the label records no notice"), "notice")
        wanted = {"languages": ", ".join(self.languages), "language": notice.language, "words": notice.text}
        if notice.language == "mul":
            if _spoken(notice.text) >= set(self.languages):
                return met(Message("by its letters, the notice is in {languages}: {words}", wanted))
            return not_checkable(
                Message("the notice is in several languages, which can't be told: {words}", wanted)
            )
        if {notice.language.partition("-")[0]} >= set(self.languages):
            return met(Message("the notice is in {language}", wanted))
        return missing(Message("the notice is in {language}, not in {languages}", wanted), "notice.language")


_KAZAKH: Final = re.compile("[әғқңөұүһі]", re.IGNORECASE)
_CYRILLIC: Final = re.compile("[а-яё]", re.IGNORECASE)
_SEPARATOR: Final = re.compile(r"\n|\s[/|·—]\s|[.;]\s")


def _spoken(words: str) -> set[str]:
    """Return the languages of a notice's sentences, Kazakh and Russian, as far as their letters tell them apart."""
    sentences = [one for one in _SEPARATOR.split(words) if _CYRILLIC.search(one)]
    return {"kk" if _KAZAKH.search(one) else "ru" for one in sentences}


class LabelSays(Base, frozen=True, tag="label-says"):
    """An intact label has something in a field."""

    field: LabelField
    """The field, with dots between the parts of its name."""

    def judge(self, evidence: Evidence) -> Answer:
        """See `Base.judge`."""
        if evidence.label is None:
            return _without_label(evidence)
        found = said(evidence.label, self.field)
        values = {"field": self.field, "value": written(found)}
        if not found:
            return missing(Message("the label has no {field}", values), self.field)
        return met(Message("the label says {field}: {value}", values))

    def lacks(self, label: Label) -> tuple[str, ...]:
        """See `Base.lacks`."""
        return () if said(label, self.field) else (self.field,)


class ProducerNamed(Base, frozen=True, tag="producer-named"):
    """An intact record names who produced a data library."""

    def judge(self, evidence: Evidence) -> Answer:
        """See `Base.judge`."""
        verdict = evidence.verdict
        if not verdict.intact:
            return _without_label(evidence)
        if verdict.producer is None:
            return missing(Message("the record names no producer"), "operator")
        return met(Message("the record names the producer: {producer}", {"producer": written(verdict.producer)}))

    def lacks(self, label: Label) -> tuple[str, ...]:
        """See `Base.lacks`."""
        return () if label.operator else ("operator",)


class Signed(Base, frozen=True, tag="signed"):
    """The mark is signed, and the signature holds."""

    def judge(self, evidence: Evidence) -> Answer:
        """See `Base.judge`."""
        verdict = evidence.verdict
        if not verdict.intact or verdict.signer is None:
            return _without_label(evidence)
        name = verdict.signer.common_name or verdict.signer.organisation or verdict.signer.serial_number
        return met(Message("signed by {signer}, {status}", {"signer": name, "status": verdict.status.value}))


class TimeStamped(Base, frozen=True, tag="time-stamped"):
    """A trusted time-stamp says when the mark was signed."""

    def judge(self, evidence: Evidence) -> Answer:
        """See `Base.judge`."""
        if not evidence.verdict.intact:
            return _without_label(evidence)
        if not evidence.verdict.signed_at:
            return missing(Message("the signature has no trusted time-stamp"))
        return met(Message("time-stamped {time}", {"time": evidence.verdict.signed_at}))


class OpenStandard(Base, frozen=True, tag="open-standard"):
    """The mark is of an open standard that others read."""

    def judge(self, evidence: Evidence) -> Answer:
        """See `Base.judge`."""
        if not evidence.verdict.intact:
            return _without_label(evidence)
        return met(Message("the mark is a C2PA manifest, {manifest}", {"manifest": evidence.verdict.manifest}))


class Layers(Base, frozen=True, tag="layers"):
    """Beside the signed metadata there is a mark in the content itself; only a declared one can be seen here."""

    def judge(self, evidence: Evidence) -> Answer:
        """See `Base.judge`."""
        verdict = evidence.verdict
        if not verdict.intact:
            return _without_label(evidence)
        if any(name.startswith("c2pa.soft-binding") for name in verdict.assertions):
            return met(Message("signed metadata, and a soft binding that declares a mark in the content"))
        return not_checkable(
            Message("signed metadata is one layer; a watermark, if there is one, can't be seen from here")
        )


class BeyondTheFile(Base, frozen=True, tag="beyond-the-file"):
    """Nothing in a file can tell."""

    def judge(self, evidence: Evidence) -> Answer:  # noqa: ARG002 - there is nothing to look at
        """See `Base.judge`."""
        return not_checkable(Message("no file can show it"))


Predicate = (
    Marked | Unambiguous | Told | MarkedOrTold | NoticeLanguages | LabelSays | ProducerNamed | Signed | TimeStamped
    | OpenStandard | Layers | BeyondTheFile | MarkerKey | MarkerCharacters
)  # fmt: skip
"""Any of them."""

PREDICATES: Final[tuple[type[Base], ...]] = (
    Marked, Unambiguous, Told, MarkedOrTold, NoticeLanguages, LabelSays, ProducerNamed, Signed, TimeStamped,
    OpenStandard, Layers, BeyondTheFile, MarkerKey, MarkerCharacters,
)  # fmt: skip
"""All of them."""
