"""Whatever the native engine says of broken files is said in every language."""

import pytest

from fixtures.hostile import HOSTILE
from kzlabel.errors import KzlabelError
from kzlabel.languages import LANGUAGES, Language, reworded
from kzlabel.trust import Trust
from kzlabel.verifying import Engine, Verifier


@pytest.fixture(scope="module")
def explanations(trust: Trust) -> set[str]:
    verifier = Verifier(trust=trust, engine=Engine.NATIVE)
    found: set[str] = set()
    for case in HOSTILE:
        try:
            verdict = verifier.verify(case.make())
        except KzlabelError as error:
            found |= {error.message, error.remedy}
        else:
            found |= {finding.explanation for finding in verdict.findings}
    return found - {""}


@pytest.mark.parametrize("language", [one for one in LANGUAGES if one is not Language.EN])
def test_every_explanation_of_a_broken_file_is_known(language: Language, explanations: set[str]) -> None:
    assert len(explanations) > 20
    assert sorted(text for text in explanations if reworded(text, language) == text) == []
