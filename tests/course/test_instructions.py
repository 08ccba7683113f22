"""What the reader is told to try is executed, in the state that the notebook has at that place."""

import pytest

from tests.chapters import NEW_FORM, ROOT
from tests.course.told import Told, needs_copies

TOLD = {name: Told(ROOT / "notebooks" / f"{name}.ipynb") for name in NEW_FORM}
CASES = [
    pytest.param(name, number, id=f"{name}-{instruction.cell}-{instruction.title}")
    for name, told in TOLD.items()
    for number, instruction in enumerate(told.instructions)
]


@pytest.fixture(scope="module")
def chapters(request):
    """Return {name: Told}, each started when first asked for, with what this session chose.

    The next chapter starts with it: most of the time each keeps one core busy.
    """
    chosen = {name: [] for name in TOLD}
    for item in request.session.items:
        case = item.callspec.params if item.path == request.path else {}
        if "number" in case:
            chosen[case["name"]].append(case["number"])
    wanted = [name for name in TOLD if chosen[name]]

    def started(name):
        place = wanted.index(name)
        for near in wanted[place : place + 2]:
            if not TOLD[near].process:
                TOLD[near].start(chosen[near])
        return TOLD[name]

    yield started
    for told in TOLD.values():
        told.stop()


@needs_copies
@pytest.mark.parametrize(("name", "number"), CASES)
def test_reader_can_do_what_is_told(name, number, chapters, record_property):
    told = chapters(name)
    instruction, problems = told.instructions[number], told.problems(number)
    record_property("told", f"{name[:2]} {instruction.kind}")
    if problems:
        why = "\n  ".join(problems)
        where = f"{name}, cell [{instruction.cell}], {instruction.kind} {instruction.title}"
        pytest.fail(f"{where}:\n  {why}\n\n{instruction.text}", pytrace=False)


@pytest.mark.parametrize("name", NEW_FORM)
def test_every_chapter_has_something_to_try(name):
    assert any(instruction.kind == "try" for instruction in TOLD[name].instructions)
