"""``python -m contracts.kit``: the same as ``tpmock test``."""

from contracts.kit.cli import test

test(prog_name="tpmock test")
