"""Rules of the mock as tables: functions called with a sandbox's world or workspace, without HTTP.

``python -m tests.mutation`` breaks the rules line by line and runs these tests first.
"""
