"""Whether a text can be an e-mail address at all: one rule, for the mock and for the destination."""

from __future__ import annotations

import re
from typing import Final

#: Letters of an address (RFC 5321, 4.5.3.1).
LONGEST: Final = 254
_ADDRESS: Final = re.compile(r"[^@\s\"(),:;<>\[\]\\]+@([^@\s.\"(),:;<>\[\]\\_]+\.)+[^@\s.\"(),:;<>\[\]\\_]{2,}")


def is_address(text: str) -> bool:
    """Return whether ``text`` looks like one e-mail address, without a name and without anything around it."""
    return len(text) <= LONGEST and text.isprintable() and _ADDRESS.fullmatch(text) is not None
