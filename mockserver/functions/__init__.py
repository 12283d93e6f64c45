"""Destination functions: the user's own JavaScript, run by the Node.js of this machine."""
