"""Plausible wrong answers to chapter 09, and what the check should say to each."""

WHO = "def whoami(machine, local_rank, machines, per_machine):\n    return "
WHOLE = "def whole_gradient(gradients, sizes):\n    "
SUM = "sum(g * s for g, s in zip(gradients, sizes))"
SHARE = "def own_share(count, workers, rank):\n    "
SENT = "def megabytes_an_hour(parameters, workers, steps_per_second):\n    return "
RING = "2 * (workers - 1) / workers * "

WRONG = {
    "9.1": [
        ("answer = 234", "is a step too"),
        ("answer = 60_000 / 8 / 32", "no part of a step"),
        ("answer = 60_000 // 32", "eight share"),
        ("answer = 235 * 8", "each step together"),
        ("answer = 1875", "one worker's epoch"),
        ("answer = 7500", "Those are a worker's pictures"),
    ],
    "9.2": [
        (WHO + "local_rank, machines * per_machine", "starts at 0 on each machine"),
        (WHO + "local_rank * machines + machine, machines * per_machine", "in turns"),
        (WHO + "machine * per_machine + local_rank, per_machine", "one machine's number"),
        (WHO + "machine * per_machine + local_rank, machines", "counts workers"),
        (WHO + "machine * per_machine + local_rank + 1, machines * per_machine", "from 0"),
        (WHO + "machine * per_machine + local_rank", "expected"),
        (
            WHO + "machine * machines + local_rank, machines * per_machine",
            "Before this machine come `machine` machines with `per_machine` workers each",
        ),
        (WHO + "machines * per_machine, machine * per_machine + local_rank", "expected"),
    ],
    "9.3": [
        (WHOLE + "return sum(gradients) / len(gradients)", "the plain mean"),
        (WHOLE + f"return {SUM}", "sum over all pictures"),
        (WHOLE + f"return {SUM} / len(sizes)", "divide by the number of pictures"),
        (WHOLE + "return sum(gradients) / sum(sizes)", "a mean already"),
        (WHOLE + f"return {SUM} * len(sizes) / sum(sizes)", "hands to DDP"),
        (
            "def whole_gradient(g, s):\n    return torch.stack(g).median(0).values",
            "2 of 2 values differ",
        ),
        ("def whole_gradient(g, s):\n    return sum(a / b for a, b in zip(g, s))", "expected 2"),
    ],
    "9.4": [
        (
            SHARE + "from torch.utils.data import DistributedSampler as S\n"
            "    return list(S(range(count), workers, rank, shuffle=False))",
            "write it without",
        ),
        (SHARE + "return list(range(count))[rank::workers]", "fill up from the beginning"),
        (SHARE + "return list(range(count - count % workers))[rank::workers]", "leaves pictures"),
        (
            SHARE + "each = -(-count // workers)\n"
            "    return [n % count for n in range(each * rank, each * rank + each)]",
            "like cards",
        ),
        (
            SHARE + "each = count // workers\n"
            "    return list(range(each * rank, each * rank + each))",
            "like cards",
        ),
        (
            SHARE + "numbers = list(range(count))\n    while len(numbers) % workers:\n"
            "        numbers.append(count - 1)\n    return numbers[rank::workers]",
            "not with the last picture",
        ),
        (
            SHARE + "numbers = list(range(count))\n    while len(numbers) % workers:\n"
            "        numbers.append(0)\n    return numbers[rank::workers]",
            "not with 0 again and again",
        ),
        (
            SHARE + "numbers = [*range(count), *range(count % workers)]\n"
            "    return numbers[rank::workers]",
            "expected",
        ),
    ],
    "9.5": [
        (SENT + RING + "parameters * steps_per_second * 3600 / 1e6", "four bytes"),
        (SENT + RING + "4 * parameters * steps_per_second / 1e6", "one second"),
        (SENT + RING + "4 * parameters * steps_per_second * 3600", "Those are bytes"),
        (
            SENT + "(workers - 1) / workers * 4 * parameters * steps_per_second * 3600 / 1e6",
            "round twice",
        ),
        (
            SENT + "2 * (workers - 1) * 4 * parameters * steps_per_second * 3600 / 1e6",
            "only an n-th",
        ),
        (
            SENT + "4 * parameters * steps_per_second * 3600 / 1e6",
            "does not send the gradient exactly once: see 2(n - 1)/n",
        ),
        (SENT + RING + "4 * parameters * steps_per_second * 3600 / 1e9", "gigabytes"),
    ],
    "9.6": [
        ('answer = {"a", "b", "c", "d", "e"}', "'c' should not be in it"),
        ('answer = {"a", "d", "e"}', "'b' is missing"),
        ('answer = "a, b, d"', "'e' is missing"),
    ],
    "9.7": [
        ('answer = "a"', "How many pictures does one step see here?"),
        ('answer = "c"', "not the sum"),
    ],
    "9.8": [
        ('answer = (2, "c")', "LOCAL_RANK"),
        ('answer = (0, "a")', "compare the times"),
        ('answer = (3, "b")', "an echo"),
        ('answer = (7, "d")', "an echo"),
        ('answer = (4, "d")', "which LOCAL_RANK"),
        ('answer = (13423, "c")', "the process's number"),
        ('answer = (6, "a")', "exit code 1"),
        ('answer = (6, "b")', "by a signal"),
        ('answer = (6, "d")', "exit code -15"),
        ('answer = "c"', "a rank and a letter"),
        ("answer = 6", "a rank and a letter"),
    ],
}
