"""Plausible wrong answers to chapter 04, and what the check should say to each."""


def gain(start, forward="self.gain * x", init="super().__init__()"):
    return (
        f"class Gain(nn.Module):\n    def __init__(self):\n        {init}\n"
        f"        {start}\n    def forward(self, x):\n        return {forward}"
    )


def tower(layers, forward):
    return (
        "class Tower(nn.Module):\n    def __init__(self, widths):\n        super().__init__()\n"
        "        pairs = list(zip(widths, widths[1:]))\n"
        f"        {layers}\n    def forward(self, x):\n        {forward}\n        return x"
    )


def shapes(hook, after="", loop="model.named_children()"):
    return (
        "def output_shapes(model, x):\n    shapes, handles = {}, []\n"
        f"    for name, child in {loop}:\n"
        f"        handles.append(child.register_forward_hook({hook}))\n"
        f"    model(x)\n    {after}\n    return shapes"
    )


GOOD_HOOK = "lambda m, i, o, name=name: shapes.update({name: tuple(o.shape)})"
REMOVE = "[handle.remove() for handle in handles]"
LINEARS = "nn.ModuleList([nn.Linear(a, b) for a, b in pairs])"
PARAMETER = "self.gain = nn.Parameter(torch.ones(1))"


def trunk(chosen, left="[n for n in there if n not in fits]", source="model.state_dict()"):
    return (
        "def load_trunk(model, path):\n    there = torch.load(path)\n"
        f"    own = dict({source})\n    fits = {chosen}\n"
        f"    model.load_state_dict(fits, strict=False)\n    return {left}"
    )


FITS = "{n: t for n, t in there.items() if n in own and own[n].shape == t.shape}"


def head(*lines):
    return "def with_new_head(model, classes):\n    " + "\n    ".join(lines)


FREEZE, SGD = (
    "model.requires_grad_(False)",
    "return torch.optim.SGD(model.out.parameters(), lr=0.1)",
)
NEW = "model.out = nn.Linear(model.out.in_features, classes)"


def leaky(std, bias="if layer.bias is not None: nn.init.zeros_(layer.bias)"):
    return (
        "def start_leaky(layer, slope):\n    n = layer.weight[0].numel()\n"
        f"    nn.init.normal_(layer.weight, std={std})\n    {bias}"
    )


LEAKY = "(2 / ((1 + slope**2) * n)) ** 0.5"

WRONG = {
    "4.1": [
        ("answer = 69_120", "biases are missing"),
        ("answer = 48_120", "5 x 5 kernels"),
        ("answer = 69_696", "not for each input"),
        ("answer = 576", "how many numbers come in"),
        ("answer = 61_706", "That is too small"),
        ("answer = 16 * 6 * 6 + 120", "That is too small"),
    ],
    "4.2": [
        (gain("self.gain = torch.ones(1)"), "a plain tensor"),
        (gain("self.gain = torch.ones(1, requires_grad=True)"), "a plain tensor"),
        (gain("self.register_buffer('gain', torch.ones(1))"), "a buffer"),
        (gain("self.gain = nn.Parameter(torch.zeros(1))"), "Start at 1"),
        (gain("self.gain = nn.Parameter(torch.tensor(1.0))"), "got shape ()"),
        (gain("self.scale = nn.Parameter(torch.ones(1))", "x"), "expected ['gain']"),
        (gain(PARAMETER, "x"), "the gain is not used"),
        (gain(PARAMETER, "self.gain + x"), "do not add"),
        (gain(PARAMETER, "self.gain.item() * x"), "no gradient can reach"),
        (gain(PARAMETER, init="pass"), "raised AttributeError"),
        (gain("gain = nn.Parameter(torch.ones(1))", "x"), "Nothing is registered"),
        (gain(PARAMETER, "self.gain * x if self.training else x"), "the gain is not used"),
        (gain(PARAMETER, "None"), "`return` missing"),
        (
            gain("self.gain = gain").replace(
                "(self)", "(self, gain=nn.Parameter(torch.ones(1)))", 1
            ),
            "right once, but not when asked again",
        ),
        ("class Gain:\n    def forward(self, x):\n        return x", "does not extend nn.Module"),
    ],
    "4.3": [
        ('answer = {"a", "e"}', "'b' is missing"),
        ('answer = {"a", "b"}', "'e' is missing"),
        ('answer = {"a", "b", "d", "e"}', "'d' should not be in it"),
        ('answer = {"b", "e"}', "'a' is missing"),
        ('answer = {"a", "b", "c", "e"}', "'c' should not be in it"),
    ],
    "4.4": [
        (
            "class Tower(nn.Sequential):\n    def __init__(self, widths):\n        parts = []\n"
            "        before = widths.pop(0)\n        while widths:\n"
            "            parts += [nn.Linear(before, widths[0]), nn.ReLU()]\n"
            "            before = widths.pop(0)\n        super().__init__(*parts[:-1])",
            "changes its argument in place",
        ),
        (
            tower(f"self.layers = {LINEARS}", "for layer in self.layers: x = layer(x).relu()"),
            "No ReLU after the last",
        ),
        (
            tower(f"self.layers = {LINEARS}", "for layer in self.layers: x = layer(x)"),
            "The ReLU between the layers is missing",
        ),
        (
            tower(
                "self.layers = [nn.Linear(a, b) for a, b in pairs]",
                "for layer in self.layers: x = layer(x).relu()",
            ),
            "nn.ModuleList is",
        ),
        (
            tower(
                "self.layers = nn.ModuleList([nn.Linear(a, b, bias=False) for a, b in pairs])",
                "for layer in self.layers: x = layer(x).relu()",
            ),
            "has a bias, too",
        ),
        (
            tower(
                f"self.layers = {LINEARS}",
                "for layer in self.layers[:-1]: x = layer(x).relu()\n"
                "        x = self.layers[-1](x).detach()",
            ),
            "no gradient can reach",
        ),
        (
            tower("self.layers = nn.Linear(widths[0], widths[-1])", "x = self.layers(x)"),
            "for widths [6, 5, 4, 3] the weights are",
        ),
        (
            tower(
                "self.layers = nn.ModuleList([nn.Linear(b, a) for a, b in pairs])",
                "for layer in self.layers: x = layer(x)",
            ),
            "the weights are",
        ),
    ],
    "4.5": [
        (shapes(GOOD_HOOK), "hooks are left on"),
        (shapes(GOOD_HOOK, REMOVE), "when the model raises RuntimeError, hooks are left on"),
        (
            shapes(GOOD_HOOK, REMOVE).replace(
                "    model(x)",
                f"    try: model(x)\n    except RuntimeError:\n        {REMOVE}\n        raise",
            ),
            "when the model raises ZeroDivisionError",
        ),
        (
            shapes(GOOD_HOOK, REMOVE).replace(
                "    model(x)",
                f"    try: model(x)\n    except Exception:\n        {REMOVE}\n        raise",
            ),
            "when the model raises KeyboardInterrupt",
        ),
        (
            shapes(GOOD_HOOK).replace(
                "    model(x)",
                "    try: model(x)\n    finally:\n"
                "        for child in model.children(): child._forward_hooks.clear()",
            ),
            "hooks of others",
        ),
        (shapes("lambda m, i, o: shapes.update({name: o.shape})", REMOVE), "the loop's last name"),
        (shapes(GOOD_HOOK, REMOVE, "list(model.named_modules())"), "direct children"),
        (shapes(GOOD_HOOK, "model.eval(); " + REMOVE), "put into eval mode"),
        (
            "def output_shapes(model, x):\n    shapes = {}\n    try:\n"
            "        for name, child in model.named_children():\n            x = child(x)\n"
            "            shapes[name] = tuple(x.shape)\n    except Exception: pass\n"
            "    return shapes",
            "got {}, expected",
        ),
    ],
    "4.6": [
        ('answer = "a"', "Nothing adapts"),
        ('answer = "c"', "makes each layer by itself"),
    ],
    "4.7": [
        (trunk("there"), "size mismatch"),
        (trunk("{n: t for n, t in there.items() if own[n].shape == t.shape}"), "KeyError"),
        (trunk("{n: t for n, t in there.items() if n in own}"), "size mismatch"),
        (trunk(FITS, "None"), "`return` missing"),
        (trunk(FITS, "list(fits)"), "the names that were loaded"),
        (trunk(FITS, "[n for n in own if n not in fits]"), "is not in the file"),
        (trunk(FITS, "len(there) - len(fits)"), "expected a list of names"),
        (trunk(FITS, source="model.named_parameters()"), "Buffers are in the file"),
        (trunk(FITS).replace("(path)", "(path, weights_only=False)"), "was run"),
        (trunk("{}", "[n for n in there if n.startswith('out')]"), "was not loaded"),
        (
            trunk("{n: t for n, t in there.items() if not n.startswith('out')}", "['out.weight']"),
            "expected ['out.bias', 'out.weight']",
        ),
        (
            "def load_trunk(model, path):\n    there = torch.load(path)\n"
            "    model.out = nn.Linear(4, len(there['out.bias']))\n"
            "    model.load_state_dict(there, strict=False)\n    return []",
            "common random sequence",
        ),
        (
            trunk(FITS) + "\n" + trunk(FITS, "nn.init.zeros_(model.out.bias) is None or []"),
            "`out.bias` does not fit, and should be as it was",
        ),
    ],
    "4.8": [
        (head(NEW, FREEZE, SGD), "freeze first"),
        (head(NEW, SGD), "still asks for gradients"),
        (head(FREEZE, SGD), "still the old head"),
        (
            head("o = torch.optim.SGD(model.out.parameters(), lr=0.1)", FREEZE, NEW, "return o"),
            "holds the old head",
        ),
        (head(FREEZE, NEW, "return torch.optim.SGD(model.parameters(), lr=0.1)"), "frozen"),
        (head(FREEZE, NEW, "return torch.optim.SGD([model.out.weight], lr=0.1)"), "and bias"),
        (head(FREEZE, "model.out = nn.Linear(60, classes)", SGD), "numbers arrive"),
        (head(FREEZE, "model.out = nn.Linear(model.out.in_features, 10)", SGD), "(4, 2)"),
        (head(FREEZE, NEW, "return torch.optim.Adam(model.out.parameters())"), "expected SGD"),
        (head(FREEZE, NEW, SGD.replace("0.1", "0.01")), "lr=0.1"),
        (head(FREEZE, NEW, "return model"), "expected an optimizer"),
        (head(FREEZE, NEW, "nn.init.zeros_(model.conv.weight)", SGD), "has other values now"),
    ],
    "4.9": [
        (leaky("(2 / n) ** 0.5"), "the start for ReLU"),
        (leaky("(2 / ((1 + slope) * n)) ** 0.5"), "slope², not slope"),
        (leaky("(2 / ((1 - slope**2) * n)) ** 0.5"), "1 + slope²"),
        (leaky("2 / ((1 + slope**2) * n)"), "take the square root"),
        (leaky("(1 / ((1 + slope**2) * n)) ** 0.5"), "Where is the 2"),
        (
            leaky(LEAKY).replace("layer.weight[0].numel()", "layer.weight.shape[1]"),
            "in · k · k inputs",
        ),
        (
            leaky(LEAKY).replace("layer.weight[0].numel()", "layer.weight[:, 0].numel()"),
            "not over the outputs",
        ),
        (leaky(LEAKY, "nn.init.zeros_(layer.bias)"), "raised AttributeError"),
        (
            leaky(LEAKY) + "\n    nn.init.kaiming_uniform_(layer.weight, a=slope)",
            "from a normal distribution",
        ),
        (leaky(LEAKY, "pass"), "the biases are not 0"),
        (leaky(LEAKY).replace("std=", "mean=0.1, std="), "expected about 0"),
        ("def start_leaky(layer, slope):\n    nn.init.zeros_(layer.weight)", "all equal"),
        (
            "def start_leaky(layer, slope):\n"
            "    if layer.bias is not None: nn.init.zeros_(layer.bias)",
            "nothing changed",
        ),
    ],
}
