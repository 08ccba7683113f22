"""Plausible wrong answers to chapter 02, and what the check should say to each."""

COLLATE = (
    "import torch.nn.functional as F\n\n\ndef collate_unequal(samples):\n"
    "    y = [label for _, label in samples]\n"
)
SIDES = "    h, w = (max(i.shape[n] for i, _ in samples) for n in (1, 2))\n"
FILLED = (
    "    x = torch.stack([F.pad(i, (0, w - i.shape[2], 0, h - i.shape[1])) for i, _ in samples])\n"
    "    return x, torch.tensor(y)"
)
STACK = "def channel_statistics(dataset):\n    x = torch.stack([image for image, _ in dataset])\n"
SHARE = """def loading_share(loader, step, clock):
    start, wait, asked = clock(), 0.0, clock()
    for batch in loader:
        wait += clock() - asked
        step(batch)
        asked = clock()
    end = clock()
    return wait / (end - start)
"""

WRONG = {
    "2.1": [
        ("answer = (234, 96)", "form a batch, too"),
        ("answer = (235, 256)", "only the rest"),
        ("answer = divmod(60_000, 255)", "Number 2 of 2: that is too small"),
        ("answer = (236, 96)", "Number 1 of 2: that is too large"),
        ("answer = 235", "expected a tuple"),
        ("answer = (234, 256)", "what of the rest?"),
        ("answer = (96, 235)", "number of batches comes first"),
    ],
    "2.2": [
        (
            "def restored(x, mean, std):\n"
            "    return ((x * std + mean) * 255).to(torch.uint8).squeeze(1)",
            "round first",
        ),
        (
            "def restored(x, mean, std):\n"
            "    return ((x * std + mean) * 255).round().to(torch.uint8).squeeze()",
            "takes the batch axis",
        ),
        (
            "def restored(x, mean, std):\n"
            "    return ((x + mean) * std * 255).round().to(torch.uint8)[:, 0]",
            "Undo the last step first",
        ),
        (
            "def restored(x, mean, std):\n    return (x * std + mean).byte()[:, 0]",
            "expected",
        ),
        (
            "def restored(x, mean, std):\n    return ((x[:, 0] * std + mean) * 255).round()",
            "torch.uint8; the numbers themselves are right",
        ),
        (
            "def restored(x, mean, std):\n    return ((x * std + mean) * 255).round().byte()",
            "the channel axis is still there",
        ),
        (
            "def restored(x, mean, std):\n"
            "    return ((x * 0.353 + 0.286) * 255).round().byte()[:, 0]",
            "Use the arguments `mean` and `std`",
        ),
        (
            "def restored(x, mean, std):\n"
            "    return ((x - mean) / std * 255).round().to(torch.uint8).squeeze(1)",
            "times `std`, plus `mean`",
        ),
        (
            "def restored(x, mean, std):\n    return ((x - mean) / std * 255).byte()[:, 0]",
            "normalises a second time",
        ),
        (
            "def restored(x, mean, std):\n    return ((x - mean) / std).round().byte()[:, 0]",
            "normalises a second time",
        ),
    ],
    "2.3": [
        (
            "class Shoes(Dataset):\n"
            "    def __init__(self, dataset):\n        self.dataset = dataset\n"
            "        self.kept = [i for i, y in enumerate(dataset.targets) if y in (5, 7, 9)]\n"
            "    def __len__(self):\n        return len(self.kept)\n"
            "    def __getitem__(self, index):\n"
            "        image, y = self.dataset[self.kept[index]]\n"
            "        return image.flip(-1), (5, 7, 9).index(y)",
            "image unchanged",
        ),
        (
            "class Shoes(Dataset):\n"
            "    def __init__(self, dataset):\n        self.dataset = dataset\n"
            "        self.kept = [i for i, y in enumerate(dataset.targets) if y in (5, 7, 9)]\n"
            "        for new, old in enumerate((5, 7, 9)):\n"
            "            dataset.targets[dataset.targets == old] = new\n"
            "    def __len__(self):\n        return len(self.kept)\n"
            "    def __getitem__(self, index):\n        return self.dataset[self.kept[index]]",
            "changes the labels of the dataset",
        ),
        (
            "class Shoes(Dataset):\n"
            "    def __init__(self, dataset):\n        self.dataset = dataset\n"
            "        self.kept = [i for i, y in enumerate(dataset.targets) if y in (5, 7, 9)]\n"
            "    def __len__(self):\n        return len(self.kept)\n"
            "    def __getitem__(self, index):\n        return self.dataset[self.kept[index]]",
            "old labels",
        ),
        (
            "class Shoes(Dataset):\n"
            "    def __init__(self, dataset):\n        self.dataset = dataset\n"
            "    def __len__(self):\n        return len(self.dataset)\n"
            "    def __getitem__(self, index):\n        return self.dataset[index]",
            "length of the whole set",
        ),
        (
            "class Shoes(Dataset):\n"
            "    def __init__(self, dataset):\n        self.dataset = dataset\n"
            "        self.n = sum(int(y) in (5, 7, 9) for y in dataset.targets)\n"
            "    def __len__(self):\n        return self.n\n"
            "    def __getitem__(self, index):\n"
            "        image, y = self.dataset[index]\n        return image, 0",
            "translate the index",
        ),
        (
            "class Shoes(Dataset):\n"
            "    def __init__(self, dataset):\n        self.dataset = dataset\n"
            "        labels = list(enumerate(dataset.targets))\n"
            "        self.kept = [i for c in (5, 7, 9) for i, y in labels if y == c]\n"
            "    def __len__(self):\n        return len(self.kept)\n"
            "    def __getitem__(self, index):\n"
            "        image, y = self.dataset[self.kept[index]]\n"
            "        return image, (5, 7, 9).index(y)",
            "keep their order",
        ),
        (
            "class Shoes(Dataset):\n"
            "    def __init__(self, dataset):\n        self.indices = [0]\n"
            "    def __getitem__(self, index):\n        return self.dataset[index]",
            "raised TypeError",
        ),
    ],
    "2.4": [
        (
            "def split_indices(n, v, seed):\n    g = torch.Generator().manual_seed(seed)\n"
            "    part = torch.randperm(n - v, generator=g)\n"
            "    return part, n - v + torch.randperm(v, generator=g)",
            "of sorted classes, some would be missing",
        ),
        (
            "def split_indices(n, v, seed):\n    held = torch.arange(v) * (n // v)\n"
            "    rest = torch.ones(n).index_fill(0, held, 0).nonzero().flatten()\n"
            "    return rest, held",
            "not shuffled",
        ),
        (
            "def split_indices(n, v, seed):\n    g = torch.Generator().manual_seed(seed)\n"
            "    order = torch.randperm(n, generator=g).int()\n    return order[v:], order[:v]",
            "of torch.int32 as a part, expected a row of int64",
        ),
        (
            "def split_indices(count, validation_count, seed):\n"
            "    order = (torch.arange(count) + 13 * seed) % count\n"
            "    return order[validation_count:], order[:validation_count]",
            "not shuffled",
        ),
        (
            "def split_indices(count, validation_count, seed):\n"
            "    order = torch.arange(count)\n"
            "    return order[:-validation_count], order[-validation_count:]",
            "not shuffled",
        ),
        (
            "def split_indices(count, validation_count, seed):\n"
            "    g = torch.Generator().manual_seed(seed)\n"
            "    return (torch.randint(count, (count - validation_count,), generator=g),\n"
            "            torch.randint(count, (validation_count,), generator=g))",
            "Cut one permutation in two",
        ),
        (
            "def split_indices(count, validation_count, seed):\n"
            "    order = torch.randperm(count)\n"
            "    return order[validation_count:], order[:validation_count]",
            "Make a generator of your own",
        ),
        (
            "def split_indices(count, validation_count, seed):\n"
            "    order = torch.randperm(count, generator=torch.Generator().manual_seed(0))\n"
            "    return order[validation_count:], order[:validation_count]",
            "`seed` is not used",
        ),
        (
            "def split_indices(count, validation_count, seed):\n"
            "    order = torch.randperm(count, generator=torch.Generator().manual_seed(seed))\n"
            "    return order[:validation_count], order[validation_count:]",
            "Those for learning come first",
        ),
        (
            "def split_indices(count, validation_count, seed):\n    return list(range(count)), []",
            "expected a row of int64 indices: make it a tensor",
        ),
        (
            "def split_indices(count, validation_count, seed):\n    torch.manual_seed(seed)\n"
            "    order = torch.randperm(count)\n"
            "    return order[validation_count:], order[:validation_count]",
            "`torch.randperm(count, generator=g)`",
        ),
        (
            "def split_indices(n, v, seed):\n    g = torch.Generator().manual_seed(seed)\n"
            "    return random_split(range(n), [n - v, v], g)",
            "return its `.indices`, as a tensor",
        ),
    ],
    "2.5": [
        (
            "def sample_weights(y):\n    return torch.full(y.shape, 1 / len(y))",
            "Equal weights leave frequent classes ahead",
        ),
        (
            "def sample_weights(labels):\n    return 1 / labels.bincount()[labels]",
            "make all weights add up to 1",
        ),
        (
            "def sample_weights(y):\n    w = y.bincount()[y]\n    return w / w.sum()",
            "favours frequent classes",
        ),
        (
            "def sample_weights(labels):\n    return 1 / labels.bincount()[labels] / 10",
            "it need not be ten",
        ),
        (
            "def sample_weights(labels):\n"
            "    return 1 / labels.bincount()[labels] / len(labels.bincount())",
            "not by the highest label",
        ),
        (
            "def sample_weights(y):\n    return (1 / y.bincount()[y]).softmax(0)",
            "4 of 4 values differ",
        ),
        (
            "def sample_weights(y):\n    w = 1 / y.unique(return_counts=True)[1]\n"
            "    return w[y] / w[y].sum()",
            "index 9 is out of bounds",
        ),
        (
            "def sample_weights(labels):\n    return 1 / labels.bincount() / len(labels.unique())",
            "got shape (10,)",
        ),
        (
            "def sample_weights(labels):\n    w = 1 / labels.bincount()\n"
            "    return (w / w.sum())[labels]",
            "taken over all samples",
        ),
        (
            "def sample_weights(labels):\n"
            "    _, place, counts = labels.unique(return_inverse=True, return_counts=True)\n"
            "    return 1 / counts[place] / (1 / counts).sum()",
            "taken over all samples",
        ),
    ],
    "2.6": [
        ('answer = "a"', "still has no set"),
        ('answer = "b"', "what one may know"),
        ('answer = "d"', "expected letters"),
        ('answer = "bc"', "expected a single letter"),
    ],
    "2.7": [
        (COLLATE + "    return torch.stack([i for i, _ in samples]), torch.tensor(y)", "raised"),
        (
            COLLATE + "    x = torch.zeros(len(samples), 1, 8, 8)\n"
            "    for n, (i, _) in enumerate(samples):\n"
            "        x[n, :, : i.shape[1], : i.shape[2]] = i\n    return x, torch.tensor(y)",
            "own largest, in this batch",
        ),
        (
            COLLATE + "    h = w = max(max(i.shape) for i, _ in samples)\n" + FILLED,
            "each grow to their own largest",
        ),
        (
            COLLATE
            + SIDES
            + FILLED.replace(
                "(0, w - i.shape[2], 0, h - i.shape[1])", "(w - i.shape[2], 0, h - i.shape[1], 0)"
            ),
            "right and at the bottom",
        ),
        (
            COLLATE + SIDES + "    x = torch.stack([F.interpolate(i[None], (h, w))[0] for i, _ in "
            "samples])\n    return x, torch.tensor(y)",
            "a resized picture has other pixels",
        ),
        (COLLATE + SIDES + FILLED.replace("torch.tensor(y)", "y"), "labels: got"),
        (COLLATE + SIDES + FILLED.replace("torch.tensor(y)", "torch.tensor(y).float()"), "labels"),
        (COLLATE + SIDES + FILLED.replace("return x,", "return x[:, 0],"), "channel axis"),
    ],
    "2.8": [
        (STACK + "    return x.mean((0, 2, 3)), x.std((0, 2, 3))", "`correction=0`"),
        (STACK + "    return x.mean(), x.std(correction=0)", "One number for all channels"),
        (
            STACK + "    return x.std((0, 2, 3), correction=0), x.mean((0, 2, 3))",
            "mean comes first",
        ),
        (
            STACK + "    return x.mean((0, 2, 3)), x.std((2, 3), correction=0).mean(0)",
            "darker than others",
        ),
        (STACK + "    return x.mean((0, 2, 3)), x.var((0, 2, 3), correction=0)", "the variance"),
        (
            STACK + "    return [s[:, None, None] for s in (x.mean((0, 2, 3)), "
            "x.std((0, 2, 3), correction=0))]",
            "return them in shape (channels,)",
        ),
        (
            STACK
            + "    x = x[:, :3]\n    return x.mean((0, 2, 3)), x.std((0, 2, 3), correction=0)",
            "pictures of shape (4, 5, 2): got",
        ),
        (
            STACK + "    return x.mean((2, 3)), x.std((0, 2, 3), correction=0)",
            "the shape of the mean is (5, 3), expected (3,): the axis of the pictures must go, too",
        ),
        (
            STACK + "    return x.mean((0, 2, 3)), x.std((2, 3), correction=0)",
            "the shape of the standard deviation is (5, 3), expected (3,): the axis of the",
        ),
        (STACK + "    return x.mean(0), x.std(0, correction=0)", "rows and columns must go, too"),
        (STACK + "    return x.mean(1), x.std(1, correction=0)", "averages over the channels"),
        (STACK + "    return x.mean((1, 2, 3)), x.std((1, 2, 3))", "one number for each picture"),
        (
            STACK + "    return [f(x, (0, 2, 3), keepdim=True) for f in (torch.mean, torch.std)]",
            "leave out `keepdim`",
        ),
        (
            STACK.replace("image for", "image / 255 for")
            + "    return x.mean((0, 2, 3)), x.std((0, 2, 3), correction=0)",
            "already floats",
        ),
        (
            STACK + "    return torch.stack([x.mean((0, 2, 3)), x.std((0, 2, 3), correction=0)])",
            "return two tensors",
        ),
    ],
    "2.9": [
        (SHARE.replace("return wait / (end - start)", "return wait"), "Those are seconds"),
        (SHARE.replace("return wait", "return 1 - wait"), "share of the training steps"),
        (SHARE.replace("return wait", "return 100 * wait"), "a percentage"),
        (SHARE.replace("(end - start)", "(end - start - wait)"), "not by the training alone"),
        (SHARE.replace("wait += ", "wait = "), "Add up the waits"),
        (SHARE.replace("        step(batch)\n", ""), "`step` was called with batches []"),
        (
            "def loading_share(loader, step, clock):\n    list(loader)\n" + SHARE.split("\n", 1)[1],
            "go through it once",
        ),
        (
            SHARE.replace(
                "        step(batch)\n        asked = clock()\n", "        step(batch)\n"
            ),
            "read the clock again after each step",
        ),
        (
            SHARE.replace(
                "        step(batch)\n        asked = clock()\n",
                "        asked = clock()\n        step(batch)\n",
            ),
            "read the clock again after each step",
        ),
        (
            SHARE.replace("clock()", "time.perf_counter()"),
            "use the clock that you were given",
        ),
        (
            SHARE.replace("batch in", "images, labels in").replace("batch)", "images)"),
            "give it the batch as it comes",
        ),
        (
            SHARE.replace("batch in", "images, labels in").replace("batch)", "images, labels)"),
            "give it the batch as it comes",
        ),
    ],
}
