"""Code that both source folders use: package data, version, serving, file locks, the control client, environment
variables, moments, suggestions, HAR and curl.

It imports nothing else of tpmock.
Anything that only one program needs does not belong here.
"""
