"""Lab 3: its numbers, and what judges the answers, both drawn from the teacher's seed."""

from copy import deepcopy

import torch
from torch import nn
from torch.nn import functional as F

from utils.exercises.compare import (
    WrongAnswer,
    call,
    chosen,
    difference,
    expect,
    expect_function,
    expect_value,
    require_function,
)
from utils.exercises.watch import require_module

LAYERS = (  # with why their numbers change, or do not
    ("nn.Dropout(0.5)", "while it learns it sets half of the numbers to zero"),
    ("nn.Dropout2d(0.4)", "while it learns it sets whole channels to zero"),
    ("nn.Dropout(0.0)", "it drops nothing, in both modes"),
    ("nn.BatchNorm2d(6)", "it learns with the batch's mean, and answers with the stored one"),
    ("nn.BatchNorm2d(6, track_running_stats=False)", "it stores nothing: always the batch's mean"),
    ("nn.LayerNorm(5)", "it takes the mean of each row by itself, in both modes"),
    ("nn.Conv2d(6, 3, 3)", "a convolution does not ask for the mode"),
    ("nn.ReLU()", "ReLU does not ask for the mode"),
)
CHANGE = ("nn.Dropout(0.5)", "nn.Dropout2d(0.4)", "nn.BatchNorm2d(6)")


def numbers(draw):
    names = [name for name, _ in LAYERS]
    some = draw.sample(CHANGE, draw.choice([1, 2]))
    others = draw.sample([name for name in names if name not in CHANGE], 5 - len(some))
    return {
        "channels": draw.choice([2, 3]), "side": draw.randrange(20, 33, 2),
        "filters": draw.randrange(5, 12), "kernel": draw.choice([3, 5]),
        "hidden": draw.randrange(30, 70), "classes": draw.randrange(11, 27),
        "options": draw.sample(some + others, 5),
    }  # fmt: skip


def task_1(answer, given, draw):
    names = ("channels", "side", "filters", "kernel", "hidden", "classes")
    channels, side, filters, kernel, hidden, classes = (given[name] for name in names)
    after = (side - kernel + 1) // 2
    first, last = filters * (channels * kernel**2 + 1), (hidden + 1) * classes

    def count(side, maps=filters, first=first, biases=True):
        whole = first + (maps * side * side + 1) * hidden + last
        return whole if biases else whole - filters - hidden - classes

    expect_value(
        answer,
        count(after),
        [
            (count(after, biases=False), "The biases are missing: one for each filter and output"),
            (count(after) - filters, "The biases of the convolution are missing"),
            (count(side - kernel + 1), "The pooling halves the sides before the linear layer"),
            (count(side // 2), "The convolution without padding takes kernel - 1 from each side"),
            (count(side), "Between the convolution and the linear layer the sides shrink"),
            (count(after, maps=1), "Flatten makes one row of all maps, not of one"),
            (count(after, first=filters * (kernel**2 + 1)), "Each filter is as deep as the "
                                                            "pictures have channels"),
        ],
    )  # fmt: skip


def _small(model, images, relu=True, pool=True, soft=None):
    x = F.conv2d(images, model.conv.weight, model.conv.bias, padding=1)
    x = x.relu() if relu else x
    x = F.max_pool2d(x, 2) if pool else F.avg_pool2d(x, 2)
    x = F.linear(x.flatten(1), model.out.weight, model.out.bias)
    return x.softmax(1) if soft == "end" else x.relu() if soft == "relu" else x


def task_2(answer, given, draw):
    require_module(answer)
    generator = torch.Generator().manual_seed(draw.randrange(2**31))
    for side, filters, classes in (8, 3, 4), (draw.randrange(9, 16), draw.randrange(2, 6), 3):
        place = f"Small({side}, {filters}, {classes}): "
        model = call(lambda s=side, f=filters, c=classes: answer(s, f, c), draws=True)
        wanted = {
            "conv.weight": (filters, 1, 3, 3), "conv.bias": (filters,),
            "out.weight": (classes, filters * (side // 2) ** 2), "out.bias": (classes,),
        }  # fmt: skip
        found = {name: tuple(p.shape) for name, p in model.named_parameters()}
        if not found:
            raise WrongAnswer(f"{place}the module has no parameters: make layers attributes of it")
        if found != wanted:
            wrong = sorted(set(found.items()) ^ set(wanted.items()))[0][0]
            has = f"has the shape {found[wrong]}" if wrong in found else "is not there"
            name = wanted.get(wrong, "no parameter of this name")
            raise WrongAnswer(f"{place}parameter {wrong} {has}, expected {name}")
        images = torch.randn(3, 1, side, side, generator=generator)
        got = call(lambda m=model, x=images: m(x), draws=True)
        mistakes = [
            (_small(model, images, relu=False), "The ReLU after the convolution is missing"),
            (_small(model, images, pool=False), "That is the mean of each window, not its maximum"),
            (_small(model, images, soft="end"), "Those are probabilities; logits were asked for"),
            (_small(model, images, soft="relu"), "No ReLU after the last layer: logits may be "
                                                 "negative"),
        ]  # fmt: skip
        try:
            expect(got, _small(model, images), mistakes)
        except WrongAnswer as wrong:
            raise WrongAnswer(f"{place}{wrong}") from None


def _sure(logits, least, strict=False, of=lambda z: z.softmax(1), form=lambda n, c: (n, c)):
    found = []
    for place, row in enumerate(of(logits)):
        best = row.max().item()
        if best > least or (best == least and not strict):
            found.append(form(place, row.argmax().item()))
    return found


def task_3(answer, given, draw):
    generator = torch.Generator().manual_seed(draw.randrange(2**31))
    even = torch.zeros(2, 4)  # each probability is exactly a quarter
    cases = [(2 * torch.randn(12, 5, generator=generator), 0.6), (even, 0.25)]
    cases.append((3 * torch.randn(8, 3, generator=generator), draw.choice([0.7, 0.8])))
    expect_function(
        answer,
        cases,
        _sure,
        [
            (lambda z, p: _sure(z, p, strict=True), "At least: a probability equal to it counts"),
            (lambda z, p: _sure(z, p, of=lambda z: z), "Those are logits: softmax first"),
            (lambda z, p: _sure(z, p, of=lambda z: z.softmax(0)), "Softmax goes along the classes, "
             "axis 1; each row adds up to 1"),
            (lambda z, p: _sure(z, p, of=torch.sigmoid), "Sigmoid looks at each class alone; "
             "softmax shares 1 among them"),
            (lambda z, p: _sure(z, p, form=lambda n, c: (c, n)), "The place comes first"),
            (lambda z, p: _sure(z, p, form=lambda n, c: n), "Give tuples (place, class)"),
            (lambda z, p: _sure(z, p, form=lambda n, c: c), "Give tuples (place, class)"),
        ],
    )  # fmt: skip


def _model(draw):
    width = draw.randrange(3, 9)
    model = nn.Sequential()
    model.first = nn.Sequential(nn.Linear(4, width), nn.ReLU(), nn.Linear(width, 5))
    model.norm = nn.BatchNorm1d(5)
    model.head = nn.Linear(5, 3)
    model.head.bias.requires_grad_(False)
    return model


def task_4(answer, given, draw):
    require_function(answer)
    for name in draw.sample(["first", "head"], 2):
        model = _model(draw)
        values, own = deepcopy(model.state_dict()), model.get_submodule(name)
        everything = sum(p.numel() for p in model.parameters())
        count = sum(p.numel() for p in own.parameters())
        got = call(lambda m=model, n=name: answer(m, n))
        wanted = {f"{name}.{part}" for part, _ in own.named_parameters()}
        trained = {part for part, p in model.named_parameters() if p.requires_grad}
        place = f"of {', '.join(n for n, _ in model.named_children())}, only {name!r}: "
        if trained != wanted:
            extra, missing = sorted(trained - wanted), sorted(wanted - trained)
            what = f"{extra[0]} is still trained" if extra else f"{missing[0]} is not trained"
            upside = ". The other way round" if not trained & wanted else ""
            raise WrongAnswer(f"{place}{what}{upside}")
        if any(difference(values[part], now) for part, now in model.state_dict().items()):
            raise WrongAnswer(f"{place}numbers of the model have changed")
        expect(
            got,
            count,
            [
                (everything, "Those are all numbers; count the trained ones"),
                (everything - count, "Those are the frozen ones; count the trained ones"),
                (len(wanted), "Those are the tensors; count the numbers in them"),
                (None, "Is the `return` missing?"),
            ],
        )


def task_5(answer, given, draw):
    reasons = dict(LAYERS)
    batch = torch.randn(4, 6, 5, 5, generator=torch.Generator().manual_seed(0)) + 1
    changing = set()
    for letter, line in zip("abcde", given["options"], strict=True):
        layer = eval(line, {"nn": nn})
        learning = layer.train()(batch)
        if difference(layer.eval()(batch), learning):
            changing.add(letter)
    letters = zip("abcde", given["options"], strict=True)
    chosen(answer, changing, {letter: reasons[line] for letter, line in letters})
