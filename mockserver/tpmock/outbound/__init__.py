"""Outbound requests of a sandbox: the sender, its HTTP client, and the runner of JavaScript functions.

It may import ``tpmock.faults``, ``tpmock.journal`` and ``tpmock.core``.
Decisions about what is sent, and to whom, do not belong here: the vendors' rules make them.
"""
