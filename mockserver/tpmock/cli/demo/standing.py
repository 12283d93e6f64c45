"""Where each requirement of the partner program stands: one computation for every list and window of the demo."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tpmock.cli.demo.artefacts import SceneResult, Tone
from tpmock.cli.demo.story import Scene, Story

Row = Mapping[str, Any]

_TONES: Final[Mapping[str, Tone]] = {
    "failed": "bad",
    "met": "good",
    "shown": "good",
    "not run": "warn",
    "needs a person": "warn",
    "left out": "calm",
    "open": "calm",
}
#: Verdicts of the sheet in the evidence pack.
_PASS, _FAIL = "pass", "fail"
#: Maximum number of case ids in a list.
_FEW: Final = 4


@dataclass(frozen=True, slots=True)
class Standing:
    """One requirement.

    :ivar state: ``failed``, ``met`` (all its contract cases passed), ``shown`` (in a scene, and no case says more),
        ``not run``, ``needs a person``, ``left out`` or ``open``
    :ivar why: what the state rests on
    """

    id: str
    text: str
    state: str
    why: str

    @property
    def tone(self) -> Tone:
        """Return the color of the state."""
        return _TONES[self.state]


def standings(
    requirements: Sequence[Row], story: Story, results: Mapping[str, SceneResult], sheet: Sequence[Row]
) -> list[Standing]:
    """Return where each requirement stands now.

    :param results: of the scenes that have been played, by name
    :param sheet: rows of the evidence pack; empty until the contract cases have been shown
    """
    verdicts = {row["id"]: row for row in sheet}
    found = []
    for one in requirements:
        state, why = _state(one, story, results, verdicts.get(one["id"]))
        found.append(Standing(one["id"], one["text"], state, why))
    return found


def _state(requirement: Row, story: Story, results: Mapping[str, SceneResult], row: Row | None) -> tuple[str, str]:
    """Return the state and its reason: the first of these that applies decides."""
    about = [scene for scene in story.scenes if requirement["id"] in scene.requirements]
    played = [scene for scene in about if scene.name in results]
    wrong = [scene for scene in played if not results[scene.name].ok]
    missing = [scene for scene, _ in story.left_out if requirement["id"] in scene.requirements]
    verdict, why = ("", "") if row is None else (row["verdict"], str(row["why"]))
    applies = (
        (bool(wrong), "failed", f"Not as expected: {_named(wrong)}."),
        (verdict == _FAIL, "failed", why),
        ("person" in requirement, "needs a person", str(requirement.get("person", ""))),
        (verdict == _PASS, "met", _cases([] if row is None else row["cases"])),
        (bool(played), "shown", _named(played)),
        (row is not None, "not run", why),
        (bool(missing) and not about, "left out", f"Left out: {_named(missing)}."),
    )
    return next(((state, reason) for applied, state, reason in applies if applied), ("open", ""))


def _named(scenes: Sequence[Scene]) -> str:
    return ", ".join(f"“{scene.title}”" for scene in scenes)


def _cases(ids: Sequence[str]) -> str:
    return ", ".join(ids) if len(ids) <= _FEW else f"{', '.join(ids[: _FEW - 1])} and {len(ids) - _FEW + 1} other cases"
