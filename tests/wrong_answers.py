"""Plausible wrong answers, as a learner might write them, and what the check should say."""

WRONG = {
    "0.1": [
        ("answer = 28 * 28", "That is one picture"),
        ("answer = 70_000 * 28 * 28", "includes the 10,000 test pictures"),
        ("answer = 60_000", "That counts pictures"),
        ("answer = 60_000 * 28", "one row of each picture"),
        ("answer = 47_000_000", "expected 47040000"),
    ],
    "0.2": [
        ("def accuracy_of(p, y):\n    return (p == y).sum().item()", "That is a count"),
        ("def accuracy_of(p, y):\n    return 100 * (p == y).float().mean().item()", "percentage"),
        ("def accuracy_of(p, y):\n    return (p == y).float().mean()", "`.item()` takes"),
        ("def accuracy_of(p, y):\n    return (p != y).float().mean().item()", "share of errors"),
        ("def accuracy_of(p, y):\n    return 0.75", "expected"),
    ],
    "0.3": [
        ('answer = {"c"}', "'b' is missing: `step` moves along"),
        ('answer = "b"', "finding a direction is not moving"),
        ('answer = {"a", "b", "c"}', "'a' should not be in it"),
        ('answer = {"b", "d"}', "expected letters of a, b, c"),
    ],
    "0.4": [
        ('answer = "a"', "must be measured"),
        ('answer = "c"', "A cat would get shares too"),
        ("answer = 2", "expected letters of a, b, c"),
    ],
    "1.1": [
        ("answer = (1, 3, 1, 32)", "the batch axis has gone"),
        ("answer = (3, 32)", "keeps its axis"),
        ("answer = (3, 32, 32)", "only the first row"),
        ("answer = (3, 32, 1)", "of the rows"),
        ("answer = 96", "expected a tuple"),
    ],
    "1.2": [
        ("def brighten(image, amount):\n    return image + amount", "wrap around"),
        (
            "def brighten(image, amount):\n    return (image + amount).clamp(max=255)",
            "cut at 255 before going back",
        ),
        (
            "def brighten(image, amount):\n    return (image.int() + amount).clamp(0, 255)",
            "torch.uint8; the numbers themselves are right",
        ),
        (
            "def brighten(image, amount):\n    return (image.short() + amount).to(torch.uint8)",
            "The bytes wrap around",
        ),
    ],
    "1.3": [
        (
            "def mirror_channels_first(p):\n    return p.reshape(3, *p.shape[:2]).flip(-1)",
            "mixes the colours",
        ),
        ("def mirror_channels_first(p):\n    return p.permute(2, 0, 1)", "mirror is missing"),
        ("def mirror_channels_first(p):\n    return p.permute(2, 0, 1).flip(1)", "top to bottom"),
        ("def mirror_channels_first(p):\n    return p.permute(2, 1, 0).flip(2)", "on its side"),
    ],
    "1.4": [
        ("def centre(batch):\n    return batch - batch.mean()", "one mean for the whole batch"),
        (
            "def centre(batch):\n    return batch - batch.mean(dim=(1, 2, 3))",
            "line up with the columns",
        ),
        ("def centre(batch):\n    return batch - batch.mean(0, keepdim=True)", "for each pixel"),
        ("def centre(batch):\n    return batch.mean((1, 2, 3), True)", "subtract them"),
        ("def centre(batch):\n    return batch.mean((1, 2, 3), True) - batch", "other way round"),
    ],
    "1.5": [
        ('answer = {"a", "c"}', "flattening numbers that lie in order"),
        ('answer = {"a", "b", "c", "e"}', "a list of positions copies"),
        ('answer = {"a", "c", "d", "e"}', "no constant step"),
        ('answer = {"a", "c", "e", "f"}', "arithmetic makes new numbers"),
        ('answer = ["a", "c"]', "'e' is missing"),
    ],
    "2.1": [
        ("answer = (234, 96)", "form a batch, too"),
        ("answer = (235, 256)", "only the rest"),
        ("answer = divmod(60_000, 255)", "expected"),
        ("answer = 235", "expected a tuple"),
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
            "use a generator with it",
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
            "expected a row of int64 indices",
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
    ],
    "2.6": [
        ('answer = "a"', "still has no set"),
        ('answer = "b"', "what one may know"),
        ('answer = "d"', "expected letters"),
        ('answer = "bc"', "expected a single letter"),
    ],
}
