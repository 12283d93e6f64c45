"""Deliberately broken destinations, programs and APIs, each in exactly one way, to test the contract kit (mutants).

Run one with ``python -m tpmock.mutants NAME --port 0``, in the environment that the kit gives to every subject.
It may import the destination and Flask. A second defect in one mutant does not belong here.
"""
