"""Drills: experiments that show, from the users' side, whether a release strategy does what it promises."""
