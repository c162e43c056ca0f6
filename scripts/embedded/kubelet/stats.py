"""What the containers' processes use: CPU for the autoscaler, memory for the limits."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

# Often enough to catch a leak before it hurts the machine, seldom enough to cost nothing.
INTERVAL = 2.0
# CPU is the mean over this time, as short as the autoscaler's own period.
WINDOW = 10.0
_PROC = Path("/proc")
_GROUP_FIELD, _USER_FIELD, _SYSTEM_FIELD, _RSS_FIELD = 2, 11, 12, 21


@dataclass
class Usage:
    """What one process group uses: CPU seconds since its start, bytes of memory."""

    cpu: float = 0
    memory: int = 0


class CpuMeter:
    """CPU of pods and their containers over the last seconds, as the metrics API gives it."""

    def __init__(self) -> None:
        self._samples: dict[tuple[str, str, str], deque[tuple[float, float]]] = {}

    def record(self, moment: float, used: dict[tuple[str, str, str], float]) -> None:
        """Take note of the CPU seconds that each container has used so far; those not named are forgotten.

        Args:
            moment: seconds on any clock that only goes forward.
            used: by namespace, pod and container.
        """
        self._samples = {container: self._samples.get(container, deque()) for container in used}
        for container, seconds in used.items():
            samples = self._samples[container]
            if samples and seconds < samples[-1][1]:
                # A restarted container counts from zero.
                samples.clear()
            samples.append((moment, seconds))
            while samples[0][0] < moment - WINDOW:
                samples.popleft()

    def millicores(self, namespace: str, pod: str, container: str | None = None) -> float | None:
        """Return the mean over the window, of one container or of the whole pod; None until there are two samples."""
        found = [
            samples
            for (its_namespace, its_pod, its_name), samples in self._samples.items()
            if (its_namespace, its_pod) == (namespace, pod) and container in (None, its_name)
        ]
        if not found or any(len(samples) < 2 for samples in found):
            return None
        return sum(_mean(samples) for samples in found)


def _mean(samples: deque[tuple[float, float]]) -> float:
    (begin, first), (end, last) = samples[0], samples[-1]
    return 1000 * (last - first) / (end - begin)


async def measure(groups: Iterable[int]) -> dict[int, Usage]:
    """Return what each of these process groups uses."""
    wanted = set(groups)
    if sys.platform == "linux":
        return _from_proc(wanted)
    return await asyncio.to_thread(_from_ps, wanted)


def _from_proc(wanted: set[int]) -> dict[int, Usage]:
    ticks, page = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")
    usage: dict[int, Usage] = defaultdict(Usage)
    for entry in os.listdir(_PROC):  # noqa: PTH208 - a third of the cost of iterdir, every two seconds
        if not entry.isdecimal():
            continue
        with contextlib.suppress(OSError, IndexError):
            fields = Path(f"/proc/{entry}/stat").read_text(errors="replace").rpartition(")")[2].split()
            group = int(fields[_GROUP_FIELD])
            if group in wanted:
                usage[group].cpu += (int(fields[_USER_FIELD]) + int(fields[_SYSTEM_FIELD])) / ticks
                usage[group].memory += int(fields[_RSS_FIELD]) * page
    return usage


def proportional_memory(group: int) -> int:
    """Return the memory of a process group with shared pages counted once, which costs more than `measure` (Linux)."""
    total = 0
    for entry in _PROC.iterdir():
        with contextlib.suppress(OSError, ValueError):
            if entry.name.isdecimal() and os.getpgid(int(entry.name)) == group:
                lines = (entry / "smaps_rollup").read_text().splitlines()
                total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total * 1024


def _from_ps(wanted: set[int]) -> dict[int, Usage]:
    usage: dict[int, Usage] = defaultdict(Usage)
    shown = subprocess.run(["ps", "-axo", "pgid=,rss=,time="], capture_output=True, text=True, check=False)
    for line in shown.stdout.splitlines():
        group, memory, used = line.split()
        if int(group) in wanted:
            usage[int(group)].cpu += seconds(used)
            usage[int(group)].memory += int(memory) * 1024
    return usage


def seconds(clock: str) -> float:
    """Return the seconds of a time as `ps` writes it, such as ``1-02:03:04`` or ``3:04.56``."""
    days, _, rest = clock.rpartition("-")
    total = 0.0
    for part in rest.split(":"):
        total = total * 60 + float(part)
    return total + 86400 * int(days or 0)


def exceeds(group: int, memory: int, limit: int) -> bool:
    """Tell whether a process group uses more than its limit; shared pages count once if possible."""
    if memory <= limit:
        return False
    return sys.platform != "linux" or proportional_memory(group) > limit
