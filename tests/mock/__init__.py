"""The mock through HTTP, each test in process and over a socket where that can differ."""
