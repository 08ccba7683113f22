"""Each small change of a folded solution is refused, or is listed here with why it is none."""

import re
from itertools import combinations

import pytest

from tests.exercises.mutants import mutants
from tests.exercises.test_exercises import CASES, answer_of, case_id, namespaces  # noqa: F401
from utils.exercises import WrongAnswer, verify

EQUIVALENT = {
    "6.2": {"line 2: torch.zeros_like -> torch.ones_like": "each element is written over"},
    "7.3": {
        "line 2: 0 -> 1": "the first epoch is always the lowest so far, and replaces it",
        "line 2: 0 -> -1": "the same",
    },
    "9.4": {
        "line 3: 1000000.0 -> 1000001.0": "a millionth, less than the check looks at",
        "line 3: 1000000.0 -> 999999.0": "the same",
    },
}
LETTERS = [number for number, case in CASES.items() if re.match(r"answer = [{\"]", case[2])]

FUNCTIONS = [
    number for number, (_, _, source) in CASES.items()
    if number >= "3" and ("def " in source or "class " in source)
]  # fmt: skip


@pytest.mark.parametrize("number", FUNCTIONS, ids=case_id)
def test_small_changes_are_refused(number, namespaces):  # noqa: F811
    passed = []
    for change, source in mutants(CASES[number][2]):
        try:
            verify(number, answer_of(number, source, namespaces))
        except WrongAnswer:
            continue
        passed.append(change)
    assert passed == list(EQUIVALENT.get(number, {}))


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
