"""The certificate authority of this machine's user: created once, stored in the user's own folder, never installed.

Only its owner can read its key, which never leaves the folder. It signs certificates for our programs that use
TLS (decision 0200).
"""

from __future__ import annotations

import datetime as dt
import os
import stat
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tpmock.common.file_lock import FileLock
from tpmock.common.user_folder import HOME_VARIABLE, NoHomeError, user_folder
from tpmock.common.whole_file import write_whole
from tpmock.tls.certificates import Authority
from tpmock.tls.errors import AuthorityError

#: An authority that expires sooner than this is replaced: its certificates should last for a run.
_SPARE: Final = dt.timedelta(days=7)
#: The file lock excludes other processes; this lock excludes threads of this process.
_one = threading.Lock()


@dataclass(frozen=True, slots=True)
class Kept:
    """An authority and its location.

    :param file: of its certificate; None when it is only in this process's memory
    """

    authority: Authority
    file: Path | None


class _UnfitError(Exception):
    """The stored authority is not usable; the text is the reason."""


class AuthorityFolder:
    """The files of the authority.

    :param folder: by default in the user's folder, or in that of the environment variable ``TPMOCK_HOME``
    :raises AuthorityError: when the user has no home folder
    """

    def __init__(self, folder: Path | None = None) -> None:
        try:
            self.folder = (user_folder() if folder is None else folder) / "authority"
        except NoHomeError as error:
            raise AuthorityError(str(error)) from None
        self.certificate = self.folder / "authority.pem"
        self._key = self.folder / "authority.key"

    def find(self) -> Kept | None:
        """Return the stored authority, expired or not; None without one.

        :raises AuthorityError: when its files cannot be used
        """
        try:
            return self._read()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise AuthorityError(f"{error.filename} cannot be read: {error.strerror}.") from None
        except _UnfitError as error:
            raise AuthorityError(f"The authority in {self.folder} cannot be used: {error}.") from None

    def get(self, say: Callable[[str], object]) -> Kept:
        """Return the authority; create one when none is stored, or the stored one is not usable.

        :param say: gets a message for the user when a new one replaces another
        :raises AuthorityError: when none can be stored
        """
        try:
            return self._usable()
        except (OSError, _UnfitError):
            """Looked at again below, where no other process makes one at the same time."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.folder.chmod(0o700)
            with _one, FileLock(self.folder / "lock"):
                return self._usable_or_new(say)
        except OSError as error:
            raise AuthorityError(
                f"The local authority cannot be kept in {self.folder}: {error.strerror}. "
                f"Name a folder of yours in {HOME_VARIABLE}."
            ) from None

    def remove(self) -> bool:
        """Delete the authority with its key.

        :returns: whether it existed
        :raises AuthorityError: when it cannot be deleted
        """
        files = [file for file in (self._key, self.certificate) if file.exists()]
        try:
            if files:
                with _one, FileLock(self.folder / "lock"):
                    for file in files:
                        file.unlink(missing_ok=True)
        except OSError as error:
            raise AuthorityError(f"{error.filename} cannot be deleted: {error.strerror}.") from None
        return bool(files)

    def _usable_or_new(self, say: Callable[[str], object]) -> Kept:
        try:
            return self._usable()
        except FileNotFoundError:
            if self.certificate.exists():
                say(f"The key of the local authority in {self.folder} is gone: a new authority is made.")
        except _UnfitError as error:
            say(
                f"The local authority in {self.folder} cannot be used any more: {error}. A new one is made; "
                "where you had it trusted, trust the new one: tpmock ca --export."
            )
        authority = Authority.new()
        # The key first: a certificate without its key is detected, and replaced.
        write_whole(self._key, authority.key_pem, self._key.with_suffix(".new"))
        write_whole(self.certificate, authority.pem, self.certificate.with_suffix(".new"))
        return Kept(authority, self.certificate)

    def _usable(self) -> Kept:
        kept = self._read()
        left = kept.authority.ends - dt.datetime.now(dt.UTC)
        if left < _SPARE:
            tense = "expired" if left < dt.timedelta() else "expires"
            raise _UnfitError(f"it {tense} on {kept.authority.ends:%Y-%m-%d}")
        if not kept.authority.fits():
            raise _UnfitError("it is for other host names than this tpmock serves")
        return kept

    def _read(self) -> Kept:
        with self._key.open("rb") as file:
            # Windows protects a user's folder by other means.
            if sys.platform != "win32" and stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                raise _UnfitError(f"others than its owner may read {self._key}")
            key = file.read()
        try:
            return Kept(Authority.of_pem(self.certificate.read_bytes(), key), self.certificate)
        except (ValueError, TypeError) as error:
            raise _UnfitError(f"its files are damaged ({error})") from None


def authority(say: Callable[[str], object]) -> Kept:
    """Return the machine's authority, or, when none can be stored, a temporary one in this process's memory.

    :param say: gets messages for the user
    """
    try:
        return AuthorityFolder().get(say)
    except AuthorityError as error:
        say(f"{error} Until then each run has an authority of its own, which ends with it.")
        return Kept(Authority.new(), None)
