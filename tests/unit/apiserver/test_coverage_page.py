"""The page on what is covered is the one that the code writes."""

from embedded import coverage


def test_the_page_is_up_to_date():
    assert coverage.PAGE.read_text() == coverage.render(), "run: python -m embedded.coverage (in scripts/)"


def test_the_page_tells_gaps_and_kinds():
    page = coverage.render()
    assert "| `Deployment` | `apps/v1` | `scale`, `status` | yes |" in page
    assert "| `batch` | cronjobs |" in page


def test_every_part_says_what_it_covers():
    assert {"apiserver", "controllers", "kubelet", "mesh", "observatory"} <= set(coverage._contributors())
