"""Exercises of chapter 05, the forward pass."""

import torch

from utils.exercises.compare import (
    WrongAnswer,
    call,
    choice,
    expect_function,
    expect_value,
    require_function,
)
from utils.exercises.models_at_work import logs_graph, predicts
from utils.exercises.watch import torch_calls


def exercise_1(answer):
    """The features that C5 would have to accept."""
    expect_value(
        answer,
        256,
        [
            (400, "That is for 32 x 32; 28 x 28 leaves smaller maps"),
            (192, "LeNet-5 has 16 maps there, not 12"),
            (16, "That is one map; there are 16 of them"),
            (4, "That is the side of one map"),
            (
                784,
                "A 5 x 5 kernel without padding takes 4 from each side: 28 is not halved at once",
            ),
            (1024, "One pooling is missing"),
            (2304, "That is after the first pooling; there are two of each"),
            (96, "Six maps come out of C1, but 16 out of C3"),
        ],
    )


def exercise_2(answer):
    """How often the right class is among the k best."""
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(40, 7, generator=generator)
    labels = torch.randint(0, 7, (40,), generator=generator)

    def count(logits, labels, k, largest=True):
        best = logits.topk(k, dim=1, largest=largest).indices
        return (best == labels[:, None]).sum().item()

    expect_function(
        answer,
        [(logits, labels, 1), (logits, labels, 3), (logits[:5], labels[:5], 7)],
        count,
        [
            (lambda x, y, k: count(x, y, k) / len(y), "A count, not a share"),
            (lambda x, y, k: count(x, y, 1), "That is k = 1 whatever was asked for"),
            (lambda x, y, k: count(x, y, k, largest=False), "Those are the k lowest"),
            (lambda x, y, k: torch.tensor(count(x, y, k)), "`.item()` makes it an integer"),
            (lambda x, y, k: len(y) - count(x, y, k), "Those are the wrong ones"),
            (lambda x, y, k: count(x, y, 3), "That is k = 3 whatever was asked for"),
            (
                lambda x, y, k: (x.topk(k, dim=1).indices[:, -1] == y).sum().item(),
                "That asks for the k-th place alone, not for one of the first k",
            ),
        ],
    )
    if type(got := call(answer, logits, labels, 3)) is not int:
        raise WrongAnswer(f"the count is right, but {got!r} is a {type(got).__name__}: an integer")


def exercise_3(answer):
    """The logarithm of softmax, stable."""
    require_function(answer)
    generator = torch.Generator().manual_seed(0)
    plain = torch.randn(4, 10, generator=generator)
    apart = torch.tensor([[1000.0, 999.0, 990.0], [-1000.0, -1001.0, -1003.0]])
    single = torch.tensor([[0.0, 200.0]])
    cases = [(plain,), (plain.reshape(2, 4, 5),), (apart,), (single,), (apart[:, :1],)]
    expect_function(
        answer,
        cases,
        lambda logits: logits.log_softmax(dim=-1),
        [
            (
                lambda z: (z.exp() / z.exp().sum(-1, True)).log(),
                "exp(1000) is infinite: subtract the largest logit first",
            ),
            (
                lambda z: z - z.exp().sum(-1, True).log(),
                "exp(1000) is infinite: subtract the largest logit first",
            ),
            (
                lambda z: (z - z.max()) - (z - z.max()).exp().sum(-1, True).log(),
                "Subtract the largest of each row, not of all: the other row sinks to 0",
            ),
            (
                lambda z: (z - z.amax(-1, True)).softmax(-1).log(),
                "A probability may round to 0, whose logarithm is minus infinity: "
                "subtract logarithms instead of dividing",
            ),
            (lambda z: z.softmax(-1), "Those are the probabilities; take the logarithm"),
            (
                lambda z: z - (z - z.amax(-1, True)).exp().sum(-1, True).log(),
                "What is subtracted inside the sum has to be subtracted outside, too",
            ),
            (
                lambda z: z - z.amax(-1, True) - (z - z.amax(-1, True)).exp().sum(-1, True),
                "The logarithm of the sum is missing",
            ),
            (lambda z: -z.log_softmax(-1), "The sign: logarithms of probabilities are below 0"),
            (lambda z: z.log_softmax(0), "Along the last axis, not the first"),
            (lambda z: z.log_softmax(1), "Along the last axis, not axis 1"),
        ],
    )
    for part in ("softmax", "cross_entropy"):
        if used := torch_calls(answer, plain, containing=part):
            raise WrongAnswer(f"the numbers are right, but `{used[0]}` is what you should write")


def exercise_4(answer):
    """The smallest batch that view(-1, 192) cuts wrongly without an error."""
    fits = isinstance(answer, int) and not isinstance(answer, bool) and answer > 0
    smaller = fits and answer % 4 == 0
    reason = "That works, but a smaller batch does, too" if smaller else "432 n / 192 is not whole"
    expect_value(
        answer,
        4,
        [
            (9, "Those are the rows that come out; how many pictures went in?"),
            (16, "That is for 32 x 32; other maps are left of 36 x 36"),
            (432, "Those are the numbers of one picture"),
            (2.25, "That is 432 / 192; how many pictures make it whole?"),
            (answer if fits else None, reason),
        ],
    )


def exercise_5(answer):
    """Labels in eval mode, without gradients, modes restored."""
    predicts(answer)


def exercise_6(answer):
    """no_grad without eval."""
    reasons = {
        "a": "`no_grad` changes nothing in what layers compute; `eval` does",
        "c": "Accuracy suffers, and the model itself is changed",
    }
    choice(answer, "abc", reasons)


def exercise_7(answer):
    """The operations of a graph that TensorBoard's file holds."""
    logs_graph(answer)
