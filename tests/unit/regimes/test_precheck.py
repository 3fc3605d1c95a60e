"""Labels that a regime would fail are told apart before they are written."""

from datetime import date

import pytest

from kzlabel.labels import Label, Notice, Operator, System
from kzlabel.regimes import MediaKind, check_label

DAY = date(2026, 11, 23)
PLAIN = Label(level="ai-generated", system=System(name="Painter"))
NOTICE = Notice(kind="page", language="kk", text="ЖИ")


def lacks(label: Label, kind: MediaKind | None, name: str) -> list[tuple[str, str]]:
    return [(lack.field, lack.article) for lack in check_label(label, kind, name, on=DAY)]


@pytest.mark.parametrize(
    ("label", "kind", "name", "expected"),
    [
        (PLAIN, MediaKind.IMAGE, "kz", [("notice", "21(1)")]),
        (PLAIN.replace(simulates=["event"]), MediaKind.IMAGE, "kz", [("notice", "21(1)"), ("notice", "21(2)")]),
        (PLAIN.replace(notice=NOTICE, simulates=["event"]), MediaKind.IMAGE, "kz", []),
        (PLAIN, MediaKind.DATASET, "kz", [("operator", "27(5)")]),
        (PLAIN.replace(operator=Operator(role="owner", name="X")), MediaKind.DATASET, "kz", []),
        (PLAIN, MediaKind.TEXT, "us-ca", []),
        (PLAIN, MediaKind.AUDIO, "us-ca",
         [("system.provider", "22757.3(a)(1)(A)"), ("system.version", "22757.3(a)(1)(B)")]),
        (PLAIN, None, "us-ca",
         [("system.provider", "22757.3(a)(1)(A)"), ("system.version", "22757.3(a)(1)(B)")]),
        (PLAIN, None, "eu", []),
        (PLAIN.replace(simulates=["event"], notice=NOTICE), MediaKind.IMAGE, "eu",
         [("notice.kind", "Code of Practice, section 2")]),
        (PLAIN, MediaKind.IMAGE, "cn", [("operator.name", "5, GB 45438-2025 annex E"), ("notice", "4")]),
        (PLAIN, MediaKind.IMAGE, "in", []),
        (PLAIN.replace(notice=NOTICE), MediaKind.IMAGE, "kr", []),
    ],
)  # fmt: skip
def test_the_lacking_fields_are_named(
    label: Label, kind: MediaKind | None, name: str, expected: list[tuple[str, str]]
) -> None:
    assert lacks(label, kind, name) == expected


def test_a_label_lacks_nothing_before_the_law_is_in_force() -> None:
    assert check_label(PLAIN, None, "kz", on=date(2026, 1, 17)) == ()
