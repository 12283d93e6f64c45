"""The generated parts of the documentation; ``python -m tests.support.doc_tables --write`` updates them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

import yaml
from tpmock import spec
from tpmock.common import package_data
from tpmock.core import reference_data
from tpmock.core.settings_file import SETTINGS
from tpmock.faults import KINDS, grammar, trigger_addresses
from tpmock.faults.effects import OUT, TRUSTPILOT
from tpmock.kit.cases import case_files
from tpmock.kit.vocabulary import checks, steps
from tpmock.sandbox.sandbox import variants

from tests.support.doc_commands import commands, common_options
from tests.support.doc_schemas import members
from tests.support.pages import DOCS, index, page
from tests.support.tables import Parts, table, with_parts

#: The vendors' APIs with the headings of their tables.
_APIS: Final = {
    "trustpilot": "Trustpilot",
    "segment-tracking": "Segment: tracking",
    "segment-public": "Segment: Public API",
    "segment-destination": "Segment: what the mock sends to a destination",
}


def operations() -> str:
    """Every operation of the vendors' APIs with the statuses and the weakest evidence among them."""

    def rows(api: str) -> Iterator[tuple[str, ...]]:
        for operation in spec.load(api).operations.values():
            levels = [response.evidence.weakest for response in operation.responses.values()]
            statuses = ", ".join(operation.responses)
            weakest = max(levels, key=list(spec.LEVELS).index)
            host = min(host for host in operation.hosts if not host.endswith(".localhost"))
            yield f"`{operation.id}`", f"{operation.method} {host}{operation.path}", statuses, weakest

    head = ("operation", "request", "statuses", "weakest evidence")
    return "\n\n".join(f"## {title}\n\n{table(*head, rows=rows(api))}" for api, title in _APIS.items())


def control() -> str:
    """Every call of the control API, by subject."""
    document = yaml.safe_load(package_data.path("openapi", "control.yaml").read_text(encoding="utf-8"))
    of: dict[str, list[tuple[str, str]]] = {tag["name"]: [] for tag in document["tags"]}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if method != "parameters":
                of[operation["tags"][0]].append((f"{method.upper()} `{path}`", operation["summary"]))
    about = {tag["name"]: tag["description"] for tag in document["tags"]}
    tables = (f"## {tag}\n\n{about[tag]}.\n\n{table('request', 'purpose', rows=rows)}" for tag, rows in of.items())
    return "\n\n".join(tables)


def levels() -> str:
    """The levels of evidence."""
    return table("level", "meaning", rows=((level, meaning) for level, meaning in spec.LEVELS.items()))


def switches() -> str:
    """Every variant."""

    def rows() -> Iterator[tuple[str, ...]]:
        for variant in variants().values():
            others = [value for value in variant.values if value != variant.default]
            yield f"`{variant.name}`", variant.summary, f"**{variant.default}**, {', '.join(others)}"

    return table("variant", "decides", "values, the default in bold", rows=rows())


def contradictions() -> str:
    """Every contradiction with what decides it."""

    def rows() -> Iterator[tuple[str, ...]]:
        for entry in (entry for api in spec.APIS for entry in spec.load(api).contradictions):
            decided = f"variant `{entry.variant}`" if entry.variant else str(entry.settled)
            yield entry.topic, "; ".join(entry.sides), decided

    return table("topic", "sources say", "the mock", rows=rows())


def vocabulary(kind: str) -> str:
    """Every step or check of the contract kit."""
    means = case_files.vocabulary(kind)
    names: Iterable[str] = steps.STEPS if kind == "step" else checks.CHECKS
    return table(kind, "meaning", rows=((f"`{name}`", f"{means[name]}.") for name in names))


def faults() -> str:
    """Every fault kind, and the address that triggers it."""
    affected: dict[tuple[str, ...], str] = {(OUT,): "outbound", (TRUSTPILOT,): "inbound, Trustpilot"}
    by_address = trigger_addresses.kinds()

    def rows() -> Iterator[tuple[str, ...]]:
        for kind in KINDS.values():
            where = affected.get(kind.rooms, "inbound, outbound" if OUT in kind.rooms else "inbound")
            address = f"`{trigger_addresses.example(kind)}@example.com`" if kind in by_address else ""
            yield f"`{grammar.example(kind)}`", kind.meaning, where, ", ".join(kind.whens), address

    return table("fault", "effect", "requests", "before or after the work", "trigger email address", rows=rows())


def fault_words() -> str:
    """What may stand behind a fault kind."""
    return table("word", "meaning", rows=((f"`{word}`", meaning) for word, meaning in grammar.modifiers().items()))


def settings() -> str:
    """Every setting of a project."""

    def rows() -> Iterator[tuple[str, ...]]:
        for setting in SETTINGS.values():
            takers = [f"`tpmock {name}`" for name in setting.commands] + (["pytest"] if setting.in_pytest else [])
            yield f"`{setting.name}`", f"`{setting.variable}`", setting.meaning, setting.form, ", ".join(takers)

    return table("key", "environment variable", "meaning", "value", "used by", rows=rows())


def function_globals() -> str:
    """Every global that Segment documents for functions."""
    has = {"node": "Node.js's own", "mock": "the mock's own", "package": "your package", "none": "not there"}

    def rows() -> Iterator[tuple[str, ...]]:
        for row in reference_data.read("function-globals"):
            package = f"`{row['package']}` {row.get('version', '')}".strip() if "package" in row else "Node.js's own"
            yield f"`{row['global']}`", package, has[row["has"]], row.get("note", "")

    return table("global", "at Segment", "in the mock", "note", rows=rows())


def pages() -> str:
    """Every page with the sentence that says what it is for."""

    def parts() -> Iterator[str]:
        for section, paths in index().items():
            lines = [page(DOCS / path).text.splitlines() for path in paths]
            listed = "\n".join(
                f"- [{head[0].removeprefix('# ')}]({path}): {head[2]}"
                for path, head in zip(paths, lines, strict=True)
                if path != "index.md"
            )
            yield f"## {section}\n\n{listed}"

    return "\n" + "\n\n".join(parts()) + "\n"


#: The pages with generated parts.
PAGES: Final[dict[str, Parts]] = {
    "index.md": {"pages": pages},
    "concepts/evidence-and-variants.md": {"levels": levels},
    "reference/commands.md": {"commands": commands, "common options": common_options},
    "reference/settings.md": {"settings": settings},
    "reference/function-globals.md": {"function globals": function_globals},
    "reference/operations.md": {"operations": operations},
    "reference/faults.md": {"faults": faults, "fault words": fault_words},
    "reference/variants.md": {"variants": switches},
    "reference/contradictions.md": {"contradictions": contradictions},
    "reference/control-api.md": {"control": control},
    "reference/cases-and-checks.md": {
        "steps": lambda: vocabulary("step"),
        "checks": lambda: vocabulary("check"),
    },
    "reference/world-file.md": {"world": lambda: members("world")},
    "reference/case-file.md": {"case": lambda: members("case")},
    "reference/contract-toml.md": {"contract": lambda: members("contract")},
}


def current(name: str, text: str) -> str:
    """Return the text of a page with its generated parts made anew."""
    return with_parts(text, PAGES[name])


def rewrite(path: Path, make: Callable[[str], str]) -> None:
    path.write_text(make(path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    from tests.destination.own_tables import DESTINATION_README, of_destination
    from tests.support import troubleshooting

    if sys.argv[1:] != ["--write"]:
        raise SystemExit("usage: python -m tests.support.doc_tables --write")
    for name, parts in PAGES.items():
        rewrite(DOCS / name, lambda text, parts=parts: with_parts(text, parts))  # type: ignore[misc]
    rewrite(DESTINATION_README, of_destination)
    rewrite(troubleshooting.PAGE, lambda _: troubleshooting.page())
