"""Reports: each listens to a run and writes it in its own format.

It may import ``tpmock.kit.run`` and the packages below it.
Nothing that decides the result of a case belongs here.
"""
