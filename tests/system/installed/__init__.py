"""The command in separate programs: the checkout's, or the one that ``--tpmock PATH`` names."""
