"""What can go wrong before a test has its sandbox: exceptions whose message is a sentence for the user."""

from __future__ import annotations

from typing import Final

from mockserver.client import RefusedError, UnreachableError
from mockserver.settings_file import SettingsError
from mockserver.testing.choices import ChoiceError
from mockserver.testing.shared_server import ServerFailedError
from mockserver.world_file import WorldFileError

SENTENCES: Final = (
    ChoiceError,
    RefusedError,
    ServerFailedError,
    SettingsError,
    UnreachableError,
    WorldFileError,
)
