"""Plausible wrong answers to chapter 06, and what the check should say to each."""

PUSH = (
    "def slopes_by_pushing(f, x, step):\n    slopes = torch.zeros_like(x).reshape(-1)\n"
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

WRONG = {
    "6.1": [
        ("answer = 10", "the square's slope alone"),
        ("answer = 25", "not its slope"),
        ("answer = 15", "twice what came in"),
        ("answer = -30", "The sign"),
        ("answer = torch.tensor(5.0)", "the error; backward has not begun"),
        ("answer = 6", "its slope goes on"),
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
            "def slopes_by_pushing(f, x, step):\n    x.requires_grad_()\n"
            "    return torch.autograd.grad(f(x), x)[0]",
            "autograd",
        ),
        (
            "def slopes_by_pushing(f, x, step):\n    flat, slopes = x.view(-1), []\n"
            "    for i in range(x.numel()):\n        flat[i] += step\n        up = f(x)\n"
            "        flat[i] -= 2 * step\n        slopes.append((up - f(x)) / (2 * step))\n"
            "    return torch.tensor(slopes).reshape(x.shape)",
            "x has been changed",
        ),
        (
            "def slopes_by_pushing(f, x, step):\n"
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
        (ROUND + FORWARD + BACKWARD + "None", "no slope arrives"),
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
}
