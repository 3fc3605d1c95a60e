"""What a law asks of a labelled file, and what the file answers: facts and evidence, no opinion on the law."""

from kzlabel.regimes.checking import Contribution, Report, Result, check
from kzlabel.regimes.evidence import Evidence, Marker, MediaKind, NoticeState, kind_of
from kzlabel.regimes.loading import read_regime, regime, regimes
from kzlabel.regimes.precheck import Lack, check_label
from kzlabel.regimes.predicates import PREDICATES, Answer, Outcome
from kzlabel.regimes.requirements import Condition, Regime, Requirement, Standing
from kzlabel.regimes.unsigned import markers_of, notice_of

__all__ = [
    "PREDICATES",
    "Answer",
    "Condition",
    "Contribution",
    "Evidence",
    "Lack",
    "Marker",
    "MediaKind",
    "NoticeState",
    "Outcome",
    "Regime",
    "Report",
    "Requirement",
    "Result",
    "Standing",
    "check",
    "check_label",
    "kind_of",
    "markers_of",
    "notice_of",
    "read_regime",
    "regime",
    "regimes",
]
