"""Certificates for the vendors' names and this machine's own, and the authority that signs them (decision 0200)."""

from __future__ import annotations

import datetime as dt
import ipaddress
import os
import ssl
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from tpmock.core.vendor_hosts import vendor_hosts

#: Names that an authority may sign for besides the vendors' hosts, including names below them.
_LOCAL_NAMES: Final = ("localhost",)
_LOCAL_NETWORKS: Final = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))
_LOCAL_ADDRESSES: Final = (ipaddress.ip_address("127.0.0.1"), ipaddress.ip_address("::1"))
#: Apple's systems reject a server's certificate with a longer lifetime.
_LONGEST: Final = dt.timedelta(days=397)
#: Lifetime of the machine's authority.
LIFE: Final = dt.timedelta(days=3 * 365)
#: Tolerance for wrong clocks, so that a new certificate is valid everywhere.
_SLACK: Final = dt.timedelta(days=1)
#: OpenSSL uses the real clock, which a test cannot freeze, so dates in a test's process must not come from Python.
ALWAYS: Final = (dt.datetime(2000, 1, 1, tzinfo=dt.UTC), dt.datetime(2100, 1, 1, tzinfo=dt.UTC))

Period = tuple[dt.datetime, dt.datetime]


def names() -> list[str]:
    """Return the host names of our certificates."""
    return sorted({*vendor_hosts(), *_LOCAL_NAMES})


@dataclass(frozen=True, slots=True)
class Certificate:
    """A server's certificate and its key, both PEM."""

    chain: bytes
    key: bytes

    def server_context(self) -> ssl.SSLContext:
        """Return the TLS settings of a server."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        # OpenSSL reads them from files only; these are readable by the owner only, and deleted at once.
        handle, name = tempfile.mkstemp(prefix="tpmock-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(self.chain + self.key)
            context.load_cert_chain(name)
        finally:
            Path(name).unlink()
        return context


class Authority:
    """Signs certificates for our names; its name constraints exclude all others (RFC 5280, 4.2.1.10)."""

    def __init__(self, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
        self._certificate = certificate
        self._key = key

    @classmethod
    def new(cls, period: Period | None = None) -> Authority:
        """Create an authority.

        :param period: of validity, by default from now for :data:`LIFE`
        """
        now = dt.datetime.now(dt.UTC)
        begins, ends = period or (now - _SLACK, now + LIFE)
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name(
            [
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, "tpmock"),
                # Trust stores and people distinguish authorities by this.
                x509.NameAttribute(NameOID.COMMON_NAME, f"tpmock local authority {os.urandom(4).hex()}"),
            ]
        )
        certificate = (
            _builder(name, name, key.public_key(), (begins, ends))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs=True), critical=True)
            .add_extension(x509.NameConstraints(_permitted(), None), critical=True)
            .sign(key, hashes.SHA256())
        )
        return cls(certificate, key)

    @classmethod
    def of_pem(cls, certificate: bytes, key: bytes) -> Authority:
        """Load an authority.

        :raises ValueError: when these are not the certificate and the key of an authority
        """
        loaded = serialization.load_pem_private_key(key, None)
        read = x509.load_pem_x509_certificate(certificate)
        if not isinstance(loaded, ec.EllipticCurvePrivateKey) or loaded.public_key() != read.public_key():
            raise ValueError("the key does not belong to the certificate")
        return cls(read, loaded)

    @property
    def pem(self) -> bytes:
        """Return the certificate, which clients trust."""
        return self._certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        """Return the private key, not encrypted."""
        form, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        return self._key.private_bytes(serialization.Encoding.PEM, form, plain)

    @property
    def ends(self) -> dt.datetime:
        """Return its expiry date."""
        return self._certificate.not_valid_after_utc

    @property
    def fingerprint(self) -> str:
        """Return the SHA-256 of the certificate, in the format of browsers and OpenSSL."""
        return self._certificate.fingerprint(hashes.SHA256()).hex(":").upper()

    def fits(self) -> bool:
        """Return whether it may sign for all names that the mock serves now."""
        try:
            found = self._certificate.extensions.get_extension_for_class(x509.NameConstraints).value
        except x509.ExtensionNotFound:
            return False
        return found.permitted_subtrees == _permitted() and found.excluded_subtrees is None

    def issue(self) -> Certificate:
        """Return a new server's certificate for all our names and for loopback."""
        key = ec.generate_private_key(ec.SECP256R1())
        begins = self._certificate.not_valid_before_utc
        ends = self.ends if (begins, self.ends) == ALWAYS else min(self.ends, dt.datetime.now(dt.UTC) + _LONGEST)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tpmock")])
        served = [*map(x509.DNSName, names()), *map(x509.IPAddress, _LOCAL_ADDRESSES)]
        certificate = (
            _builder(name, self._certificate.subject, key.public_key(), (begins, ends))
            .add_extension(x509.SubjectAlternativeName(served), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        form, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        pem = serialization.Encoding.PEM
        return Certificate(certificate.public_bytes(pem), key.private_bytes(pem, form, plain))

    def client_context(self) -> ssl.SSLContext:
        """Return the TLS settings of a client that trusts only this authority."""
        return ssl.create_default_context(cadata=self.pem.decode("ascii"))


def _permitted() -> list[x509.GeneralName]:
    # localhost includes all names below it.
    outside = [name for name in names() if not name.endswith(".localhost")]
    return [*map(x509.DNSName, outside), *map(x509.IPAddress, _LOCAL_NETWORKS)]


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, period: Period
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(period[0])
        .not_valid_after(period[1])
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        key_cert_sign=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
