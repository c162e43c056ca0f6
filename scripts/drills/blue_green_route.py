"""The blue-green drill by VirtualService: verified where no user is, then all users at once by the route's weights."""

from __future__ import annotations

from drills.blue_green import BlueGreen


class BlueGreenRoute(BlueGreen):
    """A sound release takes all users at once without one failed request, and a bad one meets none.

    Because: the new version is verified by a header that no user sends, then the VirtualService's weights move from 0
    to 100, and it is watched after; the Service and its selector stay as they are.
    """

    name = "blue-green-route"
    strategy = "blue-green-route"
    stage = ""
