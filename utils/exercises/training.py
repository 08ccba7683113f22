"""Checks around the training loop: the loop itself, and a run that is taken up again."""

from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from torch import nn
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, TensorDataset

from utils.exercises.calling import call
from utils.exercises.compare import difference, expect, require_function
from utils.exercises.verdict import WrongAnswer, show


def _made(count=14):
    """Return a model with dropout, in evaluation mode, a loader and an optimizer.

    The last batch is smaller; the seed is set, so that what follows draws the same numbers.
    """
    torch.manual_seed(4)
    model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Dropout(0.5), nn.Linear(16, 3))
    images, labels = torch.randn(count, 4), torch.randint(3, (count,))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.3)
    torch.manual_seed(4)
    return model.eval(), DataLoader(TensorDataset(images, labels), batch_size=6), optimizer


def _epoch(model, loader, optimizer, left_out="", first=False):
    """Train for an epoch without one of its parts; return losses, correct answers and sizes."""
    model.train(left_out != "train")
    losses, correct, sizes = [], [], []
    for images, labels in loader:
        if left_out != "zero_grad":
            optimizer.zero_grad()
        logits = model(images)
        loss = cross_entropy(logits, labels)
        if left_out == "order":
            optimizer.step()
        if left_out != "backward":
            loss.backward()
        if left_out not in ("step", "order"):
            optimizer.step()
        losses.append(loss.item())
        correct.append((logits.argmax(dim=1) == labels).sum().item())
        sizes.append(len(images))
        if first:
            break
    return losses, correct, sizes


def _weights(model):
    return [parameter.detach() for parameter in model.parameters()]


LEFT_OUT = {
    "zero_grad": "Gradients of earlier batches still push: clear them before `backward`",
    "step": "The weights have not moved: `backward`, then `step`, with nothing cleared in between",
    "train": "Dropout was off: `model.train()` comes first",
    "order": "`step` comes after `backward`: it uses what that has computed",
}


def trains_an_epoch(answer):
    """Raise WrongAnswer unless (model, loader, optimizer) trains once through the loader."""
    require_function(answer)
    with torch.random.fork_rng():
        wrong = []
        for left_out, words in LEFT_OUT.items():
            parts = _made()
            _epoch(*parts, left_out)
            wrong.append((_weights(parts[0]), words))
        parts = _made()
        _epoch(*parts, first=True)
        wrong.append((_weights(parts[0]), "Only the first batch was used: `return` ends the loop"))
        oracle = _made()
        losses, correct, sizes = _epoch(*oracle)
        model, loader, optimizer = _made()
        result = call(lambda: answer(model, loader, optimizer), draws=True)
        _same_weights(model, oracle[0], wrong)
    _same_means(result, losses, correct, sizes)


def _same_weights(model, oracle, wrong):
    found = [difference(*pair) for pair in zip(_weights(model), _weights(oracle), strict=True)]
    if any(found):
        named = [
            words for weights, words in wrong
            if not any(difference(*pair) for pair in zip(_weights(model), weights, strict=True))
        ]  # fmt: skip
        raise WrongAnswer(". ".join(["the weights are not those of one epoch", *named[:1]]))


def _same_means(result, losses, correct, sizes):
    total = sum(loss * size for loss, size in zip(losses, sizes, strict=True))
    right = total / sum(sizes), sum(correct) / sum(sizes)
    shares = [hits / size for hits, size in zip(correct, sizes, strict=True)]
    means = sum(losses) / len(losses), sum(shares) / len(shares)
    small = "The smaller last batch counts there as much as a full one: weigh by batch size"
    if result is None:
        raise WrongAnswer("the weights are right, but nothing is returned")
    values = result if isinstance(result, tuple | list) else [result]
    if any(isinstance(value, torch.Tensor) for value in values):
        raise WrongAnswer(f"got {show(result)}. Plain numbers are asked for: `.item()`")
    mistakes = [
        (means, small),
        ((means[0], right[1]), small),
        ((right[0], means[1]), small),
        ((sum(losses) / sum(sizes), right[1]), "Each loss is a mean already: times its batch size"),
        ((total, sum(correct)), "Those are sums: divide by the number of pictures"),
        ((right[0], sum(correct)), "That is a count: divide by the number of pictures"),
        ((right[0], sum(correct) / len(sizes)), "That is correct predictions a batch"),
        ((right[0], 100 * right[1]), "As a share from 0 to 1, no percent"),
        (right[::-1], "The loss comes first"),
        ((losses[-1], shares[-1]), "That is the last batch alone"),
        ((losses[-1], right[1]), "That is the last batch's loss; the mean over all pictures"),
    ]
    expect(result, right, mistakes)


def _steps(model, optimizer, count):
    for _ in range(count):
        optimizer.zero_grad()
        model(torch.randn(5, 3)).square().sum().backward()
        optimizer.step()


def _network(seed):
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    return model, torch.optim.Adam(model.parameters(), lr=0.05)


def resumes(answer):
    """Raise WrongAnswer unless (path, model, optimizer) takes up a saved run where it stood."""
    require_function(answer)
    for epoch in (3, 7):
        with TemporaryDirectory() as folder, torch.random.fork_rng():
            _resumed(answer, Path(folder) / "checkpoint.pt", epoch)


def _resumed(answer, path, epoch):
    straight, optimizer = _network(1)
    _steps(straight, optimizer, epoch)
    state = {"model": straight.state_dict(), "optimizer": optimizer.state_dict(), "epoch": epoch,
             "random": torch.get_rng_state()}  # fmt: skip
    torch.save(state, path)
    torch.manual_seed(5)
    model, new = _network(2)

    def loaded():
        result = answer(path, model, new)
        return result, torch.get_rng_state()

    result, random = call(loaded, draws=True)
    if any(map(difference, _weights(model), _weights(straight))):
        raise WrongAnswer("the weights are not those of the file: `model.load_state_dict(...)`")
    if not torch.equal(random, state["random"]):
        raise WrongAnswer("the random numbers are not where they stood: "
                          "`torch.set_rng_state(...)`, last of all")  # fmt: skip
    for network, own in ((straight, optimizer), (model, new)):
        torch.manual_seed(6)
        _steps(network, own, 2)
    if any(map(difference, _weights(model), _weights(straight))):
        raise WrongAnswer("two steps later the weights differ: Adam's means and its count of steps "
                          "are not those of the file")  # fmt: skip
    if result is None:
        raise WrongAnswer("everything is loaded, but nothing is returned: the next epoch's number")
    if difference(result, epoch + 1):
        words = {
            epoch: "That epoch is done; the next one is asked for",
            epoch + 2: "That skips one",
        }
        reason = words.get(result, "") if isinstance(result, int) else ""
        raise WrongAnswer(f"got {show(result)}, expected {epoch + 1}. {reason}".rstrip(". "))
