"""The evidence pack: one zip that holds what a run found, and that can be checked on another machine."""

from __future__ import annotations

import hashlib
import io
import json
import platform
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from contracts.kit import cases, curl, sheet
from contracts.kit.cases import Case
from contracts.kit.findings import Result
from contracts.kit.reports import as_har, as_html, as_json, as_junit
from contracts.kit.reports.figures import figures
from contracts.kit.reports.gathered import Judged, Report

FORMAT = 1
MANIFEST = "MANIFEST.sha256"

# Zip has no time before; and the time of packing is no evidence.
_TIME = (1980, 1, 1, 0, 0, 0)
_LARGEST = 500 * 1024 * 1024
_EMAIL = re.compile(r"[\w.+-]+@(?!redacted\.example\b)[\w-]+(?:\.[\w-]+)+")
_OPEN = frozenset({Result.NOT_RUN, Result.NOT_APPLICABLE})
_ABOUT = """This pack is the result of a run of tpmock's contract cases. tpmock is unofficial.

index.html          every requirement, what was expected and found, every exchange in full
sheet.html          the partner programme's requirements in their order; sheet.json for programs
gaps.md             what rests on assumptions, what was not judged, what needs a person
results.json        the same for programs; results.junit.xml for build servers
transcripts/        the exchanges of each case as HTTP archives; people are stand-ins, secrets are masked
repro/              scripts that send again what each case sent
coverage.json       operations and statuses of the contract that were seen
environment.json    versions, seed, subject, and the digest of the cases
MANIFEST.sha256     the digest of every other file

Check it:           tpmock evidence verify FILE
Run it again:       tpmock evidence verify FILE --rerun
"""


@dataclass(frozen=True, slots=True)
class Examined:
    """What a pack says, and what is wrong with it.

    :param mistakes: sentences; none when all is well.
    """

    digest: str
    environment: Mapping[str, Any]
    results: Mapping[str, Any]
    mistakes: tuple[str, ...]


def pack(report: Report, subject: Mapping[str, str]) -> bytes:
    """The pack. The same report gives the same bytes.

    :param subject: how to come by the subject again: ``kind``, and what the kind needs.
    """
    members = {name: text.encode("utf-8", "replace") for name, text in _members(report, subject)}
    lines = [f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in sorted(members.items())]
    members[MANIFEST] = "".join(lines).encode()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in sorted(members.items()):
            info = zipfile.ZipInfo(name, _TIME)
            info.external_attr = (0o755 if name.endswith(".sh") else 0o644) << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            # Python writes here on which system it runs; the pack is the same everywhere.
            info.create_system = 3
            archive.writestr(info, data)
    return out.getvalue()


def examine(file: Path) -> Examined:
    """Look through a pack, without a mock and without running anything.

    :raises OSError: when the file cannot be read.
    """
    data = file.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
            if sum(info.file_size for info in archive.infolist()) > _LARGEST:
                return Examined(digest, {}, {}, ("It would unpack to more than 500 MB; no pack of ours does.",))
            members = {name: archive.read(name) for name in names}
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, ValueError) as problem:
        return Examined(digest, {}, {}, (f"It is no zip that can be read: {problem}.",))
    mistakes = list(_altered(names, members))
    environment, results = (_object(members.get(name)) for name in ("environment.json", "results.json"))
    if environment.get("format") != FORMAT or not {"summary", "cases"} <= results.keys():
        mistakes.append(f"environment.json and results.json are not those of a pack of format {FORMAT}.")
    else:
        mistakes += _inconsistent(environment, results, members)
    return Examined(digest, environment, results, tuple(mistakes))


def differences(packed: Mapping[str, Any], report: Report) -> list[str]:
    """Where a run came to something else than a pack says; times do not count.

    :param packed: the pack's ``results.json``.
    """
    again = {one["id"]: one for one in as_json.document(report)["cases"]}
    found = []
    for before in packed["cases"]:
        after = again.get(before["id"])
        if after is None:
            found.append(f"{before['id']} was not run again.")
        elif _essence(before) != _essence(after):
            found.append(f"{before['id']}: {before['result']} in the pack, {after['result']} now, or by other checks.")
    return found


def digest_of(chosen: Iterable[Case]) -> str:
    """One digest for some cases, whatever is in them."""
    return hashlib.sha256("\n".join(repr(case) for case in chosen).encode()).hexdigest()


def our_version() -> str:
    """The version of this package; a checkout that is not installed has none."""
    try:
        return version("tpmock")
    except PackageNotFoundError:
        return "not installed"


def _members(report: Report, subject: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    counted = figures(report)
    yield "README.txt", _ABOUT
    yield "index.html", as_html.render(report, counted)
    yield "sheet.html", sheet.render(report)
    yield "sheet.json", _json([asdict(row) for row in sheet.rows(report)])
    yield "gaps.md", "\n".join(_gaps(report)) + "\n"
    document = as_json.document(report, counted)
    yield "results.json", _json(document)
    yield "coverage.json", _json(document["coverage"])
    yield "results.junit.xml", as_junit.render(report)
    yield "environment.json", _json(_environment(report, subject))
    for one in report.judged:
        yield f"transcripts/{one.case.id}.har", as_har.archive([one])
        yield f"repro/{one.case.id}.sh", curl.script(f"{one.case.id} {one.case.title}", one.outcome.records)


def _environment(report: Report, subject: Mapping[str, str]) -> dict[str, Any]:
    chosen = [one.case for one in report.judged]
    return {
        "format": FORMAT,
        "tpmock": our_version(),
        "python": platform.python_version(),
        "plan": report.started.plan,
        "seed": report.started.seed,
        "subject": {"name": report.started.subject, **subject},
        "cases": [case.id for case in chosen],
        "casesDigest": digest_of(chosen),
    }


def _gaps(report: Report) -> Iterator[str]:
    yield "# What this pack does not prove\n"
    yield "All of it was seen against a mock. The evidence level of a case says what its requirement rests on.\n"
    yield "## Requirements that we assume\n"
    yield from _listed(one for one in report.judged if one.case.evidence == "assumed")
    yield "\n## Not judged, or excused\n"
    for one in report.judged:
        if one.outcome.result in _OPEN or one.outcome.excuse:
            yield f"- {one.case.id} {one.case.title}: {one.outcome.result}. {one.outcome.excuse or one.outcome.reason}"
    yield "\n## For a person\n"
    yield from (
        f"- {row.id}: {row.text}. {row.why}" for row in sheet.rows(report) if row.verdict is sheet.Verdict.PERSON
    )


def _listed(judged: Iterable[Judged]) -> Iterator[str]:
    yield from (f"- {one.case.id} {one.case.title} ({one.case.clause.url})" for one in judged)


def _json(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, indent=2) + "\n"


def _altered(names: list[str], members: Mapping[str, bytes]) -> Iterator[str]:
    if len(set(names)) != len(names):
        yield "A file is in it twice."
    if MANIFEST not in members:
        yield f"{MANIFEST} is missing, so nothing in it can be checked."
        return
    listed = {}
    for line in members[MANIFEST].decode("utf-8", "replace").splitlines():
        digest, _, name = line.partition("  ")
        listed[name] = digest
    for name in sorted(listed.keys() - members.keys()):
        yield f"{name} is listed and missing."
    for name in sorted(members.keys() - listed.keys() - {MANIFEST}):
        yield f"{name} is in it and not listed."
    for name in sorted(listed.keys() & members.keys()):
        if hashlib.sha256(members[name]).hexdigest() != listed[name]:
            yield f"{name} was altered: its digest is not the listed one."


def _object(data: bytes | None) -> dict[str, Any]:
    try:
        found = json.loads(data or b"")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _inconsistent(
    environment: Mapping[str, Any], results: Mapping[str, Any], members: Mapping[str, bytes]
) -> Iterator[str]:
    summary, judged = results["summary"], results["cases"]
    if [one["id"] for one in judged] != environment["cases"]:
        yield "results.json does not have the cases that environment.json lists."
    for result in Result:
        count = sum(one["result"] == result for one in judged)
        if summary.get(str(result)) != count:
            yield f"The summary says {summary.get(str(result))} {result}, and {count} cases are."
    for one in judged:
        if one["result"] not in _OPEN and _weighed(one) != one["result"]:
            yield f"{one['id']} is {one['result']}, and its findings come to {_weighed(one)}."
        for name in (f"transcripts/{one['id']}.har", f"repro/{one['id']}.sh"):
            if name not in members:
                yield f"{name} is missing."
    for name, data in members.items():
        if name.startswith(("transcripts/", "repro/")) and _EMAIL.search(data.decode("utf-8", "replace")):
            yield f"{name} holds an e-mail address."


def _weighed(one: Mapping[str, Any]) -> Result:
    broken = {finding["level"] for finding in one["findings"] if not finding["passed"]}
    return Result.FAILED if "must" in broken else Result.WARNING if broken else Result.PASSED


def _essence(one: Mapping[str, Any]) -> Any:
    return one["result"], [(finding["check"], finding["passed"]) for finding in one["findings"]]


def known_cases(ids: Iterable[str]) -> tuple[Case, ...]:
    """The cases of a pack, as far as this version has them."""
    every = {case.id: case for case in cases.load_plan(cases.STANDARD)}
    return tuple(every[case_id] for case_id in ids if case_id in every)
