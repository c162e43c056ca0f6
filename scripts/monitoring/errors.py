"""What can go wrong while writing."""


class MonitoringError(Exception):
    """A file cannot be generated, or is not what it should be; the message is one line, and says what to do."""
