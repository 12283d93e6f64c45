"""Segment's rules: tracking API, deliveries, functions, Public API and Engage, their records and the workspace.

It may import ``tpmock.outbound``, ``tpmock.journal``, ``tpmock.core`` and ``tpmock.spec``.
Flask, the request, the sandbox and Trustpilot's rules do not belong here: handlers get what they need.
"""
