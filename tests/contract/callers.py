"""Requests from inside: a pod that asks until it gets the outcome that is expected, or its time is over."""

import uuid

from tests.contract.waiting import DEADLINE

# How long a caller goes on asking, for policies take a moment to reach the proxies: less than a test waits for its end.
PATIENCE = 40
# The outcome is a status, or how the connection ended. A proxy of another kind may stand between, so words are few.
SOURCE = f"""
import os, socket, sys, time, urllib.error, urllib.request

def outcome(url):
    try:
        with urllib.request.urlopen(url, timeout=3) as answer:
            return str(answer.status)
    except urllib.error.HTTPError as error:
        return str(error.code)
    except ConnectionResetError:
        return "reset"
    except TimeoutError:
        return "timeout"
    except urllib.error.URLError as error:
        reason = error.reason
        kinds = {{ConnectionResetError: "reset", ConnectionRefusedError: "refused", TimeoutError: "timeout"}}
        return next((word for kind, word in kinds.items() if isinstance(reason, kind)), f"error: {{reason}}")

url, wanted, times = sys.argv[1], sys.argv[2].split("|"), int(sys.argv[3])
end = time.monotonic() + {PATIENCE}
row, last = 0, ""
while row < times and time.monotonic() < end:
    last = outcome(url)
    row = row + 1 if last in wanted else 0
    time.sleep(0 if row else 0.3)
print(last)
"""
assert PATIENCE < DEADLINE


def ask(pods, url, wanted, times=5, spec=None, labels=None):
    """Return what a new pod gets from an address in the end; it stops when what is wanted came so often in a row.

    Args:
        pods: the namespace of the caller.
        url: what it asks.
        wanted: a status such as ``"403"``, or reset, refused or timeout; several with a bar between them.
        times: how often in a row.
        spec: fields of the pod, such as its account.
        labels: labels of the pod.
    """
    name = f"caller-{uuid.uuid4().hex[:6]}"
    command = ["python", "-c", SOURCE, url, wanted, str(times)]
    pods.create("", name=name, spec=spec, metadata={"labels": labels or {}}, command=command)
    pods.terminated(name)
    return pods.log(name).strip()
