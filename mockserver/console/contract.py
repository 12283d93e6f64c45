"""Run a plan of the contract kit, watch it, open its report; and the kill matrix, which judges the judge."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from flask import Blueprint, Response, abort, flash, g, redirect, render_template, request, send_file, url_for
from werkzeug.wrappers import Response as AnyResponse

from mockserver.contract_runs import RESULTS, Run, RunError, Runs, Wanted, listed

TITLE: Final = "Contract"
pages = Blueprint("contract", __name__)

#: Of what a run says so many blocks are shown, the newest; a block is a case with its findings.
SHOWN: Final = 200
#: The report is one file with a style sheet inside. It runs nothing, sends nothing and loads nothing.
REPORT_POLICY: Final = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
_TONES: Final = {"passed": "good", "failed": "bad", "warning": "warn", "not-run": "warn", "not-applicable": "calm"}
_ENDS: Final = {
    0: ("good", "Nothing failed."),
    1: ("bad", "Something failed, or could not be judged."),
    2: ("bad", "The run was impossible; why stands below."),
    130: ("warn", "The run was stopped, and everything it had started with it."),
}
_UNKNOWN_END: Final = ("bad", "The run broke off.")

Row = dict[str, Any]


@pages.errorhandler(RunError)
def no_run(error: RunError) -> AnyResponse | tuple[str, int]:
    """Nothing came of it, and the sentence says why."""
    if request.method == "POST":
        flash(str(error), "problem")
        return redirect(url_for("contract.index"), 303)
    status = HTTPStatus.SERVICE_UNAVAILABLE
    return render_template("lost.html", status=int(status), sentence=str(error)), status


@pages.get("/")
def index() -> str:
    """What can be run, and the newest run."""
    plans = listed("--list")["plans"]
    run = _runs().latest
    return render_template("contract.html", plans=plans, run=None if run is None else _shown(run), plan=_plan(run))


@pages.post("/")
def start() -> AnyResponse:
    """Start a run: of a plan, of what a file describes, or of a mutant by the cases that catch it."""
    contract, mutant = (request.form.get(name, "").strip() for name in ("contract", "mutant"))
    plan = request.form.get("plan", "")
    if mutant:
        row = next((one for one in listed("--mutants")["mutants"] if one["name"] == mutant), None)
        if row is None:
            raise RunError(f"There is no mutant {mutant!r}.")
        wanted = Wanted("standard", mutant=mutant, cases=tuple(row["caught"]))
    elif contract:
        wanted = Wanted("", contract=contract)
    else:
        if plan not in {one["plan"] for one in listed("--list")["plans"]}:
            raise RunError(f"There is no plan {plan!r}.")
        wanted = Wanted(plan)
    _runs().start(wanted)
    return redirect(f"{url_for('contract.index')}#run", 303)


@pages.post("/stop")
def stop() -> AnyResponse:
    """End the run."""
    run = _runs().latest
    if run is None or not run.running:
        raise RunError("No run is under way.")
    run.stop()
    flash("The run is being stopped.", "done")
    return redirect(f"{url_for('contract.index')}#run", 303)


@pages.get("/report")
def report() -> Response:
    """The report of the newest run, as it was written."""
    answer = Response(_written("html").read_bytes(), mimetype="text/html")
    answer.headers["Content-Security-Policy"] = REPORT_POLICY
    return answer


@pages.get("/results")
def results() -> Response:
    """The same for programs."""
    return send_file(_written("json"), "application/json", as_attachment=True, download_name="contract-results.json")


@pages.get("/evidence")
def evidence() -> Response:
    """The evidence pack."""
    return send_file(_written("evidence"), "application/zip", as_attachment=True, download_name="contract-evidence.zip")


@pages.get("/matrix")
def matrix() -> str:
    """Every program that is wrong on purpose, and what catches it."""
    mutants = listed("--mutants")["mutants"]
    word = request.args.get("word", "").strip()
    found = [
        one for one in mutants if word.lower() in f"{one['name']} {one['wrong']} {' '.join(one['caught'])}".lower()
    ]
    cases = {case for one in mutants for case in one["caught"]}
    return render_template("matrix.html", mutants=found, total=len(mutants), cases=len(cases), word=word)


def _runs() -> Runs:
    runs: Runs = g.runs
    return runs


def _written(kind: str) -> Path:
    run = _runs().latest
    path = None if run is None else run.report(kind)
    if path is None:
        abort(404, "There is no report: it is written when a run has come to its end.")
    return path


def _plan(run: Run | None) -> str:
    """What the form offers: the plan that was run last, else the shortest."""
    return run.wanted.plan if run is not None and run.wanted.plan and not run.wanted.mutant else "quick"


def _shown(run: Run) -> Row:
    wanted, code = run.wanted, run.exit_code
    tone, sentence = ("calm", "") if code is None else _ENDS.get(code, _UNKNOWN_END)
    blocks = list(_blocks(run.lines))
    return {
        "subject": wanted.contract or (f"the mutant {wanted.mutant}" if wanted.mutant else "the bundled destination"),
        "by": "its own plans" if wanted.contract else "the cases that catch it" if wanted.mutant else wanted.plan,
        "mutant": bool(wanted.mutant),
        "running": run.running,
        "tone": tone,
        "sentence": sentence,
        "counts": {result: count for result, count in run.counts.items() if count},
        "total": None if wanted.contract else len(wanted.cases) or _cases_of(wanted.plan),
        "blocks": blocks[-SHOWN:][::-1],
        "hidden": max(len(blocks) - SHOWN, 0),
        "report": run.report("html") is not None,
        "evidence": run.report("evidence") is not None,
    }


def _cases_of(plan: str) -> int | None:
    return next((one["cases"] for one in listed("--list")["plans"] if one["plan"] == plan), None)


def _blocks(lines: Iterable[str]) -> Iterable[Row]:
    """A line that begins at the left, with those below that belong to it."""
    block: Row | None = None
    for line in lines:
        if block is not None and line.startswith(" "):
            block["more"].append(line)
            continue
        if block is not None:
            yield block
        result = line.partition(" ")[0]
        known = result in RESULTS
        block = {
            "result": result if known else "",
            "tone": _TONES.get(result, "calm"),
            "text": line.partition(" ")[2].strip() if known else line,
            "more": [],
        }
    if block is not None:
        yield block
