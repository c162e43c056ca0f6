"""The form of traceparent that nearly all send is read here, all others by the propagator: nobody can tell."""

import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.context import Context
from opentelemetry.trace import get_current_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from tests.unit.services import support

from chassis import tracecontext

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
USUAL = f"00-{TRACE}-{SPAN}-01"
ODD = [
    "",
    USUAL.upper(),
    f" {USUAL}",
    f"{USUAL} ",
    f"{USUAL}\n",
    f"{USUAL}-more",
    f"01-{TRACE}-{SPAN}-01-more",
    f"ff-{TRACE}-{SPAN}-01",
    f"00-{'0' * 32}-{SPAN}-01",
    f"00-{TRACE}-{'0' * 16}-01",
    f"00-{TRACE}-{SPAN}",
]


def same(headers):
    library = TraceContextTextMapPropagator().extract(headers, Context())
    wanted, found = get_current_span(library).get_span_context(), tracecontext.extract(headers)
    assert (found, found.is_remote) == (wanted, wanted.is_remote)


@given(st.integers(0, 2**128 - 1), st.integers(0, 2**64 - 1), st.integers(0, 255), st.sampled_from(["00", "01", "ff"]))
def test_usual_form_is_read_as_the_propagator_reads_it(trace_id, span_id, flags, version):
    same({"traceparent": f"{version}-{trace_id:032x}-{span_id:016x}-{flags:02x}"})


@given(st.from_regex(r"[0-9a-f-]{0,60}"))
def test_nonsense_is_read_as_the_propagator_reads_it(nonsense):
    same({"traceparent": nonsense})


@pytest.mark.parametrize("odd", ODD)
def test_odd_form_is_read_as_the_propagator_reads_it(odd):
    same({"traceparent": odd})


@pytest.mark.parametrize("state", ["a=b", "a=b,c=d", "nonsense"])
def test_state_is_kept(state):
    same({"traceparent": USUAL, "tracestate": state})


def test_other_propagators_decide_for_themselves():
    """With OTEL_PROPAGATORS=none nobody is asked by anybody."""
    script = f"from chassis import tracecontext; print(tracecontext.extract({{'traceparent': '{USUAL}'}}).is_valid)"
    environment = support.environment(OTEL_PROPAGATORS="none")
    done = subprocess.run(
        [sys.executable, "-c", script], env=os.environ | environment, capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "False", done.stderr
