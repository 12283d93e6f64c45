"""Cases as data: the case files, the claims they need, their events, templates and wording.

It may import ``tpmock.spec`` and ``tpmock.common``.
Nothing that runs a case or calls a program belongs here.
"""
