"""Pure rules: what an event means, what Trustpilot is sent, what Segment is answered, how a setting is read.

They import nothing else of the destination.
Clock, network and database do not belong here.
"""
