"""The control API under ``/_mock``: handlers for sandboxes, clock, faults, journal, traces and both worlds.

It may import ``tpmock.sandbox`` and the packages below it.
Routes, statuses and body schemas are not defined here: ``contracts/openapi/control.yaml`` has them.
"""
