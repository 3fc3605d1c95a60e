"""What authorities may certify: names that are allowed and names that are not."""

import pytest
from cryptography import x509

from kzlabel.verifying.authorities import fault_of
from tests.agreement.test_signatures import authority, leaf
from tests.unit.credentials.issuing import name

DN, DNS, MAIL, URI = x509.DirectoryName, x509.DNSName, x509.RFC822Name, x509.UniformResourceIdentifier
ORGANISATION = x509.Name(name("x").rdns[:1])


@pytest.mark.parametrize(
    ("permitted", "excluded", "names", "fine"),
    [
        ([DN(name("Test signer"))], None, [], True),
        ([DN(ORGANISATION)], None, [], True),
        ([DN(name("Somebody else"))], None, [], False),
        (None, [DN(ORGANISATION)], [], False),
        (None, [DN(name("Somebody else"))], [], True),
        ([DNS("example.org")], None, [], True),
        ([DNS("example.org")], None, [DNS("a.example.org")], True),
        ([DNS("example.org")], None, [DNS("example.org.evil")], False),
        ([DNS("example.org")], None, [DNS("badexample.org")], False),
        (None, [DNS("example.org")], [DNS("A.EXAMPLE.ORG")], False),
        ([MAIL("example.org")], None, [MAIL("a@example.org")], True),
        ([MAIL("example.org")], None, [MAIL("a@sub.example.org")], False),
        ([MAIL(".example.org")], None, [MAIL("a@sub.example.org")], True),
        ([MAIL("a@example.org")], None, [MAIL("b@example.org")], False),
        ([URI("example.org")], None, [URI("http://example.org/")], False),
        ([DN(ORGANISATION), DNS("example.org")], None, [DNS("other.org")], False),
    ],
)
def test_names_are_held_against_the_constraints(
    permitted: list[x509.GeneralName] | None,
    excluded: list[x509.GeneralName] | None,
    names: list[x509.GeneralName],
    fine: bool,
) -> None:
    middle = authority("Middle", extra=((x509.NameConstraints(permitted, excluded), True),))
    extra = [(x509.SubjectAlternativeName(names), False)] if names else []
    path = (leaf(authority=middle, extra=extra), middle.certificate)
    assert bool(fault_of(path)) is not fine


def test_constraints_hold_for_all_that_are_below() -> None:
    upper = authority("Upper", extra=((x509.NameConstraints(None, [DN(name("Test signer"))]), True),))
    lower = authority("Lower", parent=upper)
    assert fault_of((leaf(authority=lower), lower.certificate, upper.certificate))


def test_an_authority_s_own_new_certificate_is_no_further_level() -> None:
    upper = authority("Upper", length=0)
    renewed = authority("Upper", parent=upper)
    path = (leaf(authority=renewed), renewed.certificate, upper.certificate)
    assert not fault_of(path)
