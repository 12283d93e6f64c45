"""Variants: found by text, value or evidence; one with all its values and their evidence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from flask import g, render_template, url_for
from tpmock.console.controls.blueprint import pages
from tpmock.console.views import Row, control, done, form, search
from werkzeug.wrappers import Response

#: Filter for variants whose value is not the default.
CHANGED = "changed"


@pages.get("/variants")
def variants() -> str:
    """Show the matching variants, changed ones first, and beside them the chosen one."""
    wanted = search("variant", "only", "name")
    everything = control("GET", "/variants")["variants"]
    levels = [one["level"] for one in g.client.control.call("GET", "/coverage")["levels"]]
    found = matching(everything, wanted["variant"], wanted["only"])
    chosen = next((one for one in everything if one["name"] == wanted["name"]), found[0] if found else None)
    return render_template(
        "controls-variants.html",
        wanted=wanted,
        found=found,
        total=len(everything),
        counts=counts(everything),
        levels=levels,
        chosen=chosen,
    )


def matching(variants: Sequence[Row], word: str, only: str = "") -> list[Row]:
    """Return the variants that contain a word, changed ones first.

    :param only: an evidence level, or :data:`CHANGED`; empty: all
    """
    found = [
        one
        for one in variants
        if word.lower() in f"{one['name']} {one['summary']} {' '.join(one['values'])}".lower()
        and only in ("", one["evidence"]["level"], CHANGED if _is_changed(one) else "")
    ]
    return sorted(found, key=lambda one: not _is_changed(one))


def counts(variants: Sequence[Row]) -> Counter[str]:
    """Return the number of variants by evidence level, and of changed ones."""
    return Counter(
        [*(one["evidence"]["level"] for one in variants), *(CHANGED for one in variants if _is_changed(one))]
    )


def _is_changed(variant: Row) -> bool:
    return bool(variant["value"] != variant["default"])


@pages.post("/variants")
def set_variant() -> Response:
    """Set one variant to a value, or to its default by the button for that."""
    name, value, default = form("variant", "value", "default").values()
    value = default or value
    control("PATCH", "/variants", {name: value})
    # The filters that the page had stay.
    word, only = form("word", "only").values()
    page = url_for("controls.variants", name=name, variant=word or None, only=only or None)
    return done(f"{name} is {value}.", page)
