"""Plausible wrong answers to chapter 07, and what the check should say to each."""

RATE = (
    "def choose_rate(results):\n"
    "    means = {rate: sum(found) / len(found) for rate, found in results.items()}\n"
    "    best = max(means, key=means.get)\n    return "
)
EPOCH = (
    "def train_epoch(model, loader, optimizer):\n    model.train()\n"
    "    total, correct, seen = 0.0, 0, 0\n    for batch, batch_labels in loader:\n"
    "        logits = model(batch)\n        loss = F.cross_entropy(logits, batch_labels)\n"
    "        optimizer.zero_grad()\n        loss.backward()\n        optimizer.step()\n"
    "        total += loss.item() * len(batch)\n"
    "        correct += (logits.argmax(dim=1) == batch_labels).sum().item()\n"
    "        seen += len(batch)\n    return total / seen, correct / seen"
)
CONFUSED = (
    "def most_confused(counts):\n    shares = counts / counts.sum(dim=1, keepdim=True)\n"
    "    shares.fill_diagonal_(0)\n    return divmod(shares.argmax().item(), len(counts))"
)
RESUME = (
    "def resume(path, model, optimizer):\n    state = torch.load(path)\n"
    "    model.load_state_dict(state['model'])\n"
    "    optimizer.load_state_dict(state['optimizer'])\n"
    "    torch.set_rng_state(state['random'])\n    return state['epoch'] + 1"
)
KEEP = (
    "def keep_epoch(losses, patience):\n    best_epoch, best = 0, math.inf\n"
    "    for epoch, loss in enumerate(losses, start=1):\n"
)
CLIP = (
    "def clip(parameters, longest):\n"
    "    slopes = [p.grad for p in parameters if p.grad is not None]\n"
    "    length = sum(slope.square().sum() for slope in slopes).sqrt()\n"
)

WRONG = {
    "7.1": [
        (
            RATE.replace("return ", "print(")
            + "None if best in (min(results), max(results)) else best)",
            "None in every case: is the `return` missing?",
        ),
        (RATE + "best", "at the edge"),
        (
            "def choose_rate(results):\n    best = max(results, key=lambda r: max(results[r]))\n"
            "    return None if best in (min(results), max(results)) else best",
            "luckiest seed",
        ),
        (
            "def choose_rate(results):\n    return max(results, key=lambda r: max(results[r]))",
            "luckiest seed",
        ),
        (
            RATE + "None if best in ([*results][0], [*results][-1]) else best",
            "in any order",
        ),
        (RATE + "None if best == max(results) else best", "two edges"),
        (RATE + "None if best == min(results) else best", "two edges"),
        (RATE + "means[best]", "not its accuracy"),
        (
            RATE.replace("max(means", "min(means")
            + "None if best in (min(results), max(results)) else best",
            "the lowest accuracy",
        ),
    ],
    "7.2": [
        (EPOCH.replace("        optimizer.zero_grad()\n", ""), "clear them"),
        (EPOCH.replace("        optimizer.step()\n", ""), "have not moved"),
        (EPOCH.replace("        loss.backward()\n", ""), "have not moved"),
        (
            EPOCH.replace(
                "        optimizer.zero_grad()\n        loss.backward()\n",
                "        loss.backward()\n        optimizer.zero_grad()\n",
            ),
            "nothing cleared in between",
        ),
        (EPOCH.replace("    model.train()\n", ""), "Dropout was off"),
        (EPOCH.replace("    return", "        return"), "ends the loop"),
        (
            EPOCH.replace("total += loss.item() * len(batch)", "total += loss.item()"),
            "a mean already",
        ),
        (EPOCH.replace("correct / seen", "correct / len(loader)"), "predictions a batch"),
        (
            EPOCH.replace("total / seen, correct / seen", "correct / seen, total / seen"),
            "comes first",
        ),
        (EPOCH.replace("total / seen, correct / seen", "total, correct"), "Those are sums"),
        (EPOCH.replace("total / seen", "loss.item()"), "last batch"),
        (
            EPOCH.replace("    return total / seen, correct / seen", "    pass"),
            "nothing is returned",
        ),
        (EPOCH.replace("loss.item() * len", "loss * len"), "Plain numbers are asked for"),
        (EPOCH.replace("sum().item()", "sum()"), "Plain numbers are asked for: `.item()`"),
        (
            EPOCH.replace("total / seen, correct / seen", "torch.tensor([total, correct]) / seen"),
            "Plain numbers are asked for: `.item()`",
        ),
    ],
    "7.3": [
        (
            "def keep_epoch(losses, patience):\n"
            "    return losses.index(min(losses)) + 1, len(losses)",
            "never stops",
        ),
        (
            "def keep_epoch(losses, patience):\n    best = losses.index(min(losses)) + 1\n"
            "    return best, best + patience",
            "Later losses are not known yet: read in order, and stop",
        ),
        (
            "def keep_epoch(losses, patience):\n    best = losses.index(min(losses)) + 1\n"
            "    return best, min(best + patience, len(losses))",
            "Later losses are not known yet: read in order, and stop",
        ),
        (
            KEEP + "        if loss < best:\n            best_epoch, best = epoch, loss\n"
            "        if epoch - best_epoch == patience:\n            break\n"
            "    return epoch, epoch",
            "not the last",
        ),
        (
            KEEP + "        if loss <= best:\n            best_epoch, best = epoch, loss\n"
            "        if epoch - best_epoch == patience:\n            break\n"
            "    return best_epoch, epoch",
            "no new lowest",
        ),
        (
            KEEP + "        if loss < best:\n            best_epoch, best = epoch, loss\n"
            "        if epoch - best_epoch > patience:\n            break\n"
            "    return best_epoch, epoch",
            "one epoch too long",
        ),
        (
            KEEP + "        if loss < best:\n            best_epoch, best = epoch, loss\n"
            "        if epoch - best_epoch == patience:\n            break\n"
            "    return best_epoch - 1, epoch - 1",
            "counted from 1",
        ),
        (
            KEEP + "        if loss > best:\n            break\n"
            "        if loss < best:\n            best_epoch, best = epoch, loss\n"
            "    return best_epoch, epoch",
            "the first rise",
        ),
        (
            "def keep_epoch(losses, patience):\n    best_epoch, best, wait = 0, math.inf, 0\n"
            "    for epoch, loss in enumerate(losses, start=1):\n        wait += 1\n"
            "        if loss < best:\n            best_epoch, best, wait = epoch, loss, wait - 1\n"
            "        if wait == patience:\n            break\n"
            "    return best_epoch, epoch",
            "count anew",
        ),
        (
            "def keep_epoch(losses, patience):\n    best_epoch, before, wait = 0, math.inf, 0\n"
            "    for epoch, loss in enumerate(losses, start=1):\n        wait += 1\n"
            "        if loss < before:\n            best_epoch, wait = epoch, 0\n"
            "        before = loss\n        if wait == patience:\n            break\n"
            "    return best_epoch, epoch",
            "lowest so far",
        ),
    ],
    "7.4": [
        (
            "def clip(parameters, longest):\n    for p in parameters:\n"
            "        if p.grad is not None:\n"
            "            p.grad *= min(1.0, longest / p.grad.norm())\n    return longest",
            "turns the direction",
        ),
        (
            "def clip(parameters, longest):\n    for p in parameters:\n"
            "        if p.grad is not None:\n            p.grad.clamp_(-longest, longest)",
            "one by one",
        ),
        (
            CLIP + "    for s in slopes:\n        s *= longest / length\n    return length",
            "stays as",
        ),
        (
            CLIP + "    for s in slopes:\n        s *= min(1.0, longest / length)\n"
            "    return min(longest, length.item())",
            "the length afterwards",
        ),
        (
            CLIP.replace("slopes =", "parameters = list(parameters)\n    slopes =")
            + "    for p in parameters:\n        if p.grad is not None:\n"
            "            p.grad = p.grad * min(1.0, longest / length)\n    return length",
            "in place",
        ),
        *[
            (
                CLIP.replace("slope.square().sum()", "slope.norm()").replace(".sqrt()", "")
                + f"    for s in slopes:\n        s *= {factor}\n    return length",
                "Lengths do not add up, squares do",
            )
            for factor in ("min(1.0, longest / length)", "longest / length")
        ],
        (CLIP + "    return length", "Nothing is shortened"),
        (
            CLIP + "    for s in slopes:\n        s = s * min(1.0, longest / length)\n"
            "    return length",
            "makes a new tensor",
        ),
        (
            CLIP.replace("slopes =", "parameters = list(parameters)\n    slopes =")
            + "    for p in parameters:\n        p.data *= min(1.0, longest / length)\n"
            "    return length",
            "The weights themselves",
        ),
        (
            CLIP + "    for s in slopes:\n        s *= min(1.0, longest / length)",
            "nothing is returned",
        ),
        (
            CLIP + "    for p in parameters:\n        if p.grad is not None:\n"
            "            p.grad *= min(1.0, longest / length)\n    return length",
            "only once",
        ),
        (
            "def clip(parameters, longest):\n"
            "    return sum(p.grad.square().sum() for p in parameters).sqrt()",
            "raised",
        ),
    ],
    "7.5": [
        ('answer = {"a", "b", "c", "d", "e"}', "'b' should not be in it"),
        ('answer = {"a", "d", "e"}', "'c' is missing"),
        ('answer = "a, c, e"', "'d' is missing"),
    ],
    "7.6": [
        ('answer = "a"', "chosen by"),
        ('answer = "c"', "luckier still"),
    ],
    "7.7": [
        (CONFUSED.replace(" / counts.sum(dim=1, keepdim=True)", " * 1.0"), "divide each row"),
        (CONFUSED.replace("    shares.fill_diagonal_(0)\n", ""), "leave it out"),
        (CONFUSED.replace("dim=1", "dim=0"), "shares of the columns"),
        (CONFUSED.replace("len(counts))", "len(counts))[::-1]"), "comes first"),
        (
            CONFUSED.replace(
                "return divmod(shares.argmax().item(), len(counts))",
                "return shares.argmax().item()",
            ),
            "through the whole table",
        ),
        (CONFUSED.replace("argmax", "argmin"), "expected"),
        (CONFUSED.replace("argmax().item()", "argmax()"), "Plain numbers are asked for: `.item()`"),
        (
            CONFUSED.replace(
                "divmod(shares.argmax().item(), len(counts))",
                "shares.argmax() // len(counts), shares.argmax() % len(counts)",
            ),
            "Plain numbers are asked for: `.item()`",
        ),
        (CONFUSED.replace(", keepdim=True", ""), "divided by its own sum"),
        *[
            (
                CONFUSED.replace("shares = counts", wrong).replace("counts.sum", "wrong.sum"),
                "That is a share of the mistakes; divide by the whole row",
            )
            for wrong in (
                "wrong = counts.clone().fill_diagonal_(0)\n    shares = wrong",
                "wrong = counts.clone()\n    wrong.fill_diagonal_(0)\n    shares = wrong",
            )
        ],
        (
            "def most_confused(counts):\n    wrong = counts.clone().fill_diagonal_(0)\n"
            "    shares = wrong / wrong.sum(dim=1, keepdim=True)\n"
            "    return divmod(shares.argmax().item(), len(counts))",
            "That is a share of the mistakes; divide by the whole row",
        ),
        (
            CONFUSED.replace(
                "divmod(shares.argmax().item(), len(counts))",
                "torch.unravel_index(shares.argmax(), shares.shape)",
            ),
            "Plain numbers are asked for: `.item()`",
        ),
        *[
            (
                CONFUSED.replace(
                    "divmod(shares.argmax().item(), len(counts))",
                    f"(shares == shares.max()).nonzero(){first}",
                ),
                "Plain numbers are asked for: `.item()`",
            )
            for first in ("[0]", "[:1]")
        ],
        (
            "def most_confused(counts):\n    return divmod(counts.argmax().item(), len(counts))",
            "leave it out",
        ),
    ],
    "7.8": [
        (RESUME.replace("    model.load_state_dict(state['model'])\n", ""), "the weights are not"),
        (RESUME.replace("    optimizer.load_state_dict(state['optimizer'])\n", ""), "Adam's means"),
        (RESUME.replace("    torch.set_rng_state(state['random'])\n", ""), "random numbers"),
        (RESUME.replace(" + 1", ""), "That epoch is done"),
        (RESUME.replace(" + 1", " + 2"), "skips one"),
        (RESUME.replace("    return state['epoch'] + 1", ""), "nothing is returned"),
        (
            RESUME.replace("torch.set_rng_state(state['random'])", "torch.manual_seed(0)"),
            "random numbers",
        ),
        (RESUME.replace("state['epoch'] + 1", "state"), "got"),
    ],
}
