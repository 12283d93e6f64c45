"""``tpmock demo``: a ten-minute partner demo of an integration, run against the mock and the destination.

Everything runs over HTTP, as any other program would do it: through the APIs of the mock and of the destination. It may
import what ``tpmock.cli`` may; it contains no behavior of the mock.
"""

from tpmock.cli.demo.command import demo

__all__ = ["demo"]
