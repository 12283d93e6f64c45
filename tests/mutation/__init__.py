"""Mutation run of the mock's rules: each line is broken, and a test has to fail.

``python -m tests.mutation`` takes Cosmic Ray's operators and some of ours, changes one place at a time in
``trustpilot``, ``segment``, ``faults`` and ``sandbox``, and runs in process the tests that reach this place, the
fastest first. A change that no test notices survives; ``survivors.yaml`` lists those that may, with the reason.
"""
