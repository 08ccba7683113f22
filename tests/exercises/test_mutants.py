"""Each small change of a folded solution is refused, or is listed here with why it is none."""

import re
from itertools import combinations

import pytest

from tests.exercises.mutants import mutants
from tests.exercises.test_exercises import CASES, answer_of, case_id, namespaces  # noqa: F401
from utils.exercises import WrongAnswer, verify

EQUIVALENT = {
    "0.2": {
        "line 2: (predictions == labels).float -> (predictions == labels).half": "three digits",
    },
    "1.4": {"line 2: (1, 2, 3) -> (3, 2, 1)": "a mean over axes has no order"},
    "2.3": {"line 4: (5, 7, 9) -> (9, 7, 5)": "whether one occurs among them has no order"},
    "2.5": {"line 2: 1 -> 2": "the next line divides by the sum"},
    "2.8": {"line 3: (0, 2, 3) -> (3, 2, 0)": "neither mean nor deviation has an order"},
    "4.9": {
        "line 2: 0 -> 1": "every output has as many inputs",
        "line 2: 0 -> -1": "the same",
    },
    "6.2": {"line 2: torch.zeros_like -> torch.ones_like": "each element is written over"},
    "7.1": {
        "line 4: (min(found), max(found)) -> (max(found), min(found))": "no order",
    },
    "7.3": {
        "line 2: 0 -> 1": "the first epoch is always the lowest so far, and replaces it",
        "line 2: 0 -> -1": "the same",
    },
    "7.7": {"line 3: 0 -> -1": "no share is below either"},
    "9.5": {
        "line 3: 1000000.0 -> 1000001.0": "a millionth, less than the check looks at",
        "line 3: 1000000.0 -> 999999.0": "the same",
    },
}
LETTERS = [number for number, case in CASES.items() if re.match(r"answer = [{\"]", case[2])]

FUNCTIONS = [
    number for number, (_, _, source) in CASES.items()
    if "def " in source or "class " in source
]  # fmt: skip


@pytest.mark.parametrize("number", FUNCTIONS, ids=case_id)
def test_small_changes_are_refused(number, namespaces):  # noqa: F811
    passed = set()
    for change, source in mutants(CASES[number][2]):
        try:
            verify(number, answer_of(number, source, namespaces))
        except WrongAnswer:
            continue
        passed.add(change)
    assert passed == set(EQUIVALENT.get(number, {}))


@pytest.mark.parametrize("number", LETTERS, ids=case_id)
def test_every_other_choice_of_letters_is_refused(number, namespaces):  # noqa: F811
    right = set(answer_of(number, CASES[number][2], namespaces))
    given = "abcdef"
    for size in range(1, 7):
        for letters in combinations(given, size):
            if set(letters) != right:
                with pytest.raises(WrongAnswer):
                    verify(number, set(letters))
    for odd in ({"z"}, "bb a z", right | {"g"}, [sorted(right)], {1}, "", len):
        with pytest.raises(WrongAnswer):
            verify(number, odd)
    for same in (sorted(right), tuple(right), ", ".join(right).upper()):
        verify(number, same)
