"""What a gate can say other than yes."""


class PipelineError(Exception):
    """Something stops the pipeline; the message is one line that says what, and what to do."""

    status = 1


class RefusedError(PipelineError):
    """A gate has looked, and does not let it through."""


class NotCheckedError(PipelineError):
    """A gate could not look, because a program, a setting or the network is missing: that is never a pass."""

    status = 2
