"""Which groups of networks a figure shows, and how the section is named that it is of."""

from experiments.group_figures import FEWEST, large_enough
from experiments.training_figures import section_name


def test_small_groups_are_left_out_unless_all_are_small() -> None:
    groups = {"above": 1, "below": 2, "before": 3}
    assert large_enough(groups, {"above": FEWEST - 1, "below": FEWEST, "before": 999}) == {"below": 2, "before": 3}
    assert large_enough(groups, dict.fromkeys(groups, FEWEST - 1)) == groups
    assert large_enough({}, {}) == {}


def test_a_data_set_that_the_section_does_not_have_is_told() -> None:
    numbers = {"FirstI": "4.4", "XorI": "4.5"}
    assert section_name("4.2.1", numbers, "XorI") == "Section 4.2.1"
    assert section_name("4.2.1", numbers, "CountII") == "As section 4.2.1"
