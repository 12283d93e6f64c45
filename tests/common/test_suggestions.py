"""Suggestions for mistyped names."""

from __future__ import annotations

import pytest
from tpmock.common.suggestions import closest, did_you_mean

KNOWN = ("businessUnitId", "page", "perPage")


@pytest.mark.parametrize("word", ["bussinessUnitId", "BUSINESSUNITID", "businessunitid"])
def test_the_most_similar_name_is_found_in_its_own_spelling(word: str) -> None:
    assert closest(word, KNOWN) == "businessUnitId"


def test_the_cutoff_decides_how_similar_it_has_to_be() -> None:
    assert closest("unit", KNOWN) is None
    assert closest("unit", KNOWN, cutoff=0.4) == "businessUnitId"


def test_a_sentence_names_the_similar_one_or_all() -> None:
    assert did_you_mean("pgae", KNOWN) == "Did you mean 'page'?"
    assert did_you_mean("zzz", KNOWN) == "There are businessUnitId, page, perPage."


def test_the_end_of_a_known_name_is_meant_for_it() -> None:
    known = ["productSkus", "products"]
    assert closest("skus", known) == "productSkus"
    assert closest("kus", known) is None
