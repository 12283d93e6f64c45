"""Building blocks of the mock: clock, timeline, seeded ids, bounded maps, handler results, problems, hints.

It may import ``tpmock.spec`` and ``tpmock.common``, and no other package of the mock.
Rules of a vendor, input and output, and web frameworks do not belong here.
"""
