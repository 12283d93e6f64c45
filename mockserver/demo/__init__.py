"""``tpmock demo``: the ten minutes in which a partner shows an integration, played against the running parts.

Everything is done as any program would do it, over HTTP: the mock by its APIs, the destination by its own.
"""
