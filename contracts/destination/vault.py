"""What must not stand in the database as it is: sealed when it is needed again, hashed under a key when it is not."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets as chance
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import delete, select, update

from contracts.destination.database import Database
from contracts.destination.schema import connections, logins, orders, secrets, tokens

_HASH_KEY = "hash-key"
_SEALED = (
    (orders, orders.c.address),
    (connections, connections.c.api_key),
    (connections, connections.c.api_secret),
    (logins, logins.c.api_key),
    (logins, logins.c.api_secret),
    (tokens, tokens.c.access_token),
    (tokens, tokens.c.refresh_token),
    (secrets, secrets.c.value),
)


class WrongKeyError(Exception):
    """Something in the database was sealed under a key that we were not given; the text is a sentence."""


class Vault:
    """Seals, opens and hashes.

    The key of the hashes is made once, by chance, and stands sealed in the database: so hashes stay the same when the
    encryption keys are changed.

    :param keys: Fernet keys. The first seals, all of them open, so that a key can be replaced without a pause.
    :param fallback: opens and seals when ``keys`` is empty, and opens what it sealed before there were any.
    :raises WrongKeyError: when the database was used under other ``keys``. Without any, what the lost fallback had
        sealed is dropped instead: tokens, which can be had again, and addresses, which nobody could read any more.
    """

    def __init__(self, database: Database, keys: Sequence[str], fallback: str) -> None:
        self._database = database
        self._fernet = MultiFernet([Fernet(key) for key in (*keys, fallback)])
        try:
            self._hash_key = self._shared_hash_key()
        except WrongKeyError:
            if keys:
                raise
            self._forget()
            self._hash_key = self._shared_hash_key()

    def seal(self, text: str) -> str:
        """``text`` as it may be stored."""
        return self._fernet.encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str:
        """What was sealed.

        :raises WrongKeyError: under another key than ours.
        """
        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken:
            raise WrongKeyError(
                "The database was used with other ENCRYPTION_KEYS. Give the former key as well, after the new one."
            ) from None

    def digest(self, kind: str, text: str) -> str:
        """A keyed hash: the same for the same text, of no use to whoever does not have the key.

        :param kind: what ``text`` is, so that equal texts of different kinds differ.
        """
        return hmac.digest(self._hash_key, f"{kind}\0{text}".encode(errors="surrogatepass"), "sha256").hex()

    def consumer(self, email: str) -> str:
        """The hash of an address, whatever its case."""
        return self.digest("email", email.strip().casefold())

    def person(self, user_id: str) -> str:
        """The hash of Segment's user id."""
        return self.digest("user", user_id)

    def pseudonym(self, text: str) -> str:
        """``text`` itself, or a hash of it when it could hold an e-mail address: some shops use one as an order id."""
        return f"hmac:{self.digest('id', text)}" if "@" in text else text

    def reseal(self) -> int:
        """Seal everything anew under the first key; the number of values.

        :raises WrongKeyError: when something cannot be opened; nothing is changed then.
        """
        count = 0
        with self._database.transaction() as transaction:
            for table, column in _SEALED:
                key = list(table.primary_key)
                for row in transaction.execute(select(column, *key).where(column.is_not(None))).all():
                    ours = [part == value for part, value in zip(key, row[1:], strict=True)]
                    transaction.execute(update(table).where(*ours).values({column.name: self.seal(self.open(row[0]))}))
                    count += 1
        return count

    def _shared_hash_key(self) -> bytes:
        new = base64.b64encode(chance.token_bytes(32)).decode()
        with self._database.reading() as connection:
            stored = connection.execute(_stored).scalar()
        if stored is None:
            # Of several copies that start at once one wins, and all read what it wrote.
            insert = self._database.insert(secrets).values(name=_HASH_KEY, value=self.seal(new))
            with self._database.writing() as connection:
                connection.execute(insert.on_conflict_do_nothing())
            with self._database.reading() as connection:
                stored = connection.execute(_stored).scalar_one()
        return base64.b64decode(self.open(stored))

    def _forget(self) -> None:
        with self._database.transaction() as transaction:
            transaction.execute(delete(secrets))
            transaction.execute(delete(tokens))
            transaction.execute(delete(logins))
            transaction.execute(update(orders).values(consumer=None, person=None, address=None))


_stored = select(secrets.c.value).where(secrets.c.name == _HASH_KEY)


def new_key() -> str:
    """A key for ENCRYPTION_KEYS."""
    return Fernet.generate_key().decode()


def derived_key(secret: str) -> str:
    """A key made of another secret, for whoever gave none: who has that secret can have tokens anyway."""
    made = HKDF(hashes.SHA256(), 32, None, b"tpmock destination: encryption").derive(secret.encode())
    return base64.urlsafe_b64encode(made).decode()


def key_hash(integration_key: str) -> str:
    """What stands in the database for an integration key, which is long and random, so that a plain hash does."""
    return hashlib.sha256(b"tpmock-destination:" + integration_key.encode(errors="surrogatepass")).hexdigest()
