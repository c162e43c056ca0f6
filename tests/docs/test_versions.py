"""The page of versions says what the repository pins."""

from tests.docs import versions


def test_the_page_is_up_to_date():
    assert versions.PAGE.read_text() == versions.render(), "run: PYTHONPATH=scripts python -m tests.docs.versions"


def test_a_version_that_is_raised_makes_it_out_of_date(monkeypatch):
    monkeypatch.setattr(versions.prometheus, "VERSION", "99.0.0")
    assert versions.PAGE.read_text() != versions.render()


def test_every_part_is_in_it():
    page = versions.render()
    for name in ("flask", "typer", "pytest", "postgres", "grafana/grafana", "istio (charts)", "kind's node"):
        assert f"\n| {name} |" in page


def test_images_that_are_built_here_have_no_version_of_their_own():
    assert not {"user", "order", "delivery"} & {name for name, _version, _where in versions.images()}
