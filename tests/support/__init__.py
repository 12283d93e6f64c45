"""What tests share."""

from __future__ import annotations

from pathlib import Path
from typing import Final

#: The repository's root folder.
ROOT: Final = Path(__file__).parents[2]
