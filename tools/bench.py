"""Measure what the course's training gains over the loop of ordinary study notes.

    python -m tools.bench --seeds 3 --epochs 10

Fashion-MNIST is learnt on the CPU, each time in a process of its own, in turn for each seed, since
a machine drifts. `seed_loop` is FashionNet as study notes train it, `course` as `recipe` does for
as many epochs, `to_accuracy` with a schedule made for the accuracy that seed_loop ends with.
`in_time` is ResidualNet in the seconds that seed_loop took. `limit` is the arithmetic of the
course's steps alone, on a single batch. Then the ladder of chapter 08 is climbed (`bench_ladder`).

Reading the files and testing are never timed. Preparing the course's tensors counts into the
seconds of training, not into images per second. What is written is in `bench_summary`.
"""

import argparse
import json
import re
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from statistics import median

import psutil
import torch
from torch.nn.functional import cross_entropy
from torch.profiler import ProfilerActivity, profile
from torch.utils.flop_counter import FlopCounterMode
from tqdm import tqdm

from tools.bench_in_time import in_time
from tools.bench_ladder import ladder, ladder_table
from tools.bench_loops import course, prepared, read, recipe, seed_loop, timed, to_accuracy
from tools.bench_summary import compose, machine, table
from utils.datasets.fetch import write_file
from utils.training import fit

ROOT = Path(__file__).resolve().parents[1]
STEPS = 200  # timed for the limit; the first half warms up
MATRICES = (1024, 2048)  # widths of the matrices multiplied
LADDER_EPOCHS = 5  # at most, for each rung that changes the arithmetic
FEW = 10_000  # images, enough to look at single steps


def limit(images):
    """Return how fast the recipe's steps can be at most: without loader, checks and counting.

    If all were as fast as a product of two matrices, it would be `matmul_images_per_second`.
    """
    model, loader, others = recipe(*prepared(min(images, FEW))[0], seed=0, epochs=1)
    batch, labels = next(iter(loader))

    def forward_backward():
        model.zero_grad()
        cross_entropy(model(batch), labels).backward()

    def step():
        forward_backward()
        others["optimizer"].step()

    multiply = max(matmul_rate(width) for width in MATRICES)
    flops = count_flops(forward_backward) / len(batch)
    return {
        "images_per_second": len(batch) / median_seconds(step),
        "forward_backward_images_per_second": len(batch) / median_seconds(forward_backward),
        "matmul_images_per_second": multiply / flops,
        "matmul_flops_per_second": multiply,
        "flops_per_image": flops,
        "batch_size": len(batch),
    }


def median_seconds(call):
    seconds = [timed(call) for _ in tqdm(range(STEPS), desc="limit", unit="step", mininterval=1)]
    return median(seconds[STEPS // 2 :])


def matmul_rate(width):
    """Return floating-point operations a second, in the best of ten products of two matrices."""
    left, right = torch.rand(2, width, width)
    out = torch.empty(width, width)
    return 2 * width**3 / min(timed(lambda: torch.mm(left, right, out=out)) for _ in range(10))


def count_flops(call):
    with FlopCounterMode(display=False) as counter:
        call()
    return counter.get_total_flops()


def operators(images):
    """Return the five operators that take most of the CPU time in `fit`, with their shares."""
    model, loader, others = recipe(*prepared(min(images, FEW))[0], seed=0, epochs=2)
    fit(model, loader, **others, num_epochs=1, progress=False)  # to warm up
    with profile(activities=[ProfilerActivity.CPU]) as profiler:
        fit(model, loader, **others, num_epochs=1, progress=False)
    times = {event.key: event.self_cpu_time_total for event in profiler.key_averages()}
    largest = sorted(times, key=times.get, reverse=True)[:5]
    return {"operators": {name: times[name] / sum(times.values()) for name in largest}}


def apart(function, *arguments):
    """Return what `function` returns in a process of its own, and that process's peak memory."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(with_peak, function, *arguments).result()


def with_peak(function, *arguments):
    return function(*arguments) | {"peak_gigabytes": peak_gigabytes()}


def peak_gigabytes():
    status = Path("/proc/self/status")
    if status.exists():  # ru_maxrss would start from the parent's memory there
        return int(re.search(r"VmHWM:\s*(\d+) kB", status.read_text())[1]) * 1024 / 1e9
    memory = psutil.Process().memory_info()
    if hasattr(memory, "peak_wset"):
        return memory.peak_wset / 1e9
    import resource  # there is none on Windows, which has said it by now

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e9  # macOS counts bytes


def trainings(seed, epochs, images):
    """Return a run of each kind of training, all with the same seed."""
    notes = apart(seed_loop, seed, epochs, images)
    return {
        "seed_loop": notes,
        "course": apart(course, seed, epochs, images),
        "to_accuracy": apart(to_accuracy, seed, images),
        "in_time": apart(in_time, seed, sum(notes["seconds"]), images),
    }


def positive(text):
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is not a whole number from 1 on")
    return number


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=positive, default=3, help="how many: 3 takes 0, 1 and 2")
    parser.add_argument("--epochs", type=positive, default=10)
    parser.add_argument("--images", type=positive, default=60_000, help="fewer, to try this out")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "bench.json")
    options = parser.parse_args(arguments)
    train_set, test_set = read(options.images)
    sizes = {"train_images": len(train_set), "test_images": len(test_set)}
    result = machine() | {"data": train_set.source, **sizes, "epochs": options.epochs}
    runs = [trainings(seed, options.epochs, options.images) for seed in range(options.seeds)]
    runs = {name: [run[name] for run in runs] for name in runs[0]}
    result |= compose(runs, apart(limit, options.images), len(train_set))
    result["course"]["operators"] = apart(operators, options.images)["operators"]
    result["ladder"] = apart(ladder, options.images, min(options.epochs, LADDER_EPOCHS))
    write_file(options.out, json.dumps(result, indent=2).encode() + b"\n", "Name another --out.")
    print(table(result), ladder_table(result["ladder"]), sep="\n\n")


if __name__ == "__main__":
    main()
