"""Subcommands of ``tpmock`` that steer a mock that runs: the control API from a shell, one module a noun."""
