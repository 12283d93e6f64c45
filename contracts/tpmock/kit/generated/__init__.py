"""Property-based tests: generated events and histories; what breaks an invariant becomes an ordinary case.

- ``events`` generates single events, within and beyond the schema, ``histories`` combines them, as steps of the
  kit's own vocabulary;
- ``invariants`` has the rules that must always hold;
- ``search`` runs them against a subject, shrinks a failure, and writes it to a file.

Only ``events``, ``histories`` and ``search`` need Hypothesis and Schemathesis, and are imported when asked for.

It may import ``tpmock.kit.run`` and the packages below it.
Reports and commands do not belong here.
"""
