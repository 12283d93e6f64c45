"""Clients that generators make from the documents, calling a running mock. ``node`` needs Node's tools and says how."""
