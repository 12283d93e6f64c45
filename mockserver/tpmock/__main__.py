"""``python -m tpmock`` is ``tpmock``."""

from tpmock.cli.main import main

main()
