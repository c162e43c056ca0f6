"""Drills on the release itself: killed, refused or cut off at any instant, it leaves users on one sound version."""
