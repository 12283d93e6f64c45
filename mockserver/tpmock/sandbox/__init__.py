"""Sandboxes: their state, clock and scheduler, the registry of all, state file and world file.

It may import ``tpmock.trustpilot``, ``tpmock.segment`` and the packages below them.
HTTP does not belong here: a sandbox is the same over a socket and in process.
"""
