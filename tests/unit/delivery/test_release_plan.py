"""Plans: where they come from, and that every wrong entry gets one line that says where it is."""

import pytest

from delivery.errors import DeliveryError
from delivery.planning.plan import ANNOTATION, Plan, plan_of, read_plan, with_weights


def service(text=None):
    annotations = {} if text is None else {ANNOTATION: text}
    return {"metadata": {"name": "order", "annotations": annotations}}


def test_without_a_plan_there_are_defaults():
    assert plan_of({"metadata": {"name": "order"}}) == plan_of(service()) == plan_of(service("")) == Plan()


def test_a_service_carries_its_plan():
    plan = plan_of(service("handful: 8\nlast: 40\ndeadline_seconds: 90\n"))
    assert (plan.handful, plan.factor, plan.last, plan.deadline_seconds) == (8, Plan().factor, 40, 90)


def test_a_file_has_the_whole_plan(tmp_path):
    path = tmp_path / "rollout.yaml"
    path.write_text("# ours\nweights: [5, 20, 50]\nfactor: 3\n")
    assert (read_plan(path).weights, read_plan(path).factor) == ((5, 20, 50), 3)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("handful: 0", "handful: input should be greater than or equal to 1"),
        ("handful: 4.5", "handful: input should be a valid integer"),
        ("handful: '4'", "handful: input should be a valid integer"),
        ("handful: true", "handful: input should be a valid integer"),
        ("factor: 1", "factor: input should be greater than 1"),
        ("last: 100", "last: input should be less than or equal to 99"),
        ("deadline_seconds: -1", "deadline_seconds: input should be greater than 0"),
        ("deadline_seconds: .inf", "deadline_seconds: input should be a finite number"),
        ("weights: [10, 5]", "weights: name growing shares, as in [5, 20, 50]"),
        ("weights: []", "weights: name growing shares"),
        ("weights: [10, 100]", "weights.1: input should be less than or equal to 99"),
        ("weights: ['10']", "weights.0: input should be a valid integer"),
        ("weights: 10", "weights: input should be a valid"),
        ("wieghts: [10]", "wieghts: there is no such entry, choose handful, factor, last, weights, deadline_seconds"),
        ("- 1", "the plan: input should be a valid dictionary"),
        ("a: [", "is no YAML: "),
    ],
)
def test_what_is_wrong_is_one_line_with_its_place(text, said):
    with pytest.raises(DeliveryError) as error:
        plan_of(service(text))
    assert said in str(error.value)
    assert str(error.value).startswith(f"annotation {ANNOTATION} of Service order")
    assert "\n" not in str(error.value)


def test_each_wrong_entry_gets_a_line(tmp_path):
    path = tmp_path / "rollout.yaml"
    path.write_text("handful: 0\nlast: fifty\nweight: 3\n")
    with pytest.raises(DeliveryError) as error:
        read_plan(path)
    lines = str(error.value).splitlines()
    assert [line.removeprefix(f"{path}: ").partition(":")[0] for line in lines] == ["handful", "last", "weight"]


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_file_that_cannot_be_read_is_one_line(tmp_path, content):
    path = tmp_path / "rollout.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DeliveryError, match=r"rollout\.yaml cannot be read: ") as error:
        read_plan(path)
    assert "\n" not in str(error.value)


def test_weights_of_the_command_line_replace_the_plans():
    assert with_weights(Plan(handful=9, weights=(7,)), "5,20") == Plan(handful=9, weights=(5, 20))


@pytest.mark.parametrize("text", ["", "0", "100", "50,10", "10,10", "a,b"])
def test_weights_of_the_command_line_have_to_grow(text):
    with pytest.raises(DeliveryError, match="--weights"):
        with_weights(Plan(), text)
