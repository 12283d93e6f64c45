"""The command ``tpmock``, one module per subcommand, and the demo.

It may import the server and the packages below it; the kit's and the destination's subcommands are entry points.
It contains no behavior of the mock: a subcommand talks to a running mock over the control API.
"""
