"""All relative links in README, CONTRIBUTING and docs/ lead somewhere."""

import pytest
from tests.docs.links import REPOSITORY, anchors, broken, pages


@pytest.mark.parametrize("page", pages(), ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_every_link_leads_somewhere(page):
    assert broken(page) == []


@pytest.fixture
def page(tmp_path):
    (tmp_path / "other.md").write_text("# The way, in short\n\n## `make up`\n\n## Again\n\n## Again\n")
    return tmp_path / "page.md"


@pytest.mark.parametrize(
    "link",
    [
        "[a](other.md)",
        "[a](other.md#the-way-in-short)",
        "[a](other.md#make-up)",
        "[a](other.md#again-1)",
        "[a](#here)",
        "[a](https://example.com/nowhere)",
        "`[a](nowhere.md)`",
    ],
)
def test_a_good_link_is_none_of_the_broken_ones(page, link):
    page.write_text(f"# Here\n\n{link}\n")
    assert broken(page) == []


@pytest.mark.parametrize(
    "link", ["[a](nowhere.md)", "[a](other.md#the-way)", "[a](#there)", "![a](no.png)", "| x |\n|---|\n| [a](no.md) |"]
)
def test_a_broken_link_is_found_with_its_line(page, link):
    page.write_text(f"# Here\n\n{link}\n")
    [found] = broken(page)
    assert found.startswith(("page.md:3: ", "page.md:5: "))


def test_headings_become_the_anchors_that_github_makes(tmp_path):
    page = tmp_path / "headings.md"
    page.write_text("# If it says ...\n\n## Who may import *whom*?\n")
    assert anchors(page) == ["if-it-says-", "who-may-import-whom"]
