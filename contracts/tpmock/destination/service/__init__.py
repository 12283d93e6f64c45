"""The service: events, erasure, onboarding, and the assembly of the parts.

It may import the client of Trustpilot and everything below it.
HTTP requests and pages do not belong here.
"""
