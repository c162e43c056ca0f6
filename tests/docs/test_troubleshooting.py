"""Troubleshooting by message: what the pages quote is in the code, and what the code raises is in the pages."""

import re

import pytest
from markdown_it import MarkdownIt
from tests.docs.messages import REPOSITORY, raised, says, strings, telling

PAGES = [REPOSITORY / "docs" / name for name in ("troubleshooting.md", "kubernetes.md")]
# Words of others that a page quotes: of Kubernetes, and of kind.
OTHERS = {"ErrImagePull", "ErrImageNeverPull", "Unschedulable", 'failed to pull image "kindest/node..."'}
# What the pages leave out, by the file that raises it, and why.
LEFT_OUT = {
    "cluster/kustomize/": "a mistake in a manifest: the line begins with the file and says what is wrong",
    "cluster/elasticsearch.py": "evidence for a report that cannot be had: the report names it, nothing waits for it",
    "cluster/grafana.py": "likewise",
    "cluster/jaeger.py": "likewise",
    "cluster/backend.py": "likewise",
    "cluster/ways.py": "likewise",
    "cluster/prometheus.py": "those of an answer that no Prometheus gives",
    "drills/chaos/": "the reason of a verdict Error: it stands in the report, with all that led to it",
    "drills/kills/": "likewise",
    "drills/probes.py": "a mistake in the code of a drill",
    "drills/experiment.py": "likewise",
}


def quoted(page):
    """Return what a page quotes: the code in the first column of its tables of messages, and where it lists some."""
    found, column, of_messages = [], 0, False
    for token in MarkdownIt().enable("table").parse(page.read_text()):
        if token.type == "tr_open":
            column = 0
        elif token.type in ("th_close", "td_close"):
            column += 1
        elif token.type == "table_close":
            column, of_messages = 0, False
        elif token.type == "inline" and column == 0:
            of_messages = of_messages or token.content == "message"
            if of_messages or token.content.startswith("Who writes a drill may also meet"):
                found += [child.content for child in token.children if child.type == "code_inline"]
    return found


ALL = [quote for page in PAGES for quote in quoted(page)]


def known(message):
    return any(telling(quote) and says(quote, message) for quote in ALL)


def test_what_is_quoted_still_exists():
    gone = [quote for quote in sorted(set(ALL) - OTHERS) if not any(says(quote, message) for message in strings())]
    assert gone == []


def test_nothing_is_quoted_twice():
    assert sorted(ALL) == sorted(set(ALL))


def test_what_is_raised_can_be_looked_up():
    unknown = [each for each in raised() if not known(each.text) and not each.file.startswith(tuple(LEFT_OUT))]
    assert unknown == [], "explain them in docs/troubleshooting.md"


@pytest.mark.parametrize("place", LEFT_OUT)
def test_each_place_that_is_left_out_raises_something_that_no_page_has(place):
    assert any(not known(each.text) for each in raised() if each.file.startswith(place))


def test_a_message_that_was_reworded_would_be_found():
    assert says("the gateway counted no request of ...", "the gateway counted no request of ... in the last ... s: so")
    assert not says("the gateway counted no request of ...", "the gateway saw no request of ...")
    assert not telling("... is ...")


def test_messages_with_values_are_read_out_of_the_code():
    texts = {message.text for message in raised()}
    assert "there is no strategy ...: choose ..." in texts
    assert len(texts) > 150
    assert all(re.search(r"\w", text) for text in texts)
