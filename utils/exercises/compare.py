"""What the checks have in common: compare with an oracle, and name the mistake by its result."""

import copy
import dis
import math
import numbers

import torch

from utils.exercises.calling import call
from utils.exercises.verdict import NotAttempted, WrongAnswer, show


def difference(got, expected):
    """Return None if `got` equals `expected` (floats to 1e-4), else the difference in words."""
    if isinstance(expected, torch.Tensor):
        return _tensor_difference(got, expected)
    if isinstance(got, torch.Tensor):
        return f"got {show(got)}, expected the plain Python value {expected!r}"
    if _is_number(got) and _is_number(expected):
        close = math.isclose(got, expected, rel_tol=1e-4 * isinstance(expected, float))
        same = close or (got != got and expected != expected)  # nan, as of tensors
        return None if same else f"got {got:.10g}, expected {expected:.10g}"
    if isinstance(expected, tuple | list) and isinstance(got, tuple | list):
        if len(got) != len(expected):
            return f"got {len(got)} values, {show(got)}; expected {len(expected)}, {show(expected)}"
        pairs = zip(got, expected, strict=True)
        if any(difference(*pair) for pair in pairs):
            return f"got {show(got)}, expected {show(expected)}"
        return None
    if type(got) is type(expected) and got == expected:
        return None
    text = ": a number, not text" if isinstance(got, str) and _is_number(expected) else ""
    return f"got {show(got)}, expected {show(expected)}{text}"


def _is_number(value):
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


def _tensor_difference(got, expected):
    if not isinstance(got, torch.Tensor):
        numpy = ", which is NumPy's: return a tensor" if type(got).__module__ == "numpy" else ""
        return f"got {show(got)}{numpy}, expected a tensor of shape {tuple(expected.shape)}"
    with torch._C.DisableTorchFunctionSubclass():  # a kind of tensor may define "equal" for itself
        got = torch.Tensor.as_subclass(got, torch.Tensor)
    if got.shape != expected.shape:
        return f"got shape {tuple(got.shape)}, expected {tuple(expected.shape)}"
    got, expected = got.detach().cpu(), expected.detach().cpu()
    close = torch.isclose(got.double(), expected.double(), rtol=1e-4, atol=1e-6, equal_nan=True)
    if got.dtype != expected.dtype and not (
        got.is_floating_point() and expected.is_floating_point()
    ):
        right = "; the numbers themselves are right" if close.all() else ""
        return f"got values of {got.dtype}, expected {expected.dtype}{right}"
    if close.all():
        return None
    place = tuple((~close).nonzero()[0].tolist())
    where = f" at index {list(place)}" if place else ""
    wrong = f", {(~close).sum()} of {close.numel()} values differ" if close.numel() > 1 else ""
    return f"got {got[place].item():g}{where}, expected {expected[place].item():g}{wrong}"


def expect(got, expected, mistakes=()):
    """Raise WrongAnswer unless `got` equals `expected`.

    `mistakes` are pairs of the value that a mistake leads to and the mistake in words.
    """
    found = difference(got, expected)
    if found:
        reasons = [words for value, words in mistakes if difference(got, value) is None]
        raise WrongAnswer(". ".join([found, *reasons[:1]]))


def expect_value(got, expected, mistakes=()):
    """Raise WrongAnswer unless the computed `got` equals `expected`, without telling the latter.

    The message is the likely mistake of `mistakes`, as in `expect`, or the direction.
    """
    got = got.item() if isinstance(got, torch.Tensor) and got.numel() == 1 else got
    if difference(got, expected) is None:
        return
    reasons = [words for value, words in mistakes if difference(got, value) is None]
    raise WrongAnswer(f"got {show(got)}. {(reasons or [_direction(got, expected)])[0]}")


def _direction(got, expected):
    if isinstance(expected, tuple):
        if not isinstance(got, tuple | list) or len(got) != len(expected):
            return f"A tuple of {len(expected)} numbers was expected"
        pairs = enumerate(zip(got, expected, strict=True), start=1)
        wrong = [(place, *pair) for place, pair in pairs if difference(*pair)]
        return f"Number {wrong[0][0]} of {len(got)}: {_direction(*wrong[0][1:]).lower()}"
    if not _is_number(got) or got != got:
        quotes = ", without quotes" if isinstance(got, str) else ""
        return f"One number was expected{quotes}"
    return "That is too small" if got < expected else "That is too large"


def expect_function(function, cases, oracle, mistakes=(), errors=()):
    """Raise WrongAnswer unless `function` gives what `oracle` gives on every case.

    `cases` are tuples of arguments, `mistakes` pairs of a wrong function and the mistake in
    words: it is named when the wrong function gives the learner's results on all the cases.
    `errors` are pairs of words in the message of what the function raises and the remedy.
    """
    require_function(function)
    results = [_result(function, case, errors) for case in cases]
    for case, result in zip(cases, results, strict=True):
        found = difference(result, oracle(*copy.deepcopy(case)))
        if found:
            reasons = [words for wrong, words in mistakes if _same(wrong, cases, results)]
            given = ", ".join(map(show, case))
            if result is None and not reasons:
                reasons = ["Is the `return` missing?"]
            raise WrongAnswer(". ".join([f"given {given}: {found}", *reasons[:1]]))


def _result(function, case, errors):
    try:
        return call(function, *case)
    except WrongAnswer as wrong:
        remedies = [remedy for words, remedy in errors if words in str(wrong)]
        said = ". ".join([str(wrong).rstrip("."), *remedies[:1]]) if remedies else str(wrong)
        raise WrongAnswer(f"given {', '.join(map(show, case))}: {said}") from wrong


def _same(wrong, cases, results):
    try:
        answers = [wrong(*copy.deepcopy(case)) for case in cases]
    except Exception:
        return False
    return all(difference(*pair) is None for pair in zip(results, answers, strict=True))


def letters(answer, allowed, example='{"a", "b"}'):
    """Return an answer such as {"a", "b"}, ["A", "b"] or "a, b" as a set of lower-case letters."""
    if isinstance(answer, str):
        answer = answer.replace(",", " ").replace(" ", "")
    parts = answer if isinstance(answer, str | list | tuple | set | frozenset) else [None]
    found = {part.strip().lower() if isinstance(part, str) else None for part in parts}
    if not found or not found <= set(allowed):
        given = ", ".join(allowed)
        raise WrongAnswer(f"got {show(answer)}, expected letters of {given}, such as {example}")
    return found


def choice(answer, allowed, reasons):
    """Raise WrongAnswer, with the reason, unless `answer` is the one letter without a reason."""
    found = letters(answer, allowed, '"a"')
    if len(found) > 1:
        raise WrongAnswer(f"got {show(answer)}, expected a single letter")
    if found & set(reasons):
        raise WrongAnswer(f"got {show(answer)}. {reasons[found.pop()]}")


def chosen(answer, right, reasons):
    """Raise WrongAnswer unless the letters are `right`; `reasons` says of each why, or why not."""
    found = letters(answer, list(reasons))
    wrong = sorted(found ^ set(right))
    if wrong:
        verdict = "should not be in it" if wrong[0] in found else "is missing"
        raise WrongAnswer(f"got {show(found)}; {wrong[0]!r} {verdict}: {reasons[wrong[0]]}")


def require_function(answer):
    """Raise NotAttempted for a function whose body is still `...`, WrongAnswer for no function."""
    if not callable(answer):
        raise WrongAnswer(f"got {show(answer)}, expected the function itself, without calling it")
    if hasattr(answer, "__code__") and _does_nothing(answer.__code__):
        raise NotAttempted("not attempted yet")


def _does_nothing(code):
    steps = [step for step in dis.get_instructions(code) if step.opname not in ("RESUME", "NOP")]
    only_returns = {step.opname for step in steps} <= {"LOAD_CONST", "RETURN_VALUE", "RETURN_CONST"}
    return only_returns and all(step.argval is None for step in steps)
