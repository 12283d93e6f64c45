"""A Segment destination that asks Trustpilot to invite the buyer of every completed order.

A separate service: it can be moved out of this repository and deployed alone. It takes one event per request as
Segment's direct destinations send it, and calls Trustpilot's invitation API at most once per order. It may import
``tpmock.common``; the mock and the kit do not belong here.
"""
