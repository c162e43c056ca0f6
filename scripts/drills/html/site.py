"""All pages of a folder of reports, drawn again from the files beside them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from drills.html import index, page
from drills.html.run import UnreadableError
from drills.report import REPORT


@dataclass(frozen=True)
class Site:
    """What was drawn.

    Attributes:
        start: the page to look at first.
        troubles: a line for each drill whose files cannot be read.
    """

    start: Path
    troubles: list[str]


def draw(folder: Path) -> Site:
    """Draw the pages of all drills in a folder and their index; or of one, if it is the folder of a drill.

    Raises:
        UnreadableError: there is no report in it at all.
    """
    alone = (folder / REPORT).exists()
    places = [folder] if alone else index.drills(folder)
    if not places:
        raise UnreadableError(f"{folder} has no report of a drill: run one, or name another folder")
    drawn, troubles = [], []
    for place in places:
        try:
            drawn.append(page.write(place))
        except UnreadableError as error:
            troubles.append(str(error))
    start = index.write(folder.resolve().parent if alone else folder)
    return Site(drawn[0] if alone and drawn else start, troubles)
