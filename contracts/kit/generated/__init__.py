"""Made-up events and histories: what nobody has thought of is tried, and what breaks becomes an ordinary case.

- ``events`` makes single events, within and beyond the schema, ``histories`` puts them into stories, as steps of the
  kit's own vocabulary;
- ``invariants`` says what must hold whatever happens;
- ``search`` plays them against a subject and makes a failure as small as it can, ``found`` writes it down.

Only ``events``, ``histories`` and ``search`` need Hypothesis and Schemathesis, and are imported when asked for.
"""
