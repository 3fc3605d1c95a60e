"""Digital source types: the vocabulary in which every C2PA validator reads where content came from.

The terms are those of the IPTC vocabulary (http://cv.iptc.org/newscodes/digitalsourcetype/, release of
2024-10-23) and the two that C2PA adds (C2PA 2.4 section 18.15.4.5). For each the table says what its
*definition* says about AI, which is what manifests of any vendor are read by, and which levels of a label it
may stand beside.

One rule ties the two columns: a term that says something about AI stands beside the level that says the same,
and a term that leaves AI open stands beside a level only where it adds a fact that no clearer term states.
"""

from types import MappingProxyType

import msgspec

from kzlabel.errors import LabelError
from kzlabel.labels.vocabulary import AI, Level

__all__ = [
    "SOURCE_TYPES",
    "SourceType",
    "ai_of_source_type",
    "default_source_type",
    "source_type",
    "source_type_of",
]

_IPTC = "http://cv.iptc.org/newscodes/digitalsourcetype/"
_C2PA = "http://c2pa.org/digitalsourcetype/"
_BASES = (_IPTC, _C2PA)
_QCODE = "digsrctype:"

_GENERATED = (Level.GENERATED,)
_ASSISTED = (Level.ASSISTED,)
_EITHER = (Level.GENERATED, Level.ASSISTED)


class SourceType(msgspec.Struct, frozen=True):
    """One term, and how it is read."""

    uri: str
    """The term as it is written into manifests."""

    ai: AI
    """What its definition says about AI."""

    why: str
    """The reason for `ai`, from the definition."""

    levels: tuple[Level, ...] = ()
    """The levels of a label that it may stand beside; none for a term that a label never writes."""

    retired: bool = False
    """Whether the vocabulary retired the term; it is read, and not written."""

    @property
    def term(self) -> str:
        """The last part of the URI."""
        return self.uri.rpartition("/")[2]


def _iptc(term: str, ai: AI, why: str, levels: tuple[Level, ...] = (), *, retired: bool = False) -> SourceType:
    return SourceType(_IPTC + term, ai, why, levels, retired)


def _c2pa(term: str, ai: AI, why: str, levels: tuple[Level, ...] = ()) -> SourceType:
    return SourceType(_C2PA + term, ai, why, levels)


SOURCE_TYPES = (
    # AI made it, or had a part in it.
    _iptc("trainedAlgorithmicMedia", AI.GENERATED, "created with a trained AI model", _GENERATED),
    _c2pa("trainedAlgorithmicData", AI.GENERATED, "data that are the result of a trained model", _GENERATED),
    _iptc(
        "compositeWithTrainedAlgorithmicMedia",
        AI.ASSISTED,
        "corrected or extended with generative AI",
        _ASSISTED,
    ),
    _iptc(
        "compositeSynthetic",
        AI.ASSISTED,
        "made of several elements, at least one by generative AI",
        _ASSISTED,
    ),
    # Made without AI.
    _iptc("digitalCapture", AI.NONE, "recorded from real life by a camera or recorder"),
    _iptc("negativeFilm", AI.NONE, "digitised from a negative"),
    _iptc("positiveFilm", AI.NONE, "digitised from a positive"),
    _iptc("print", AI.NONE, "digitised from a medium that is not transparent, such as a print"),
    _iptc("compositeCapture", AI.NONE, "made of several elements, all of them recorded from real life"),
    _iptc("humanEdits", AI.NONE, "changed by people with tools that are not generative"),
    _iptc("digitalCreation", AI.NONE, "made by a person with tools that are not generative"),
    _iptc("dataDrivenMedia", AI.NONE, "a picture of data, made by a person's programming or creativity"),
    _iptc("algorithmicMedia", AI.NONE, "made by an algorithm that is not based on any training data"),
    # The definition leaves AI open, and the term says what no term above does.
    _iptc(
        "algorithmicallyEnhanced",
        AI.UNKNOWN,
        "an algorithm, trained or not, changed what isn't essential",
        _ASSISTED,
    ),
    _iptc(
        "computationalCapture",
        AI.UNKNOWN,
        "frames were merged, perhaps by AI that is not generative",
        _ASSISTED,
    ),
    _iptc(
        "virtualRecording",
        AI.UNKNOWN,
        "a virtual event of generative AI, of captured elements, or of both",
        _EITHER,
    ),
    # The definition leaves AI open, and that is all that a label would say by it.
    _iptc("composite", AI.UNKNOWN, "made of several elements, each of them by generative AI or not"),
    _iptc("screenCapture", AI.UNKNOWN, "what a screen showed, whatever that was"),
    _c2pa("empty", AI.UNKNOWN, "says how the content began, not what was put into it"),
    # Retired.
    _iptc("minorHumanEdits", AI.NONE, "an original with small corrections by a person", retired=True),
    _iptc("digitalArt", AI.UNKNOWN, "made by a person with digital tools of any kind", retired=True),
    _iptc("softwareImage", AI.UNKNOWN, "made by software of any kind", retired=True),
)
"""Every term, the ones that speak of AI first."""

_BY_TERM = {entry.term: entry for entry in SOURCE_TYPES}

_ALIASES = MappingProxyType(
    {
        # Deprecated since C2PA 2.2 in favour of the URI (C2PA 2.4 Table 20).
        "c2pa.trainedAlgorithmicData": "trainedAlgorithmicData",
        # A misspelling in C2PA's own implementation guidance, which writers have copied.
        "compositedWithTrainedAlgorithmicMedia": "compositeWithTrainedAlgorithmicMedia",
    }
)

_DEFAULTS = MappingProxyType(
    {
        Level.GENERATED: _BY_TERM["trainedAlgorithmicMedia"].uri,
        Level.ASSISTED: _BY_TERM["compositeWithTrainedAlgorithmicMedia"].uri,
    }
)


def source_type(uri: str) -> SourceType | None:
    """Find the term that `uri` means; nothing when it is none that the table knows.

    Writers are careless: https for http, a slash at the end, the bare term, IPTC's short form `digsrctype:`,
    and one vocabulary's term under the other's address are all taken for the term.
    """
    name = uri.strip().removesuffix("/")
    if name.startswith("https://"):
        name = f"http://{name[8:]}"
    for base in (*_BASES, _QCODE):
        name = name.removeprefix(base)
    return _BY_TERM.get(_ALIASES.get(name, name))


def ai_of_source_type(uri: str) -> AI | None:
    """Return what a digital source type says about AI; nothing when the term is not known."""
    entry = source_type(uri)
    return None if entry is None else entry.ai


def default_source_type(level: Level) -> str:
    """Return the term that says `level` and nothing more."""
    return _DEFAULTS[level]


def source_type_of(level: Level, given: str) -> str:
    """Return the URI that stands in a label of this level: the one that is given, or else the default.

    Raises:
        LabelError: `given` is no known term, or does not go with `level`.
    """
    if not given:
        return _DEFAULTS[level]
    allowed = ", ".join(s.term for s in SOURCE_TYPES if level in s.levels)
    remedy = f"leave it out, or use one of {allowed}"
    entry = source_type(given)
    if entry is None:
        raise LabelError(f"digital_source_type {given[:100]!r} is no term of the IPTC or C2PA vocabulary", remedy)
    if level not in entry.levels:
        raise LabelError(f"digital_source_type {entry.term} does not go with level {level}: {entry.why}", remedy)
    return entry.uri
