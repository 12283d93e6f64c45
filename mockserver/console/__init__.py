"""The pages a person looks at. They know the mock by its control API alone, as any other program does."""

from __future__ import annotations

from typing import Final

#: Where the pages begin.
ROOT: Final = "/_mock/console"


def is_console(path: str) -> bool:
    """Whether a path is a page's, and no operation's."""
    return path in ("/_mock", "/_mock/", ROOT) or path.startswith(f"{ROOT}/")
