"""What tests of credentials share."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from kzlabel.credentials import Signer
from tests.unit.credentials.issuing import Authority, ec_key, signer_of


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority()


@pytest.fixture(scope="session")
def key() -> ec.EllipticCurvePrivateKey:
    return ec_key()


@pytest.fixture(scope="session")
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture
def signer(key: ec.EllipticCurvePrivateKey, authority: Authority) -> Signer:
    return signer_of(key, authority)
