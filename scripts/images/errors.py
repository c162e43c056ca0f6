"""What can go wrong on the way to an image."""


class ImagesError(Exception):
    """An image cannot be had; the message is one line that says what, and what to do."""
