from __future__ import annotations

from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from tpmock.kit.cases import base_events, case_files
from tpmock.kit.cases.case_files import CaseError, Level
from tpmock.kit.vocabulary import checks, steps

GOOD = """
chapter: Chapter
cases:
  - id: DEST-001
    title: Title
    requirement: Requirement.
    clause: {source: Source, section: Section, url: https://example.com/}
    evidence: seed
    when:
      - send: {event: order-completed, set: {properties.order_id: "{order}"}}
    then:
      - invitation_count: 1
"""
PLAN = case_files.load_plan(case_files.STANDARD)


def load(folder: Path, text: str) -> list[case_files.Case]:
    file = folder / "chapter.yaml"
    file.write_text(text, encoding="utf-8")
    return list(case_files.load_file("plan", file))


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(case_files.schema())


def test_every_shipped_case_is_accepted() -> None:
    assert len(PLAN) >= 20


def test_every_clause_has_a_source_with_an_address() -> None:
    assert all(case.clause.url.startswith("https://") and case.requirement.endswith(".") for case in PLAN)


def test_every_base_event_is_used_by_a_case() -> None:
    all_steps = [step for case in PLAN for step in (*case.given, *case.when)]
    used = {step.args["event"] for step in all_steps if isinstance(step.args, dict) and "event" in step.args}
    assert used == set(base_events.names())


def test_the_words_of_the_schema_are_the_words_the_kit_knows() -> None:
    assert set(case_files.vocabulary("step")) == set(steps.STEPS)
    assert set(case_files.vocabulary("check")) == set(checks.CHECKS)


def test_a_case_is_read_with_all_its_parts(tmp_path: Path) -> None:
    (case,) = load(tmp_path, GOOD)
    assert (case.id, case.plan, case.chapter, case.fresh, case.given) == ("DEST-001", "plan", "Chapter", False, ())
    assert (case.when[0].name, case.then[0].name, case.then[0].args) == ("send", "invitation_count", 1)
    assert case.then[0].level is Level.MUST


def test_a_check_may_be_a_should(tmp_path: Path) -> None:
    (case,) = load(tmp_path, GOOD + "        level: should\n")
    assert case.then[0].level is Level.SHOULD


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("invitation_count: 1", "invitation_cuont: 1", r"then\[0\]: no check is named invitation_cuont\. Did you mean"),
        ("- send:", "- sned:", r"case DEST-001, when\[0\]: no step is named sned\. Did you mean 'send'\?"),
        ("- send:", "- teleport:", r"when\[0\]: no step is named teleport\. There are"),
        ("order-completed", "order-complete", r"no base event is named order-complete\. Did you mean 'order-c"),
        ("{order}", "{ordre}", r"when\[0\]: unknown placeholder \{ordre\}"),
        ("invitation_count: 1", "invitation_count: one", r"DEST-001, then\[0\]\.invitation_count: 'one' is"),
        ("invitation_count: 1", "level: should", r"case DEST-001, then\[0\]"),
        ("evidence: seed", "evidence: rumour", r"case DEST-001, evidence: 'rumour' is not one of"),
        ("id: DEST-001", "id: one", r"case one, id: 'one' does not match"),
        ("chapter: Chapter", "", r"the file: 'chapter' is a required property"),
        ("cases:", "cases: [", r"chapter\.yaml: not YAML"),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_refused_with_its_place(tmp_path: Path, old: str, new: str, complaint: str) -> None:
    with pytest.raises(CaseError, match=complaint) as caught:
        load(tmp_path, GOOD.replace(old, new))
    assert str(caught.value).startswith("chapter.yaml")


def test_a_file_that_is_no_object_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match="is not of type 'object'"):
        load(tmp_path, "- 1\n")


def test_there_are_at_least_a_hundred_cases_with_ids_of_their_own() -> None:
    assert len({case.id for case in PLAN}) == len(PLAN) >= 100


def test_a_case_for_the_real_api_only_reads() -> None:
    reading = [case for case in PLAN if case.live == "read-only"]
    asked = [step.args for case in reading for step in (*case.given, *case.when) if step.name == "call"]
    assert len(asked) == sum(len(case.given) + len(case.when) for case in reading) > 10
    assert {args.get("method", "GET") for args in asked if "/oauth/" not in args["path"]} == {"GET"}


def test_the_quick_plan_is_a_part_of_the_standard_plan() -> None:
    quick = case_files.load_plan(case_files.QUICK)
    assert 5 < len(quick) < 20
    assert set(map(id, quick)) < set(map(id, PLAN))


def test_a_placeholder_that_a_step_saves_may_be_used(tmp_path: Path) -> None:
    call = "- call: {path: /v1/things, save: {thing: /id}}\n      - call: {path: '/v1/things/{thing}'}"
    send = '- send: {event: order-completed, set: {properties.order_id: "{order}"}}'
    (case,) = load(tmp_path, GOOD.replace(send, call))
    assert [step.name for step in case.when] == ["call", "call"]


def test_two_cases_of_one_id_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "plan").mkdir()
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / "plan" / name).write_text(GOOD, encoding="utf-8")
    monkeypatch.setattr(case_files, "_root", lambda: tmp_path)
    with pytest.raises(CaseError, match=r"b\.yaml: the id DEST-001 is taken"):
        case_files.load_plan("plan")
