"""Segment's half: the workspace of a sandbox, what it takes in and what it delivers."""
