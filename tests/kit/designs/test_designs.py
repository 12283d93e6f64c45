"""Right designs pass. Here the cases that a design is about; the whole plan by ``python -m tests.kit.designs``."""

from __future__ import annotations

import pytest
from tpmock.common.control_client import ControlClient
from tpmock.kit.cases import case_files
from tpmock.kit.cases.claims import CLAIMS, OPPOSITES

from tests.kit.designs.catalogue import DESIGNS, PROGRAMS
from tests.kit.designs.playing import played

STANDARD = case_files.load_plan(case_files.STANDARD)


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("name", DESIGNS)
def test_a_right_design_passes_the_cases_that_concern_it(name: str, program: str, mock: ControlClient) -> None:
    design = DESIGNS[name]
    chosen = case_files.beginning_with(design.cases, STANDARD)
    found = played(design, program, chosen, mock.url)
    assert found.wrong == ()
    assert bool(found.waited) == ("own-patience" in design.claims)


def test_every_choice_has_a_design() -> None:
    claimed = {claim for design in DESIGNS.values() for claim in design.subject("python").claims}
    assert set(OPPOSITES.values()) - {"strict-names"} | {"own-patience"} <= claimed
    assert claimed <= set(CLAIMS)


def test_what_no_source_says_is_recommended_only() -> None:
    demanded = [
        (case.id, check.name)
        for case in STANDARD
        for check in case.then
        if case.evidence == "assumed" and check.level is case_files.Level.MUST
    ]
    assert demanded == []
