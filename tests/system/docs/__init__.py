"""The documentation: every page is listed, its links lead somewhere, its examples run, its tables are current."""
