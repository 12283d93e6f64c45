"""Right designs of a destination as subjects: each has to pass the plan standard with the claims that describe it.

``destination.py`` and ``destination.js`` are real programs, whose environment chooses the design. Nothing of tpmock
comes in: they could be a user's own. ``python -m tests.kit.designs`` plays the whole plan against each.
"""
