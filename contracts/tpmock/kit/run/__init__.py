"""Runs cases in an environment and yields events.

It may import ``tpmock.kit.vocabulary`` and the packages below it.
Reports do not belong here: they listen to the events.
"""
