"""Trustpilot's rules: handlers by chapter of its reference, the records (``model``) and the world that holds them.

It may import ``tpmock.outbound``, ``tpmock.journal``, ``tpmock.core`` and ``tpmock.spec``.
Flask, the request, the sandbox and Segment's rules do not belong here: handlers get what they need.
"""
