"""Plausible wrong answers to chapter 06, and what the check should say to each."""

PUSH = (
    "def gradient_by_pushing(f, x, step):\n    slopes = torch.zeros_like(x).reshape(-1)\n"
    "    for place in range(x.numel()):\n        push = torch.zeros_like(x).reshape(-1)\n"
    "        push[place] = step\n        push = push.reshape(x.shape)\n        slopes[place] = "
)
SHAPED = "\n    return slopes.reshape(x.shape)"
MSE = (
    "def linear_mse_backward(x, weight, bias, target):\n"
    "    output = x @ weight.T + bias\n    grad_output = "
)
THREE = "\n    return grad_output @ weight, grad_output.T @ x, grad_output.sum(dim=0)"
ROUND = "class RoundThrough(torch.autograd.Function):\n"
FORWARD = "    @staticmethod\n    def forward(ctx, x):\n        return x.round()\n\n"
BACKWARD = "    @staticmethod\n    def backward(ctx, grad_output):\n        return "

CROSS = (
    "def cross_entropy_gradient(logits, labels):\n    p = logits.softmax(dim=1)\n"
    "    t = F.one_hot(labels, logits.shape[1])\n    return "
)
SIZES = (
    "def gradient_sizes(model):\n    return {name: size(p.grad, p) "
    "for name, p in model.named_parameters() if p.grad is not None }\n"
    "def size(g, p):\n    return "
)

WRONG = {
    "6.1": [
        ("answer = 10", "the square's derivative alone"),
        ("answer = 25", "not its derivative"),
        ("answer = 15", "twice what came in"),
        ("answer = -30", "The sign"),
        ("answer = torch.tensor(5.0)", "the error; backward has not begun"),
        ("answer = 6", "its derivative goes on"),
        ("answer = 60", "That is too large"),
    ],
    "6.2": [
        (PUSH + "(f(x + push) - f(x)) / step" + SHAPED, "push both ways"),
        (PUSH + "(f(x + push) - f(x - push)) / step" + SHAPED, "2 * step"),
        (PUSH + "f(x + push) - f(x - push)" + SHAPED, "divide it"),
        (PUSH + "(f(x + push) - f(x - push)) / 2 * step" + SHAPED, "multiplies by step"),
        (PUSH + "(f(x) - f(x - push)) / step" + SHAPED, "push both ways"),
        (PUSH + "(f(x - push) - f(x + push)) / (2 * step)" + SHAPED, "comes first"),
        (PUSH + "(f(x + push) - f(x - push)) / (2 * step)\n    return slopes", "expected ("),
        (
            "def gradient_by_pushing(f, x, step):\n    x.requires_grad_()\n"
            "    return torch.autograd.grad(f(x), x)[0]",
            "autograd",
        ),
        (
            "def gradient_by_pushing(f, x, step):\n    flat, slopes = x.view(-1), []\n"
            "    for i in range(x.numel()):\n        flat[i] += step\n        up = f(x)\n"
            "        flat[i] -= 2 * step\n        slopes.append((up - f(x)) / (2 * step))\n"
            "    return torch.tensor(slopes).reshape(x.shape)",
            "x has been changed",
        ),
        (
            "def gradient_by_pushing(f, x, step):\n"
            "    return torch.full_like(x, (f(x + step) - f(x - step)) / (2 * step))",
            "expected",
        ),
    ],
    "6.3": [
        (MSE + "(output - target) / output.numel()" + THREE, "twice the error"),
        (MSE + "2 * (output - target) / len(x)" + THREE, "not by N"),
        (MSE + "2 * (output - target)" + THREE, "`mean` divides, and so"),
        (MSE + "output - target" + THREE, "Twice the error, over"),
        (MSE + "2 * (output - target) / output.shape[1]" + THREE, "number of outputs"),
        (MSE + "2 * (target - output) / output.numel()" + THREE, "output minus target"),
        (
            MSE + "2 * (output - target) / output.numel()\n"
            "    return grad_output @ weight, grad_output.T @ x, grad_output.mean(dim=0)",
            "do not average",
        ),
        (
            "def linear_mse_backward(x, weight, bias, target):\n"
            "    leaves = [t.clone().requires_grad_() for t in (x, weight, bias)]\n"
            "    loss = F.mse_loss(leaves[0] @ leaves[1].T + leaves[2], target)\n"
            "    return torch.autograd.grad(loss, leaves)",
            "now without autograd",
        ),
        (
            "def linear_mse_backward(x, weight, bias, target):\n"
            "    def loss(x, weight, bias):\n"
            "        return F.mse_loss(x @ weight.T + bias, target)\n"
            "    return torch.autograd.functional.jacobian(loss, (x, weight, bias))",
            "now without autograd",
        ),
        (
            MSE + "2 * (output - target) / output.numel()\n"
            "    return grad_output @ weight, x.T @ grad_output, grad_output.sum(dim=0)",
            "the gradient of weight: got shape (4, 3)",
        ),
    ],
    "6.4": [
        ('answer = {"a", "c", "d", "e"}', "'d' should not be in it"),
        ('answer = {"a", "b", "c", "e"}', "'b' should not be in it"),
        ('answer = {"a", "c"}', "'e' is missing"),
        ('answer = "c, e"', "'a' is missing"),
    ],
    "6.5": [
        (ROUND + FORWARD + BACKWARD + "torch.zeros_like(grad_output)", "nothing is learnt"),
        (ROUND + FORWARD + BACKWARD + "torch.ones_like(grad_output)", "multiplied by what"),
        (ROUND + FORWARD + BACKWARD + "grad_output.round()", "Backward rounds too"),
        (ROUND + FORWARD + BACKWARD + "None", "no gradient arrives"),
        (ROUND + FORWARD + BACKWARD + "-grad_output", "the sign stays"),
        (
            ROUND + FORWARD.replace("x.round()", "(x + 0.5).floor()") + BACKWARD + "grad_output",
            "half-way",
        ),
        (ROUND + FORWARD.replace("x.round()", "x") + BACKWARD + "grad_output", "Forward rounds"),
        (ROUND + FORWARD, "raised"),
        ("def RoundThrough(x):\n    return x.round()", "extends autograd.Function"),
    ],
    "6.6": [
        ('answer = "a"', "not what is recorded"),
        ('answer = "c"', "parameter's shape for ever"),
    ],
    "6.7": [
        (CROSS + "p - t", "divide by its length"),
        (CROSS + "(p - t) / p.numel()", "not of logits"),
        (CROSS + "(t - p) / len(p)", "probability minus target"),
        (CROSS + "p / len(p)", "The target is missing: the right class"),
        (CROSS + "p", "That is softmax"),
        (CROSS + "(logits - t) / len(p)", "Softmax first"),
        (CROSS.replace("dim=1", "dim=0") + "(p - t) / len(p)", "over the classes"),
        (CROSS + "(logits.sigmoid() - t) / len(p)", "not sigmoid"),
        (CROSS + "(p - 1) / len(p)", "Only the right class"),
        (CROSS + "(p.log() - t) / len(p)", "No logarithm"),
        (CROSS + "(logits.exp() / logits.exp().sum(1, True) - t) / len(p)", "infinite"),
        (CROSS + "logits.copy_((p - t) / len(p))", "changes its argument in place"),
        (
            "def cross_entropy_gradient(logits, labels):\n"
            "    leaf = logits.clone().requires_grad_()\n"
            "    F.cross_entropy(leaf, labels).backward()\n    return leaf.grad",
            "now without autograd",
        ),
        (
            "def cross_entropy_gradient(logits, labels):\n"
            "    loss = lambda logits: F.cross_entropy(logits, labels)\n"
            "    return torch.autograd.functional.jacobian(loss, logits)",
            "now without autograd",
        ),
        (
            "def cross_entropy_gradient(logits, labels):\n"
            "    return torch.func.grad(F.cross_entropy)(logits, labels)",
            "now without autograd",
        ),
    ],
    "6.8": [
        (SIZES + "g.mean().item()", "cancel in a mean"),
        (SIZES + "g.abs().mean().item()", "the mean size"),
        (SIZES + "g.square().mean().item()", "The root is missing"),
        (SIZES + "g.norm().item()", "grows with the number"),
        (SIZES + "g.std().item()", "standard deviation"),
        (SIZES + "g.abs().max().item()", "the largest"),
        (SIZES + "p.square().mean().sqrt().item()", "the size of the weights"),
        (SIZES + "g.square().tolist()", "one number for each name"),
        (SIZES + "g.square_().mean().sqrt()", "has been changed"),
        (SIZES.replace("if p.grad is not None ", "") + "p.grad.square()", "raised AttributeError"),
        (SIZES.replace("is not None", "is not None and p.ndim > 1") + "g.norm()", "got the names"),
        ("def gradient_sizes(model):\n    return [p.grad for p in model[0].parameters()]", "dict"),
    ],
}
