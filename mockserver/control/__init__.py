"""The API under ``/_mock``: how a test, a script or a person steers the mock."""
