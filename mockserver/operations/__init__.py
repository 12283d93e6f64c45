"""From WSGI to a rule and back: the one pipeline through which every documented call goes."""

from mockserver.operations.gate import Gate
from mockserver.operations.pipeline import Pipeline
from mockserver.operations.recording import Result
from mockserver.operations.routes import is_vendor_host

__all__ = ["Gate", "Pipeline", "Result", "is_vendor_host"]
