"""The pages for people: a live page for whoever watches a release, a waterfall of each trace, and the logs.

Nothing is built and nothing is fetched from elsewhere: `static/` is what the browser gets.
"""

from embedded.observatory.pages.routes import install

__all__ = ["install"]
