"""Which requests are traced: decided before the SDK is asked, which makes objects before a sampler may refuse them."""

from __future__ import annotations

import threading

from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import TraceIdRatioBased
from opentelemetry.trace import SpanContext

_FOLLOWS_CALLER = "parentbased_"
_SHARES = {"always_on": 1.0, "always_off": 0.0}


class Sampling:
    """Decides as the SDK's own sampler of the same name.

    Args:
        sampler: a value of OTEL_TRACES_SAMPLER.
        share: OTEL_TRACES_SAMPLER_ARG, the share of traces that the samplers by ratio let through.
    """

    def __init__(self, sampler: str, share: float) -> None:
        self._follows_caller = sampler.startswith(_FOLLOWS_CALLER)
        self._bound = TraceIdRatioBased(_SHARES.get(sampler.removeprefix(_FOLLOWS_CALLER), share)).bound

    def drops(self, trace_id: int, caller: SpanContext) -> bool:
        """Tell whether a request leaves no trace.

        Args:
            trace_id: id of its trace; every service decides alike on the same id.
            caller: the span that asks, not valid if there is none.
        """
        if self._follows_caller and caller.is_valid:
            return not caller.trace_flags.sampled
        return trace_id & TraceIdRatioBased.TRACE_ID_LIMIT >= self._bound


class TraceIds(RandomIdGenerator):
    """Makes ids, and lets the SDK use the one by which its request was decided."""

    def __init__(self) -> None:
        self._decided = threading.local()

    def use(self, trace_id: int) -> None:
        """Make an id that of the next trace that this thread begins."""
        self._decided.trace_id = trace_id

    def generate_trace_id(self) -> int:
        """Return the id to use, or a new one."""
        decided: int | None = vars(self._decided).pop("trace_id", None)
        return decided or super().generate_trace_id()
