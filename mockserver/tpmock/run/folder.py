"""The files of a run: trust stores, and preload files of runtimes. Only the user can read them."""

from __future__ import annotations

import os
import shutil
import ssl
import warnings
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12
from cryptography.utils import CryptographyDeprecationWarning

#: Password of the trust store for Java, which requires one; its content is public.
STORE_PASSWORD: Final = "changeit"  # noqa: S105
#: Variables with a user's own certificates; kept, with our authority added.
_BUNDLES: Final = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
_PRELOADS: Final = Path(__file__).parent / "preload"
_BEGIN: Final = b"-----BEGIN CERTIFICATE-----"


class RunFolder:
    """Writes the files.

    :param folder: an empty folder
    :param authority: the certificate of the authority that signs for the run, PEM
    :param environ: the user's environment
    """

    def __init__(self, folder: Path, authority: bytes, environ: Mapping[str, str]) -> None:
        self.bundle: Final = folder / "bundle.pem"
        self.authority: Final = folder / "authority.pem"
        self.store: Final = folder / "truststore.p12"
        self.wget: Final = folder / "wgetrc"
        self.php: Final = folder / "php"
        self.preloads: Final = folder / "preload"
        trusted = dict.fromkeys([*_certificates(environ), authority.strip()])
        self.authority.write_bytes(authority)
        self.bundle.write_bytes(b"\n".join(trusted) + b"\n")
        self.store.write_bytes(_java(trusted))
        self.wget.write_text(f"{_wgetrc(environ)}\nca_certificate = {self.bundle}\n", encoding="utf-8")
        # In the same folder, because a container needs all of them.
        shutil.copytree(_PRELOADS, self.preloads, ignore=shutil.ignore_patterns("__pycache__"))
        self.php.mkdir()
        ini = {
            "curl.cainfo": self.bundle,
            "openssl.cafile": self.bundle,
            "auto_prepend_file": self.preloads / "php.php",
        }
        lines = "".join(f'{name}="{value}"\n' for name, value in ini.items())
        (self.php / "tpmock.ini").write_text(lines, encoding="utf-8")


def _certificates(environ: Mapping[str, str]) -> Iterator[bytes]:
    """Return the certificates that the user's programs trust, PEM: the system's, and those of the environment."""
    for file in dict.fromkeys([*_system(), *(environ[name] for name in _BUNDLES if environ.get(name))]):
        try:
            content = Path(file).read_bytes()
        except OSError:
            # A missing bundle is ignored, as by the program itself.
            continue
        for part in content.split(_BEGIN)[1:]:
            yield _BEGIN + part.partition(b"-----END CERTIFICATE-----")[0] + b"-----END CERTIFICATE-----"


def _system() -> list[str]:
    found = ssl.get_default_verify_paths()
    if found.openssl_cafile and os.path.exists(found.openssl_cafile):  # noqa: PTH110 - a text, as the rest
        return [found.openssl_cafile]
    # Windows and macOS store theirs elsewhere; use the bundle of requests.
    import certifi  # noqa: PLC0415 - only where it is needed

    return [certifi.where()]


def _java(trusted: Mapping[bytes, None]) -> bytes:
    entries = []
    with warnings.catch_warnings():
        warnings.simplefilter("error", CryptographyDeprecationWarning)
        for number, pem in enumerate(trusted):
            # Bundles of systems have malformed certificates, which other readers skip too.
            with suppress(ValueError, CryptographyDeprecationWarning):
                certificate = x509.load_pem_x509_certificate(pem)
                entries.append(pkcs12.PKCS12Certificate(certificate, f"tpmock-{number}".encode()))
    return pkcs12.serialize_java_truststore(entries, BestAvailableEncryption(STORE_PASSWORD.encode()))


def _wgetrc(environ: Mapping[str, str]) -> str:
    """Return the content of the user's own file, which ours replaces."""
    given = environ.get("WGETRC") or str(Path(environ.get("HOME") or "/nonexistent") / ".wgetrc")
    try:
        return Path(given).read_text(encoding="utf-8", errors="surrogateescape").encode(errors="replace").decode()
    except OSError:
        return ""
