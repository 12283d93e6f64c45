"""The record of a sandbox: exchanges, traces, masking of secrets, erasure of people, HAR and curl export.

It may import ``tpmock.core``.
Rules of a vendor and code that answers requests do not belong here.
"""
