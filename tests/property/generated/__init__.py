"""Calls that Schemathesis makes from the documents."""
