"""Protects data in the database: sealed when it is needed again, hashed under a key when it is not."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets as chance
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import Column, ColumnElement, Connection, Select, Table, delete, select, update
from tpmock.destination.storage.database import Database
from tpmock.destination.storage.deadlines import LONG
from tpmock.destination.storage.schema import NOBODY, Sealed, connections, logins, orders, secrets, tokens

_HASH_KEY = "hash-key"
_TABLES = (orders, connections, logins, tokens, secrets)
_SEALED = [(table, column) for table in _TABLES for column in table.columns if isinstance(column.type, Sealed)]
#: Of a large table only the latest rows are opened at start: older ones were sealed by the same copies or earlier.
_CHECKED_AT_START = 1000


class WrongKeyError(Exception):
    """The database has data sealed under a key that is not configured; the text is an error message."""

    def __init__(self) -> None:
        super().__init__(
            "The database was used with other ENCRYPTION_KEYS, or without any and with another TRUSTPILOT_API_SECRET. "
            "Give the former keys as well, after the new one; or run `tpmock destination rekey` with the former secret "
            "first. What cannot be opened any more is deleted by `tpmock destination discard-unreadable` only."
        )


class Vault:
    """Seals, opens and hashes.

    The key of the hashes is random, made once, and stored sealed in the database: so hashes stay the same when the
    encryption keys are changed.

    :param keys: Fernet keys. The first seals, all of them open, so that a key can be replaced without a pause
    :param fallback: opens and seals when ``keys`` is empty, and opens what it sealed before there were any
    :raises WrongKeyError: when something in the database cannot be opened; nothing is changed then
    """

    def __init__(self, database: Database, keys: Sequence[str], fallback: str) -> None:
        self._database = database
        self._fernet = MultiFernet([Fernet(key) for key in (*keys, fallback)])
        self._hash_key = self._shared_hash_key()
        with database.within(LONG), database.reading() as connection:
            for table, column in _SEALED:
                for sealed in connection.execute(_latest(table, column)).scalars():
                    self.open(sealed)

    def seal(self, text: str) -> str:
        """``text`` as it may be stored."""
        return self._fernet.encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str:
        """Return the text that was sealed.

        :raises WrongKeyError: under another key than ours
        """
        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken:
            raise WrongKeyError from None

    def digest(self, kind: str, text: str) -> str:
        """Return a keyed hash: the same for the same text, useless without the key.

        :param kind: what ``text`` is, so that equal texts of different kinds differ
        """
        return hmac.digest(self._hash_key, f"{kind}\0{text}".encode(errors="surrogatepass"), "sha256").hex()

    def consumer(self, email: str) -> str:
        """Return the hash of an address, ignoring case."""
        return self.digest("email", email.strip().casefold())

    def person(self, user_id: str) -> str:
        """Return the hash of Segment's user id."""
        return self.digest("user", user_id)

    def pseudonym(self, text: str) -> str:
        """``text`` itself, or a hash of it when it could hold an e-mail address: some shops use one as an order id."""
        return f"hmac:{self.digest('id', text)}" if "@" in text else text

    def reseal(self) -> int:
        """Seal everything again under the first key, and return the number of values.

        :raises WrongKeyError: when something cannot be opened; nothing is changed then
        """
        count = 0
        with self._database.within(LONG), self._database.transaction() as transaction:
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


def discard_unreadable(database: Database, keys: Sequence[str], fallback: str, *, dry_run: bool) -> dict[str, int]:
    """Delete what cannot be opened, and what is of no use without it.

    An order stays and loses its buyer. A connection goes with its tokens. Without the key of the hashes no stored hash
    can be compared any more: all orders lose their buyers then, and logins end.

    :returns: the number of rows affected, or with ``dry_run`` to be affected, by table
    """
    vault = MultiFernet([Fernet(key) for key in (*keys, fallback)])
    with database.within(LONG), database.transaction() as transaction:
        lost = {table: _unreadable(transaction, vault, table) for table in _TABLES}
        if lost[secrets]:
            lost[logins] = _keys(transaction, logins)
            lost[orders] = _keys(transaction, orders, orders.c.consumer.is_not(None))
        if not dry_run:
            for table, rows in lost.items():
                for key in rows:
                    _discard(transaction, table, key)
    return {table.name: len(rows) for table, rows in lost.items() if rows}


def _discard(transaction: Connection, table: Table, key: Sequence[str]) -> None:
    these = [column == value for column, value in zip(table.primary_key, key, strict=True)]
    transaction.execute(update(table).where(*these).values(NOBODY) if table is orders else delete(table).where(*these))
    if table is connections:
        transaction.execute(delete(tokens).where(tokens.c.holder == key[0]))


def _unreadable(transaction: Connection, vault: MultiFernet, table: Table) -> list[Sequence[str]]:
    """Return the primary keys of rows in which something cannot be opened."""
    sealed = [column for of, column in _SEALED if of is table]
    rows = transaction.execute(select(*table.primary_key, *sealed))
    end = len(table.primary_key)
    return [row[:end] for row in rows if not all(value is None or _opens(vault, value) for value in row[end:])]


def _opens(vault: MultiFernet, sealed: str) -> bool:
    try:
        vault.decrypt(sealed)
    except InvalidToken:
        return False
    return True


def _keys(transaction: Connection, table: Table, *condition: ColumnElement[bool]) -> list[Sequence[str]]:
    return list(transaction.execute(select(*table.primary_key).where(*condition)).all())


def _latest(table: Table, column: Column[str]) -> Select[str]:
    query = select(column).where(column.is_not(None))
    return query.order_by(orders.c.changed_at.desc()).limit(_CHECKED_AT_START) if table is orders else query


_stored = select(secrets.c.value).where(secrets.c.name == _HASH_KEY)


def new_key() -> str:
    """Return a key for ENCRYPTION_KEYS."""
    return Fernet.generate_key().decode()


def derived_key(secret: str) -> str:
    """Return a key derived from another secret, for a configuration without keys: that secret gives tokens anyway."""
    made = HKDF(hashes.SHA256(), 32, None, b"tpmock destination: encryption").derive(secret.encode())
    return base64.urlsafe_b64encode(made).decode()


def key_hash(integration_key: str) -> str:
    """Return the stored form of an integration key, which is long and random, so that a plain hash is enough."""
    return hashlib.sha256(b"tpmock-destination:" + integration_key.encode(errors="surrogatepass")).hexdigest()
