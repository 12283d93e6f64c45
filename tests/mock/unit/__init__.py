"""Rules and small parts of the mock, called as functions."""
