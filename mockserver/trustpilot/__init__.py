"""Trustpilot's half: the world of a sandbox and the rules of its API, one module per chapter of the reference."""
