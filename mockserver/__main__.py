"""``python -m mockserver`` is ``tpmock``."""

from mockserver.cli import main

main()
