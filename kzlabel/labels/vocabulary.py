"""The closed vocabularies of a label, each in its canonical order.

The words are the ones of the law or standard that a vocabulary serves, so that a reader finds them there.
Articles are those of Kazakhstan's Law on Artificial Intelligence.
"""

from enum import StrEnum

__all__ = [
    "AI",
    "DEFAULT_MODEL_TYPE",
    "MODEL_TYPES",
    "Autonomy",
    "Level",
    "NoticeKind",
    "Oversight",
    "Risk",
    "Role",
    "Simulated",
    "Step",
    "Use",
]


class AI(StrEnum):
    """What a statement says about AI's part in a piece of content."""

    GENERATED = "generated"
    """AI made the content."""

    ASSISTED = "assisted"
    """AI changed the content, or made a part of it."""

    NONE = "none"
    """The content was made without AI."""

    UNKNOWN = "unknown"
    """The statement leaves open whether AI had a part."""


class Level(StrEnum):
    """What a label claims (article 1(4): content that an AI system created or changed)."""

    GENERATED = "ai-generated"
    """An AI system made the content."""

    ASSISTED = "ai-assisted"
    """A person made the content with the help of an AI system, or an AI system changed it."""

    @property
    def ai(self) -> AI:
        """The same claim, in the words in which every statement about AI is summed up."""
        return AI.GENERATED if self is Level.GENERATED else AI.ASSISTED


class Simulated(StrEnum):
    """What synthetic content imitates (article 1(4))."""

    PERSON_APPEARANCE = "person-appearance"
    """The looks of a natural person."""

    PERSON_VOICE = "person-voice"
    """The voice of a natural person."""

    PERSON_BEHAVIOUR = "person-behaviour"
    """The behaviour of a natural person."""

    EVENT = "event"
    """An event that did not happen."""


class Risk(StrEnum):
    """How much harm an AI system can do (article 17(1))."""

    MINIMAL = "minimal"
    MEDIUM = "medium"
    HIGH = "high"


class Autonomy(StrEnum):
    """How far an AI system acts without a person (article 17(2))."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Role(StrEnum):
    """As what a party answers for an AI system (articles 21(3) and 21(5)); the law defines neither word."""

    OWNER = "owner"
    """Собственник: whom the system belongs to."""

    POSSESSOR = "possessor"
    """Владелец: who has it and runs it."""


class Step(StrEnum):
    """What a person did, in the usual order of work (article 23(1): a human creative contribution)."""

    PROMPTING = "prompting"
    """Wrote what was asked of the system (article 23(2))."""

    PROVIDING_MATERIAL = "providing-material"
    """Gave material of their own: a sketch, a photograph, a recording, a text."""

    DIRECTING = "directing"
    """Steered the system through several rounds: settings, masks, corrections."""

    SELECTING = "selecting"
    """Chose among results."""

    ARRANGING = "arranging"
    """Put results together with each other or with other material."""

    EDITING = "editing"
    """Changed the result by hand."""

    REVIEWING = "reviewing"
    """Checked the final content and approved it."""


class Oversight(StrEnum):
    """How far a person watched over the making (C2PA 2.4 section 18.28, `humanOversightLevel`)."""

    FULLY_AUTONOMOUS = "fully_autonomous"
    """Nobody looked at what the model gave."""

    PROMPT_GUIDED = "prompt_guided"
    """A person gave prompts or settings, and no final approval."""

    HUMAN_VALIDATED = "human_validated"
    """A person reviewed and approved the final content before it was released."""


class NoticeKind(StrEnum):
    """In which form people are warned (article 21(2): visual, or another form that they can perceive)."""

    IMAGE_BADGE = "image-badge"
    """A mark drawn into a picture."""

    VIDEO_BADGE = "video-badge"
    """A mark drawn into the frames of a video."""

    PDF_NOTE = "pdf-note"
    """A note on a page of a PDF."""

    TEXT_LINE = "text-line"
    """A line in a text."""

    AUDIO_NOTICE = "audio-notice"
    """Spoken words in a recording."""

    PAGE = "page"
    """Words on the page or screen that shows the content."""

    OTHER = "other"
    """Any other form; the text says which words people meet."""


class Use(StrEnum):
    """Whether a use of the content is allowed (CAWG Training and Data Mining Assertion 1.1)."""

    ALLOWED = "allowed"
    NOT_ALLOWED = "notAllowed"
    CONSTRAINED = "constrained"


DEFAULT_MODEL_TYPE = "c2pa.types.model"
"""The model type for a model that no other type describes (C2PA 2.4 Table 12)."""

MODEL_TYPES = (
    DEFAULT_MODEL_TYPE,
    "c2pa.types.model.caffe",
    "c2pa.types.model.caffe2",
    "c2pa.types.model.catboost",
    "c2pa.types.model.coreml",
    "c2pa.types.model.flax",
    "c2pa.types.model.huggingface.transformers",
    "c2pa.types.model.jax",
    "c2pa.types.model.keras",
    "c2pa.types.model.lightgbm",
    "c2pa.types.model.ml_net",
    "c2pa.types.model.mxnet",
    "c2pa.types.model.onnx",
    "c2pa.types.model.openvino",
    "c2pa.types.model.openvino.parameter",
    "c2pa.types.model.openvino.topology",
    "c2pa.types.model.paddle",
    "c2pa.types.model.pytorch",
    "c2pa.types.model.sklearn",
    "c2pa.types.model.tensorflow",
    "c2pa.types.model.tensorrt",
    "c2pa.types.model.tflite",
    "c2pa.types.model.torchscript",
    "c2pa.types.model.xgboost",
)
"""Every model type of C2PA 2.4 Table 12."""
