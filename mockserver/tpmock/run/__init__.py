"""Runs any program with Trustpilot's and Segment's host names redirected to a mock, for it and its children only.

A proxy on loopback answers for the vendors' names, environment variables make programs use and trust it,
and a small file for each runtime that ignores such variables does the same in the program (decision 0202).
"""
