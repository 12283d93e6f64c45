"""``python -m tpmock.kit``: the same as ``tpmock test``."""

from tpmock.kit.cli.test_command import test

test(prog_name="tpmock test")
