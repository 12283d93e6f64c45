"""Destinations that are wrong in exactly one way each, to prove that the contract kit notices.

Run one with ``python -m contracts.mutants NAME --port 0``; it takes the same environment as the real destination.
"""
