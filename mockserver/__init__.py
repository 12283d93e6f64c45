"""A local Trustpilot and a local Segment in one process."""
