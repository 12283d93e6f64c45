"""The bundled destination, over SQLite and PostgreSQL, and against the mock."""
