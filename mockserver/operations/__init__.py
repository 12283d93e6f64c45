"""From WSGI to a rule and back: the one pipeline through which every documented call goes."""

from mockserver.operations.pipeline import Pipeline, Result
from mockserver.operations.routes import is_vendor_host

__all__ = ["Pipeline", "Result", "is_vendor_host"]
