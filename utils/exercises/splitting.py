"""Exercise 2.4: a split into two parts, shuffled, disjoint, complete, repeatable."""

import torch
from torch.utils.data import Subset

from utils.exercises.compare import WrongAnswer, call, expect, require_function, show


def exercise_4(answer):
    """A split: shuffled, disjoint, complete, repeatable."""
    require_function(answer)
    with torch.random.fork_rng(devices=[]):
        for seed, count, held_out in [(1, 100, 30), (2, 60, 7)]:
            torch.manual_seed(12345)
            first = _parts(answer, count, held_out, seed)
            torch.manual_seed(54321)
            again = _parts(answer, count, held_out, seed)
            if not all(map(torch.equal, first, again)):
                raise WrongAnswer("the same seed gave another split: use a generator with it")
        other = _parts(answer, 60, 7, 3)
    if torch.equal(first[1], other[1]):
        raise WrongAnswer("another seed gave the same split: the argument `seed` is not used")


def _parts(answer, count, held_out, seed):
    """Return both parts of a split; raise WrongAnswer for what one split alone can show."""
    parts = call(answer, count, held_out, seed)
    if not isinstance(parts, tuple | list) or len(parts) != 2:
        raise WrongAnswer(f"got {show(parts)}, expected two tensors of indices")
    for part in parts:
        if not isinstance(part, torch.Tensor) or part.dim() != 1 or part.dtype != torch.int64:
            came = f" of {part.dtype}" if isinstance(part, torch.Tensor) else ""
            raise WrongAnswer(f"got {show(part)}{came} as a part, expected a row of int64 indices"
                              f"{_remedy(part)}")  # fmt: skip
    sizes, expected = (len(parts[0]), len(parts[1])), (count - held_out, held_out)
    mistakes = [(expected[::-1], "Those for learning come first")]
    expect(sizes, expected, mistakes)
    both = torch.cat(list(parts)).sort().values
    if both[0] < 0 or both[-1] >= count:
        raise WrongAnswer(f"indices run from {both[0]} to {both[-1]}, expected 0 to {count - 1}")
    if not torch.equal(both, torch.arange(count)):
        common = len(set(parts[0].tolist()) & set(parts[1].tolist()))
        reason = "Cut one permutation in two instead of drawing twice"
        raise WrongAnswer(f"{common} indices are in both parts, some in neither. {reason}")
    steps = parts[1].sort().values.diff()  # sorted parts are fine, a sampler shuffles later
    if (steps == steps.mode().values).float().mean() > 0.75:
        reason = "not shuffled: of sorted classes, some would be missing there"
        raise WrongAnswer(f"the samples for validation follow one another, {reason}")
    return parts


def _remedy(part):
    if isinstance(part, Subset):
        return ": return its `.indices`, as a tensor"
    return ": make it a tensor, `torch.tensor(part)`" if isinstance(part, list | range) else ""
