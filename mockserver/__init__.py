"""A local Trustpilot and a local Segment in one process."""

from typing import Final

__version__: Final = "0.1.0"
