"""Web pages of the mock: a Flask application with a blueprint per page.

It may import ``tpmock.journal`` and the packages below it; it uses the mock only through its APIs, as any other
program does.
It contains no state or rules of the mock: a program can read and change everything that a page shows or changes.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

#: Path of the pages.
ROOT: Final = "/_mock/console"


def sign_in_path(token: str) -> str:
    """Return the path of the sign-in link; the page behind it has no token in its address.

    :param token: the control token
    """
    return f"{ROOT}/token?{urlencode({'token': token})}"
