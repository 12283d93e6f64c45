"""A state machine that calls the mock and keeps what must be true."""
