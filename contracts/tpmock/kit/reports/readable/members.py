"""The files of an evidence pack, made from the document of its run; and what is wrong with files that claim to be."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from tpmock.kit.reports.readable import derived
from tpmock.kit.reports.readable.archives import archive
from tpmock.kit.reports.readable.derived import OPEN, Data, requirement_rows, weighed
from tpmock.kit.reports.readable.html_report import report
from tpmock.kit.reports.readable.html_sheet import sheet
from tpmock.kit.reports.readable.junit import junit
from tpmock.kit.reports.readable.scripts import script
from tpmock.kit.reports.readable.texts import gaps

FORMAT: Final = 2
RESULTS_FILE: Final = "results.json"
MANIFEST: Final = "MANIFEST.sha256"
#: Where a pack holds the program that verifies it, and the program itself.
VERIFIER, VERIFY = "verifier/", "verify.py"

_EMAIL: Final = re.compile(r"(?<![\w.+-])[\w.+-]++@(?!redacted\.example\b)[\w-]++\.[\w-]")


def members(run: Data) -> dict[str, bytes]:
    """Return every file that follows from a run, by name; all but the manifest and the verifier."""
    about = run["run"]
    environment = {
        **{name: about[name] for name in ("format", "tpmock", "python", "plan", "seed", "subject")},
        "cases": [one["id"] for one in run["cases"]],
        "casesDigest": about["casesDigest"],
    }
    texts = {
        "README.txt": Path(__file__).with_name("README.txt").read_text(encoding="utf-8"),
        "index.html": report(run),
        "sheet.html": sheet(run),
        "sheet.json": _json(requirement_rows(run)),
        "gaps.md": gaps(run),
        RESULTS_FILE: _json(run),
        "coverage.json": _json(run["coverage"]),
        "results.junit.xml": junit(run),
        "environment.json": _json(environment),
    }
    for one in run["cases"]:
        texts[f"transcripts/{one['id']}.har"] = archive([one], about["tpmock"])
        texts[f"repro/{one['id']}.sh"] = script(f"{one['id']} {one['title']}", one["records"])
    return {name: text.encode("utf-8", "replace") for name, text in texts.items()}


def manifest(found: Mapping[str, bytes]) -> bytes:
    """Return the digests of all other files."""
    lines = [f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in sorted(found.items())]
    return "".join(lines).encode()


def mistakes(found: Mapping[str, bytes]) -> Iterator[str]:
    """Yield what is wrong with the files of a pack, as sentences; nothing when all is well.

    Digests show damage. Then everything that people read is made again from ``results.json``, and what ``results.json``
    says of a case has to follow from the findings of that case.
    """
    yield from _damage(found)
    try:
        run = json.loads(found.get(RESULTS_FILE, b""))
        again = members(derived.document(run))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as problem:
        yield f"{RESULTS_FILE} is not the document of a pack of format {FORMAT}: {type(problem).__name__}."
        return
    if run["run"].get("format") != FORMAT:
        yield f"{RESULTS_FILE} says format {run['run'].get('format')!r}; this verifier reads format {FORMAT}."
    yield from _unsound(run)
    expected = again | {name: data for name, data in found.items() if _is_program(name)}
    for name in sorted(again.keys() - found.keys()):
        yield f"{name} is missing."
    for name in sorted(found.keys() - expected.keys() - {MANIFEST}):
        yield f"{name} does not belong to a pack: {RESULTS_FILE} does not refer to it."
    for name in sorted(again.keys() & found.keys()):
        if again[name] != found[name]:
            place = _place(again[name], found[name])
            yield f"{name} does not match {RESULTS_FILE}: made again, it differs {place}."


def _is_program(name: str) -> bool:
    return name == VERIFY or name.startswith(VERIFIER)


def _damage(found: Mapping[str, bytes]) -> Iterator[str]:
    if MANIFEST not in found:
        yield f"{MANIFEST} is missing."
        return
    listed = {}
    for line in found[MANIFEST].decode("utf-8", "replace").splitlines():
        digest, _, name = line.partition("  ")
        listed[name] = digest
    for name in sorted(listed.keys() - found.keys()):
        yield f"{name} is listed in {MANIFEST} and missing."
    for name in sorted(found.keys() - listed.keys() - {MANIFEST}):
        yield f"{name} is not listed in {MANIFEST}."
    for name in sorted(listed.keys() & found.keys()):
        if hashlib.sha256(found[name]).hexdigest() != listed[name]:
            yield f"{name} was altered: its digest is not the one in {MANIFEST}."


def _unsound(run: Data) -> Iterator[str]:
    for one in run["cases"]:
        if one["result"] not in derived.RESULTS:
            yield f"{one['id']} has the result {one['result']!r}, which does not exist."
        elif one["result"] not in OPEN and weighed(one) != one["result"]:
            yield f"{one['id']} is {one['result']}, but its findings result in {weighed(one)}."
        elif one["result"] not in OPEN and not one["findings"]:
            yield f"{one['id']} is {one['result']} without a finding."
        elif one["result"] in OPEN and weighed(one) != "passed":
            yield f"{one['id']} is {one['result']}, but it has findings that result in {weighed(one)}."
    ids = [one["id"] for one in run["cases"]]
    for case_id in sorted({one for one in ids if ids.count(one) > 1}):
        yield f"{case_id} is in it twice."
    if _EMAIL.search(json.dumps(run, ensure_ascii=False)):
        yield f"{RESULTS_FILE} contains an e-mail address."


def _place(expected: bytes, found: bytes) -> str:
    """Return where two texts begin to differ."""
    pairs = zip(expected.splitlines(), found.splitlines(), strict=False)
    number = next((number for number, (one, other) in enumerate(pairs, 1) if one != other), None)
    return "in its length" if number is None else f"from line {number} on"


def _json(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, indent=2) + "\n"
