"""The local authority: made once, for its owner alone, for our names only, and made anew when it cannot be used."""

from __future__ import annotations

import datetime as dt
import ipaddress
import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from tpmock.cli.main import tpmock
from tpmock.tls.authority import AuthorityFolder, authority
from tpmock.tls.certificates import Authority, Certificate
from tpmock.tls.errors import AuthorityError

from tests.support import ROOT

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no permission bits")


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TPMOCK_HOME", str(tmp_path / "home"))
    return tmp_path / "home" / "authority"


def test_it_is_made_once(home: Path, said: list[str]) -> None:
    first, second = authority(said.append), authority(said.append)
    assert first.authority.fingerprint == second.authority.fingerprint
    assert first.file == home / "authority.pem"
    assert said == []


@posix
def test_its_owner_alone_may_read_it(home: Path, said: list[str]) -> None:
    authority(said.append)
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert stat.S_IMODE((home / "authority.key").stat().st_mode) == 0o600


def test_its_key_is_in_its_folder_only(home: Path, said: list[str]) -> None:
    made = authority(said.append).authority
    shown = CliRunner().invoke(tpmock, ["ca", "--export"]).output + CliRunner().invoke(tpmock, ["ca"]).output
    assert "PRIVATE" not in shown
    assert b"PRIVATE" not in made.pem + made.issue().chain
    assert made.key_pem not in made.issue().key


def test_two_at_once_make_one(home: Path) -> None:
    code = "from tpmock.tls.authority import authority; print(authority(print).authority.fingerprint)"
    started = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(4)]  # noqa: S603 - ours
    assert len({each.communicate(timeout=60)[0] for each in started}) == 1


def keep(home: Path, made: Authority) -> None:
    home.mkdir(parents=True)
    (home / "authority.pem").write_bytes(made.pem)
    (home / "authority.key").write_bytes(made.key_pem)
    (home / "authority.key").chmod(0o600)


def test_one_that_expired_is_made_anew_with_a_sentence(home: Path, said: list[str]) -> None:
    now = dt.datetime.now(dt.UTC)
    old = Authority.new((now - dt.timedelta(days=9), now - dt.timedelta(days=2)))
    keep(home, old)
    made = authority(said.append)
    assert made.authority.fingerprint != old.fingerprint
    assert made.authority.ends > now + dt.timedelta(days=1000)
    [sentence] = said
    assert f"it expired on {old.ends:%Y-%m-%d}" in sentence
    assert "tpmock ca --export" in sentence


@posix
def test_a_key_that_others_may_read_is_not_used(home: Path, said: list[str]) -> None:
    old = authority(said.append).authority
    (home / "authority.key").chmod(0o644)
    assert authority(said.append).authority.fingerprint != old.fingerprint
    assert "others than its owner may read" in said[0]
    assert stat.S_IMODE((home / "authority.key").stat().st_mode) == 0o600


def test_one_for_other_names_is_made_anew(home: Path, said: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("tpmock.tls.certificates.vendor_hosts", lambda: frozenset({"api.trustpilot.com"}))
        old = authority(said.append).authority
    assert authority(said.append).authority.fingerprint != old.fingerprint
    assert "it is for other host names" in said[0]


@pytest.mark.parametrize("name", ["authority.pem", "authority.key"])
@pytest.mark.parametrize("content", [b"", b"no certificate", None])
def test_a_damaged_one_is_made_anew(home: Path, said: list[str], name: str, content: bytes | None) -> None:
    old = authority(said.append).authority
    if content is None:
        (home / name).unlink()
    else:
        (home / name).write_bytes(content)
    assert authority(said.append).authority.fingerprint != old.fingerprint
    assert authority(said.append).authority.fits()
    # Without its key the message says that there was an authority; without its certificate there is no message.
    assert len(said) == (0 if content is None and name == "authority.pem" else 1)


def test_a_key_of_another_certificate_is_not_used(home: Path, said: list[str]) -> None:
    authority(said.append)
    (home / "authority.pem").write_bytes(Authority.new().pem)
    authority(said.append)
    assert "its files are damaged" in said[0]


def test_where_none_can_be_kept_there_is_one_for_the_run(tmp_path: Path, said: list[str]) -> None:
    in_the_way = tmp_path / "home"
    in_the_way.write_text("not a folder")
    with pytest.raises(AuthorityError, match=r"cannot be kept in .*TPMOCK_HOME"):
        AuthorityFolder(in_the_way).get(said.append)


@posix
@pytest.mark.skipif(os.name == "posix" and os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_home(home: Path, said: list[str]) -> None:
    home.parent.mkdir(mode=0o500)
    made = authority(said.append)
    assert made.file is None
    assert "TPMOCK_HOME" in said[0]


def test_without_a_home_there_is_one_for_the_run(said: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def no_home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    for name in ("TPMOCK_HOME", "XDG_DATA_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", no_home)
    assert authority(said.append).file is None
    [sentence] = said
    assert sentence.startswith("This user has no home folder. Name a folder in TPMOCK_HOME. ")


# --- what it may sign for ---------------------------------------------------------------------------------------------


def handshake(made: Authority, served: Certificate, name: str) -> str:
    """What comes of a handshake under a name: the version of TLS, or why there is none."""
    pem = {"authority": made.pem, "chain": served.chain, "key": served.key}
    given = json.dumps({**{key: value.decode() for key, value in pem.items()}, "name": name})
    command = [sys.executable, "-m", "tests.mock.tls.shake"]
    ended = subprocess.run(command, input=given, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603 - ours
    return ended.stdout.strip() or ended.stderr


@pytest.mark.parametrize("name", ["api.trustpilot.com", "eu1.api.segmentapis.com", "localhost", "127.0.0.1", "::1"])
def test_clients_that_trust_it_accept_our_names(name: str) -> None:
    made = Authority.new()
    assert handshake(made, made.issue(), name) == "TLSv1.3"


@pytest.mark.parametrize("name", ["shop.example.com", "trustpilot.com", "192.0.2.1"])
def test_they_accept_no_other_even_if_it_signs_it(name: str) -> None:
    made = Authority.new()
    address = name[0].isdigit()
    assert "permitted subtree violation" in handshake(made, foreign(made, name, address=address), name)


def foreign(made: Authority, name: str, *, address: bool) -> Certificate:
    """Return a certificate that an honest authority would not sign, but a person with its key could."""
    served = made.issue()
    honest = x509.load_pem_x509_certificate(served.chain)
    other: x509.GeneralName = x509.IPAddress(ipaddress.ip_address(name)) if address else x509.DNSName(name)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "foreign")]))
        .issuer_name(honest.issuer)
        .public_key(honest.public_key())
        .serial_number(7)
        .not_valid_before(honest.not_valid_before_utc)
        .not_valid_after(honest.not_valid_after_utc)
        .add_extension(x509.SubjectAlternativeName([other]), critical=False)
    )
    for extension in honest.extensions:
        if not isinstance(extension.value, x509.SubjectAlternativeName):
            builder = builder.add_extension(extension.value, extension.critical)
    return Certificate(builder.sign(made._key, hashes.SHA256()).public_bytes(Encoding.PEM), served.key)


# --- tpmock ca --------------------------------------------------------------------------------------------------------


def test_it_is_shown_exported_and_removed(home: Path, tmp_path: Path) -> None:
    run, file = CliRunner(), tmp_path / "tpmock.pem"
    assert "No local authority exists yet" in run.invoke(tpmock, ["ca"]).output
    assert not home.exists()
    assert run.invoke(tpmock, ["ca", "--export", str(file)]).exit_code == 0
    shown = run.invoke(tpmock, ["ca"]).output
    made = x509.load_pem_x509_certificate(file.read_bytes())
    assert made.fingerprint(hashes.SHA256()).hex(":").upper() in shown
    assert f"{made.not_valid_after_utc:%Y-%m-%d}" in shown
    assert run.invoke(tpmock, ["ca", "--export"]).output == file.read_text()
    assert "Deleted the local authority" in run.invoke(tpmock, ["ca", "remove"]).output
    assert list(home.glob("authority.*")) == []
    assert "No local authority exists in" in run.invoke(tpmock, ["ca", "remove"]).output


def test_a_file_that_cannot_be_written_is_an_error_message(home: Path, tmp_path: Path) -> None:
    answer = CliRunner().invoke(tpmock, ["ca", "--export", str(tmp_path / "none" / "tpmock.pem")])
    assert answer.exit_code == 2
    assert "cannot be written" in answer.output


def test_a_damaged_one_is_reported(home: Path, said: list[str]) -> None:
    authority(said.append)
    (home / "authority.pem").write_text("no certificate")
    answer = CliRunner().invoke(tpmock, ["ca"])
    assert answer.exit_code == 2
    assert "cannot be used" in answer.output
