"""Identifiers that others issue, and how each is checked: countries, numbers, languages, models, regimes.

A wrong identifier in a signed label points at somebody else, so everything that can be checked without asking
a register is checked.
"""

import re

from kzlabel.errors import LabelError
from kzlabel.labels.checks import distinct
from kzlabel.labels.countries import COUNTRIES
from kzlabel.labels.text import NAME_LIMIT, URI_LIMIT, text
from kzlabel.labels.vocabulary import MODEL_TYPES

__all__ = [
    "LANGUAGE_LIMIT",
    "REGIMES_LIMIT",
    "SLUG",
    "SLUG_LIMIT",
    "business_number",
    "country",
    "language",
    "lei",
    "model_identifier",
    "model_type",
    "regimes",
    "scheme",
]

SLUG_LIMIT = 32
"""Characters of a regime or of an identifier's scheme."""

REGIMES_LIMIT = 32
"""Regimes that one label may name."""

LANGUAGE_LIMIT = 35
"""Characters of a language tag (RFC 5646 section 4.4.1)."""

SLUG = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
"""What a slug looks like."""

_AUTHORITY = re.compile(r"[^:/?#]+://([^/?#]*)")
_ADDRESS = re.compile(r"https?://[^/?#]+(?:[/?#].*)?", re.IGNORECASE)
_PACKAGE = re.compile(r"pkg:[a-z][a-z0-9.+-]*(?:/[^/?#@]+)+(?:@[^?#@/]+)?(?:\?[^#]+)?(?:#.+)?")
_NAME = re.compile(r"urn:[a-z0-9][a-z0-9-]{0,31}:.+", re.IGNORECASE)
_URI = re.compile(r"[a-z][a-z0-9+.-]+:(?:[\w.~:/?#\[\]@!$&'()*+,;=-]|%[0-9a-f]{2})+", re.IGNORECASE | re.ASCII)
_FORMS = {"http": _ADDRESS, "https": _ADDRESS, "pkg": _PACKAGE, "urn": _NAME}

_LANGUAGE = re.compile(
    r"""(?:[a-z]{2,3}(?:-[a-z]{3}){0,3}|[a-z]{4,8})  # language, with extended subtags
        (?:-[a-z]{4})?                               # script
        (?:-(?:[a-z]{2}|[0-9]{3}))?                  # region
        (?:-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*     # variants
        (?:-[0-9a-wy-z](?:-[a-z0-9]{2,8})+)*         # extensions
        (?:-x(?:-[a-z0-9]{1,8})+)?                   # private use
        |x(?:-[a-z0-9]{1,8})+""",
    re.IGNORECASE | re.ASCII | re.VERBOSE,
)

_MODEL_TYPES = {model: model for model in MODEL_TYPES}

_FIRST_WEIGHTS = range(1, 12)
_SECOND_WEIGHTS = (3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2)


def country(field: str, value: object) -> str:
    """Check an ISO 3166-1 alpha-2 code; empty when there is none."""
    code = text(field, value, limit=SLUG_LIMIT, required=False).upper()
    if code and code not in COUNTRIES:
        raise LabelError(f"{field} {code!r} is no ISO 3166-1 alpha-2 code", "use two letters, such as KZ")
    return code


def business_number(field: str, value: object) -> str:
    """Check a business identification number (БИН) of Kazakhstan; empty when there is none.

    A person's number (ИИН) has the same length and check digit. It differs in the fifth digit, which is the
    tens of a day of birth there and the kind of an organisation (4, 5 or 6) here. Errors never repeat the
    digits.
    """
    digits = text(field, value, limit=SLUG_LIMIT, required=False)
    if not digits:
        return ""
    if not (len(digits) == 12 and digits.isascii() and digits.isdigit()):
        raise LabelError(f"{field} is not made of 12 digits", "write the number without spaces")
    if digits[4] in "0123":
        raise LabelError(
            f"{field} is an IIN, which is a person's number and personal data: it may not stand in a label",
            "give the organisation's BIN, or leave it out",
        )
    if digits[4] not in "456":
        raise LabelError(f"{field} is no BIN: its fifth digit is none of 4, 5, 6", "check the number")
    if _check_digit(digits) != int(digits[11]):
        raise LabelError(f"{field} is no BIN: its check digit is wrong", "check the number")
    return digits


def _check_digit(digits: str) -> int:
    """Return what the last digit must be: modulo 11, with other weights when that gives 10.

    When it is 10 again, no digit is right, and the number can't exist.
    """
    numbers = [int(digit) for digit in digits[:11]]
    remainder = sum(weight * number for weight, number in zip(_FIRST_WEIGHTS, numbers, strict=True)) % 11
    if remainder == 10:
        remainder = sum(weight * number for weight, number in zip(_SECOND_WEIGHTS, numbers, strict=True)) % 11
    return remainder


def lei(field: str, value: object) -> str:
    """Check a legal entity identifier (ISO 17442): 18 letters and digits, and two check digits modulo 97."""
    code = text(field, value, limit=NAME_LIMIT).upper()
    if not re.fullmatch(r"[A-Z0-9]{18}[0-9]{2}", code) or int("".join(str(int(c, 36)) for c in code)) % 97 != 1:
        raise LabelError(f"{field} is no LEI", "check it: 20 letters and digits, the last two of them check digits")
    return code


def scheme(field: str, value: object) -> str:
    """Check the name of a register's scheme."""
    slug = _slug(field, value)
    if slug == "iin":
        raise LabelError(f"{field} is iin, a person's number and personal data: it may not stand in a label")
    if slug == "bin":
        raise LabelError(f"{field} is bin, which has a field of its own", "give it as operator.bin")
    return slug


def regimes(field: str, value: object) -> tuple[str, ...]:
    """Check the names of regimes, and sort them."""
    return tuple(sorted(map(str, distinct(field, value, _slug, limit=REGIMES_LIMIT))))


def _slug(field: str, value: object) -> str:
    slug = text(field, value, limit=SLUG_LIMIT)
    if not SLUG.fullmatch(slug):
        raise LabelError(f"{field} can't be {slug!r}", "use lower-case letters, digits and hyphens, such as kz")
    return slug


def language(field: str, value: object) -> str:
    """Check the syntax of a BCP 47 language tag, and write it in its usual case (RFC 5646 section 2.1.1).

    The irregular tags of before 2006, such as i-default, aren't accepted.
    """
    tag = text(field, value, limit=LANGUAGE_LIMIT)
    if not _LANGUAGE.fullmatch(tag):
        raise LabelError(f"{field} {tag!r} is no BCP 47 language tag", "use one such as kk, ru, en or kk-Cyrl-KZ")
    first, *rest = tag.lower().split("-")
    if first == "kz":
        raise LabelError(f"{field} {tag!r} is a country", "the code of the Kazakh language is kk")
    return "-".join((first, *_cased(rest, singleton=first == "x")))


def _cased(subtags: list[str], *, singleton: bool) -> list[str]:
    """Put scripts in title case and regions in capitals, up to the first extension."""
    cased = []
    for subtag in subtags:
        singleton = singleton or len(subtag) == 1
        if not singleton and len(subtag) == 2:
            cased.append(subtag.upper())
        elif not singleton and len(subtag) == 4 and subtag.isalpha():
            cased.append(subtag.title())
        else:
            cased.append(subtag)
    return cased


def model_type(field: str, value: object) -> str:
    """Check a model type of C2PA 2.4 Table 12."""
    given = text(field, value, limit=NAME_LIMIT)
    known = _MODEL_TYPES.get(given)
    if known is None:
        raise LabelError(
            f"{field} {given!r} is no model type of C2PA 2.4 Table 12",
            f"leave it out, or use one such as {MODEL_TYPES[0]}.pytorch",
        )
    return known


def model_identifier(field: str, value: object) -> str:
    """Check a URI (RFC 3986) or a package URL (`pkg:`); empty when there is none."""
    uri = text(field, value, limit=URI_LIMIT, required=False)
    if not uri:
        return ""
    authority = _AUTHORITY.match(uri)
    if authority is not None and "@" in authority.group(1):
        raise LabelError(f"{field} has a user name or password", "give the address without them")
    form = _FORMS.get(uri.partition(":")[0].lower(), _URI)
    if not (_URI.fullmatch(uri) and form.fullmatch(uri)):
        raise LabelError(
            f"{field} {uri[:100]!r} is no URI or package URL",
            "use one such as https://example.kz/models/x or pkg:huggingface/organisation/model@revision",
        )
    return uri
