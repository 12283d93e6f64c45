"""The client of Trustpilot: transport, tokens, invitations, the partner's calls.

It may import storage, rules, configuration and metrics.
Decisions about events do not belong here: the rules make them.
"""
