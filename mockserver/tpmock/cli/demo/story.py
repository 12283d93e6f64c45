"""Scenes of the demo in their order, with their texts from ``fixtures/texts/demo.yaml``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tpmock.cli.demo.artefacts import SceneResult
from tpmock.cli.demo.context import WORDS, DemoContext
from tpmock.cli.demo.programs import lacking
from tpmock.cli.demo.scenes import (
    answering,
    backfilling,
    connecting,
    failing,
    forgetting,
    ordering,
    proving,
    reviewing,
)
from tpmock.kit.subjects.contract_subject import ContractSubject

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
    "backfill": backfilling.play,
    "review": reviewing.play,
    "questions": answering.play,
    "deletion": forgetting.play,
    "plan": proving.show_cases,
    "gaps": proving.show_gaps,
    "pack": proving.show_pack,
}
_CHOICES: Final = {"fault": failing.CHOICES}
#: Scenes that wait for the contract cases.
AFTER_CASES: Final = ("plan", "gaps", "pack")


@dataclass(frozen=True, slots=True)
class Scene:
    """One step of the demo.

    :ivar name: in addresses and file names
    :ivar lead: introduction for the audience
    :ivar notes: notes for the presenter
    :ivar requirements: related requirements of the partner program
    :ivar needs: what the program must have; see :func:`tpmock.cli.demo.programs.lacking`
    """

    name: str
    title: str
    lead: str
    notes: Sequence[str]
    requirements: Sequence[str] = ()
    needs: Sequence[str] = ()

    @property
    def play(self) -> Play:
        """Return the function that runs it."""
        return _PLAYS[self.name]

    @property
    def choices(self) -> Sequence[tuple[str, str]]:
        """Return values and labels of the audience's choices; the first is the default."""
        return _CHOICES.get(self.name, ())


#: All scenes.
SCENES: Final = tuple(Scene(**text) for text in WORDS["scenes"])


@dataclass(frozen=True, slots=True)
class Story:
    """The scenes that a program can be shown in.

    :ivar left_out: the other scenes, each with what the program lacks
    """

    scenes: Sequence[Scene]
    left_out: Sequence[tuple[Scene, str]]


def story(shown: ContractSubject) -> Story:
    """Return the story of a program, without the scenes that its claims do not cover."""
    found = [(scene, " and ".join(lacking(scene.needs, shown))) for scene in SCENES]
    return Story([scene for scene, lacks in found if not lacks], [(scene, lacks) for scene, lacks in found if lacks])
