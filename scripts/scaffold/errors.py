"""What can go wrong when the tree is changed."""


class ScaffoldError(Exception):
    """Nothing was changed; the message is one line that says why, and what to do."""
