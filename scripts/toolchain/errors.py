"""What can go wrong while installing."""


class InstallError(Exception):
    """Something cannot be had; the message is one line that says what, and how to get it."""
