"""Errors of state and world files, in a separate module, so that code that reports them need not load a sandbox."""

from __future__ import annotations


class StateFileError(Exception):
    """The state file is not usable. The message is for the user."""


class WorldFileError(Exception):
    """A world file is not valid. The message is for the user."""
