"""How a test's sandbox is called."""

from __future__ import annotations

import hashlib
import re
from typing import Final

#: As long as the control API lets a sandbox's name be, less room for a digest and a number.
_LONGEST: Final = 44


def sandbox_name(nodeid: str) -> str:
    """A name in which a person finds the test again, the same in every run: keys and tokens depend on it.

    :param nodeid: pytest's
    """
    readable = re.sub(r"[^a-z0-9]+", "-", nodeid.rpartition("::")[2].lower()).strip("-")[:_LONGEST].strip("-")
    digest = hashlib.sha256(nodeid.encode()).hexdigest()[:8]
    return f"{readable}-{digest}" if readable else digest
