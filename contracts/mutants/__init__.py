"""Destinations, programs and APIs that are wrong in exactly one way each, to prove that the contract kit notices.

Run one with ``python -m contracts.mutants NAME --port 0``, in the environment that the kit gives to every subject.
"""
