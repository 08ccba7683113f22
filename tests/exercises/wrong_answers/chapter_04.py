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
}
