"""Whose word is taken for it that a host is Flux."""

import ssl
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import certifi
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from pydantic import SecretStr

from contracts.base import utcnow
from services.chassis.hold import NotSubmittedError
from services.renderer.adapters.flux_http import authorities, open_http
from tests.unit.renderer.flux_opened import serving

HOST = "localhost"
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for this host that it signed itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(utcnow() - timedelta(days=1))
        .not_valid_after(utcnow() + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .sign(key, SHA256())
    )
    file = tmp_path / "self-signed.pem"
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(made.public_bytes(Encoding.PEM) + secret)
    return file


@pytest.fixture
async def url(certificate: Path) -> AsyncIterator[str]:
    """Where a server answers with that certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    async with serving(ANSWER, tls=context) as address:
        yield address.replace("http://127.0.0.1", f"https://{HOST}")


async def posted(url: str, trusted: ssl.SSLContext) -> int:
    async with open_http(SecretStr("key"), connect_seconds=5, trusted=trusted) as http:
        return (await http.post(url, b"{}")).status


async def test_a_host_that_vouches_for_itself_gets_nothing(url):
    with pytest.raises(NotSubmittedError, match="ClientConnectorCertificateError"):
        await posted(url, authorities({}))


async def test_a_host_is_believed_whose_authority_the_operator_named(url, certificate):
    assert await posted(url, authorities({"SSL_CERT_FILE": str(certificate)})) == 200


async def test_a_name_that_is_not_in_the_certificate_gets_nothing(url, certificate):
    elsewhere = url.replace(HOST, "127.0.0.1")

    with pytest.raises(NotSubmittedError, match="ClientConnectorCertificateError"):
        await posted(elsewhere, authorities({"SSL_CERT_FILE": str(certificate)}))


@pytest.mark.parametrize("environment", [{}, {"SSL_CERT_FILE": "", "SSL_CERT_DIR": ""}])
def test_without_a_word_of_the_operator_everybodys_authorities_are_trusted(environment):
    everybodys = ssl.create_default_context(cafile=certifi.where())

    assert authorities(environment).get_ca_certs() == everybodys.get_ca_certs()


def test_a_folder_of_the_operators_stands_instead_of_everybodys(tmp_path):
    assert authorities({"SSL_CERT_DIR": str(tmp_path)}).get_ca_certs() == []
