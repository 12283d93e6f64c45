"""A Segment destination that asks Trustpilot to invite the buyer of every completed order.

A service of its own: it can be lifted out of this repository and deployed alone. It takes one event per request as
Segment's direct destinations send it, and calls Trustpilot's invitation API at most once per order.
"""
