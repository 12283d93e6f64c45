"""Tests, a folder for each part; ``system`` tests what is installed and what is written about it."""
