"""From WSGI to a rule and back: the one pipeline through which every documented call goes."""

from mockserver.operations.pipeline import Pipeline, Result

__all__ = ["Pipeline", "Result"]
