"""Reports: each listens to a run and writes it down in its own way."""
