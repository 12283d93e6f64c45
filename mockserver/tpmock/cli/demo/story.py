"""Scenes of the demo in their order, with their texts from ``fixtures/texts/demo.yaml``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tpmock.cli.demo.context import WORDS, DemoContext, SceneResult
from tpmock.cli.demo.scenes import connecting, failing, forgetting, ordering, proving, reviewing

#: Runs a scene.
Play = Callable[[DemoContext], SceneResult]

_PLAYS: Final[Mapping[str, Play]] = {
    "start": proving.begin,
    "wrong-ways": connecting.play_wrong_ways,
    "connect": connecting.play_right_way,
    "order": ordering.play_order,
    "retries": ordering.play_retries,
    "replay": ordering.play_replay,
    "fault": failing.play,
    "review": reviewing.play,
    "deletion": forgetting.play,
    "plan": proving.show_plan,
    "gaps": proving.show_gaps,
    "pack": proving.show_pack,
}
_CHOICES: Final = {"fault": failing.CHOICES}


@dataclass(frozen=True, slots=True)
class Scene:
    """One step of the demo.

    :ivar name: in addresses and file names
    :ivar lead: introduction for the audience
    :ivar notes: notes for the presenter
    :ivar requirements: related requirements of the partner program
    :ivar button: label of the start button
    """

    name: str
    title: str
    lead: str
    notes: Sequence[str]
    requirements: Sequence[str] = ()
    button: str = "Play"

    @property
    def play(self) -> Play:
        """Return the function that runs it."""
        return _PLAYS[self.name]

    @property
    def choices(self) -> Sequence[tuple[str, str]]:
        """Return values and labels of the audience's choices; the first is the default."""
        return _CHOICES.get(self.name, ())


SCENES: Final = tuple(Scene(**text) for text in WORDS["scenes"])
