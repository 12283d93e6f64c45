"""Run a plan of the contract kit, watch it and open its report; show the kill matrix."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Final

from flask import Blueprint, Response, abort, flash, g, redirect, render_template, request, send_file, url_for
from tpmock.console import kill_picture
from tpmock.console.contract_runs import RESULTS, ContractRun, RunError, RunRequest, Runs, listed
from tpmock.console.views import Row, done, form, search
from werkzeug.wrappers import Response as AnyResponse

TITLE: Final = "Contract"
pages = Blueprint("contract", __name__)

#: Maximum number of output blocks shown, the newest; a block is a case with its findings.
SHOWN: Final = 200
#: The report is one file with an inline style sheet, without scripts, forms or external content. Only the console's
#: own page frames it.
REPORT_POLICY: Final = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'"
)
_THEMES: Final = ("light", "dark")
_TONES: Final = {"passed": "good", "failed": "bad", "warning": "warn", "not-run": "warn", "not-applicable": "calm"}
_ENDS: Final = {
    0: ("good", "Nothing failed."),
    1: ("bad", "A case failed, or could not be run."),
    2: ("bad", "The run was impossible; the output has the reason."),
    130: ("warn", "The run was stopped, with all its processes."),
}
_UNKNOWN_END: Final = ("bad", "The run ended unexpectedly.")


@pages.errorhandler(RunError)
def no_run(error: RunError) -> AnyResponse | tuple[str, int]:
    """Show the message of a run that could not start."""
    if request.method == "POST":
        flash(str(error), "problem")
        return redirect(url_for("contract.index"), 303)
    status = HTTPStatus.SERVICE_UNAVAILABLE
    return render_template("lost.html", status=int(status), sentence=str(error)), status


@pages.get("/")
def index() -> str:
    """Show the available plans, and the latest run."""
    plans = listed("cases")["plans"]
    run = _runs().latest
    return render_template(
        "contract.html",
        plans=plans,
        run=None if run is None else _shown(run),
        plan=_plan(run),
        report=_has_report(),
    )


@pages.post("/")
def start() -> AnyResponse:
    """Start a run: of a plan, of a contract file, or of a mutant with the cases that catch it."""
    contract, mutant, plan = form("contract", "mutant", "plan").values()
    if mutant:
        row = next((one for one in listed("mutants")["mutants"] if one["name"] == mutant), None)
        if row is None:
            raise RunError(f"No mutant has the name {mutant!r}.")
        asked = RunRequest("standard", mutant=mutant, cases=tuple(row["caught"]))
    elif contract:
        asked = RunRequest("", contract=contract)
    else:
        if plan not in {one["plan"] for one in listed("cases")["plans"]}:
            raise RunError(f"No plan has the name {plan!r}.")
        asked = RunRequest(plan)
    _runs().start(asked)
    return redirect(f"{url_for('contract.index')}#run", 303)


@pages.post("/stop")
def stop() -> AnyResponse:
    """Stop the run."""
    run = _runs().latest
    if run is None or not run.running:
        raise RunError("No run is in progress.")
    run.stop()
    return done("The run is being stopped.", f"{url_for('contract.index')}#run")


@pages.get("/report")
def report() -> str:
    """Show the report of the latest run inside the console's frame."""
    _written("html")
    return render_template("contract-report.html", run=_shown(_latest()))


@pages.get("/report.html")
def report_alone() -> Response:
    """Return the report of the latest run, one file that needs nothing else.

    In the frame it has the colors of the page around it, which are not always those of the browser.
    """
    content = _written("html").read_bytes()
    if request.args.get("theme") in _THEMES:
        content = content.replace(b"<html ", f'<html data-theme="{request.args["theme"]}" '.encode(), 1)
    answer = Response(content, mimetype="text/html")
    answer.headers["Content-Security-Policy"] = REPORT_POLICY
    return answer


@pages.get("/results")
def results() -> Response:
    """Return the results as JSON."""
    return send_file(_written("json"), "application/json", as_attachment=True, download_name="contract-results.json")


@pages.get("/evidence")
def evidence() -> Response:
    """Return the evidence pack."""
    return send_file(_written("evidence"), "application/zip", as_attachment=True, download_name="contract-evidence.zip")


@pages.get("/matrix")
def matrix() -> str:
    """Show every mutant, and the cases that catch it."""
    mutants = listed("mutants")["mutants"]
    word = search("word")["word"]
    found = [
        one for one in mutants if word.lower() in f"{one['name']} {one['wrong']} {' '.join(one['caught'])}".lower()
    ]
    cases = {case for one in mutants for case in one["caught"]}
    return render_template(
        "matrix.html",
        mutants=found,
        total=len(mutants),
        cases=len(cases),
        word=word,
        picture=kill_picture.drawn(found) if found else None,
        report=_has_report(),
    )


def _runs() -> Runs:
    runs: Runs = g.runs
    return runs


def _latest() -> ContractRun:
    run = _runs().latest
    if run is None:
        abort(404, "No run was started yet.")
    return run


def _written(kind: str) -> Path:
    run = _runs().latest
    path = None if run is None else run.report(kind)
    if path is None:
        abort(404, "No report exists: it is written at the end of a run.")
    return path


def _has_report() -> bool:
    run = _runs().latest
    return run is not None and run.report("html") is not None


def progress(counts: Mapping[str, int], total: int | None) -> list[Row]:
    """Return the parts of a progress bar of 100 units, one per result.

    :param counts: finished cases by result
    :param total: number of cases; None if it is not known, then the bar shows the finished ones only
    """
    most = max(total or 0, sum(counts.values())) or 1
    parts: list[Row] = []
    begins = 0.0
    for result, count in counts.items():
        if count:
            width = count * 100 / most
            tone = _TONES[result]
            parts.append(
                {"result": result, "count": count, "tone": tone, "x": round(begins, 3), "width": round(width, 3)}
            )
            begins += width
    return parts


def _plan(run: ContractRun | None) -> str:
    """Return the preselected plan: the last one that ran, or the shortest."""
    return run.request.plan if run is not None and run.request.plan and not run.request.mutant else "quick"


def _shown(run: ContractRun) -> Row:
    asked, code = run.request, run.exit_code
    tone, sentence = ("calm", "") if code is None else _ENDS.get(code, _UNKNOWN_END)
    blocks = _blocks(run.lines)
    total = None if asked.contract else len(asked.cases) or _cases_of(asked.plan)
    return {
        "subject": asked.contract or (f"the mutant {asked.mutant}" if asked.mutant else "the bundled destination"),
        "by": "its plans" if asked.contract else "the cases that catch it" if asked.mutant else asked.plan,
        "mutant": bool(asked.mutant),
        "running": run.running,
        "tone": tone,
        "sentence": sentence,
        "counts": {result: count for result, count in run.counts.items() if count},
        "total": total,
        "parts": progress(run.counts, total),
        "blocks": blocks[-SHOWN:][::-1],
        "hidden": max(len(blocks) - SHOWN, 0),
        "report": run.report("html") is not None,
        "evidence": run.report("evidence") is not None,
    }


def _cases_of(plan: str) -> int | None:
    return next((one["cases"] for one in listed("cases")["plans"] if one["plan"] == plan), None)


def _blocks(lines: Iterable[str]) -> list[Row]:
    """Group the lines: each unindented line with the indented lines below it."""
    blocks: list[Row] = []
    for line in lines:
        if blocks and line.startswith(" "):
            blocks[-1]["more"].append(line)
            continue
        result, _, rest = line.partition(" ")
        known = result in RESULTS
        blocks.append(
            {
                "result": result if known else "",
                "tone": _TONES.get(result, "calm"),
                "text": rest.strip() if known else line,
                "more": [],
            }
        )
    return blocks
