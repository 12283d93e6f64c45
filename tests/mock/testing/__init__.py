"""The pytest plugin and interception, in test runs of their own."""
