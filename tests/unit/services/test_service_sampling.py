"""Requests are traced as the SDK's samplers would have it, though the SDK is asked only about those that are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.sdk.environment_variables import OTEL_TRACES_SAMPLER, OTEL_TRACES_SAMPLER_ARG
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import INVALID_SPAN, NonRecordingSpan, SpanContext, TraceFlags, set_span_in_context

from chassis.sampling import Sampling
from chassis.telemetry import Telemetry
from chassis.tracecontext import inject

TRACE, CALLER = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
SAMPLERS = ("always_on", "always_off", "traceidratio")
NAMES = [*SAMPLERS, *(f"parentbased_{name}" for name in SAMPLERS)]
TENTH = Sampling("parentbased_traceidratio", 0.1)


def caller(flags, state=""):
    return {"traceparent": f"00-{TRACE}-{CALLER}-{flags}"} | ({"tracestate": state} if state else {})


@pytest.mark.parametrize("name", NAMES)
@given(
    share=st.floats(0, 1),
    trace_id=st.integers(1, 2**128 - 1),
    flags=st.none() | st.integers(0, 255),
)
def test_decides_as_the_sampler_of_the_sdk(name, share, trace_id, flags):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(OTEL_TRACES_SAMPLER, name)
        patch.setenv(OTEL_TRACES_SAMPLER_ARG, str(share))
        sampler = TracerProvider().sampler
    parent = INVALID_SPAN
    if flags is not None:
        parent = NonRecordingSpan(SpanContext(trace_id, 1, is_remote=True, trace_flags=TraceFlags(flags)))
    wanted = sampler.should_sample(set_span_in_context(parent), trace_id, "GET").decision.is_sampled()
    assert Sampling(name, share).drops(trace_id, parent.get_span_context()) is not wanted


def test_trace_id_that_decided_is_the_one_that_is_sent(monkeypatch):
    monkeypatch.setenv(OTEL_TRACES_SAMPLER, "parentbased_traceidratio")
    monkeypatch.setenv(OTEL_TRACES_SAMPLER_ARG, "0.1")
    exported = InMemorySpanExporter()
    telemetry = Telemetry("order", "v1", exports=False, sampling=TENTH)
    telemetry.provider.add_span_processor(SimpleSpanProcessor(exported))
    spans = [telemetry.start_server_span("GET", "/", {}) for _ in range(2000)]
    sampled = [span for span in spans if span.get_span_context().trace_flags.sampled]
    # Binomial with mean 200 and deviation 13.4: fails by chance once in 10^13.
    assert 100 < len(sampled) < 300
    assert all(span.get_span_context().trace_id & (2**64 - 1) < 0.1 * 2**64 for span in sampled)
    for span in spans:
        span.end()
    assert len(exported.get_finished_spans()) == len(sampled)


def test_trace_that_is_not_sampled_goes_on_to_the_next_service():
    span = Telemetry("order", "v1", exports=False, sampling=TENTH).start_server_span("GET", "/", caller("00", "a=b"))
    assert not span.is_recording()
    headers = inject(span)
    version, trace, parent, flags = headers["traceparent"].split("-")
    assert (version, trace, flags, headers["tracestate"]) == ("00", TRACE, "00", "a=b")
    assert parent != CALLER


@pytest.mark.parametrize(("flags", "passed"), [("00", "00"), ("02", "02"), ("01", "01"), ("03", "03")])
def test_flags_of_the_caller_are_passed_on(flags, passed):
    span = Telemetry("order", "v1", exports=False, sampling=TENTH).start_server_span("GET", "/", caller(flags))
    assert inject(span)["traceparent"].endswith(f"-{passed}")


def test_new_trace_that_is_not_sampled_says_that_its_id_is_random():
    never = Sampling("always_off", 1.0)
    span = Telemetry("order", "v1", exports=False, sampling=never).start_server_span("GET", "/", {})
    assert inject(span)["traceparent"].endswith("-02")
