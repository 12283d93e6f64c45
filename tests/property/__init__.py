"""Property-based tests: generated calls, and a model of invitations that the mock has to agree with."""
