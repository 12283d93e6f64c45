"""TLS of the mock: the local authority, certificates for the vendors' names, and a TLS server for other components."""
