"""The demo of a partner's presentation."""
