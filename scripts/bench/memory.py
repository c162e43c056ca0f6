"""How much memory a process and its descendants take."""

from __future__ import annotations

import psutil

MIB = 2**20


def of_tree(root: int) -> float:
    """Return the memory of a process and all its descendants, in MiB.

    Linux tells proportional shares, so that pages shared by several processes count once; elsewhere it is the sum of
    the resident sets, which counts them again for each process.
    """
    process = psutil.Process(root)
    return sum(map(_bytes, [process, *process.children(recursive=True)])) / MIB


def _bytes(process: psutil.Process) -> int:
    try:
        info = process.memory_full_info()
    except psutil.NoSuchProcess:  # it has just ended
        return 0
    return int(getattr(info, "pss", info.rss))
