"""The commands ``test``, ``evidence``, ``drift`` and ``init``, and their options.

It may import every package of the kit but ``tpmock.kit.pytest``.
Logic that pytest needs too does not belong here.
"""
