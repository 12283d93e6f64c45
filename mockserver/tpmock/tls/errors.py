"""Errors that commands report, in a module that imports faster than the code that raises them."""


class AuthorityError(Exception):
    """The authority cannot be stored. The message is for the user."""
