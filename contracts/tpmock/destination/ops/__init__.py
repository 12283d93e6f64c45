"""Operation of the destination: the command, the start, administration.

It may import everything of the destination.
Rules do not belong here.
"""
