"""Commands, run in this process against a mock behind a socket."""
