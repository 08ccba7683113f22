"""What `bench` says of its runs: one dict, and the table that is printed of it.

Accuracies are fractions of the test images. The accuracy to reach is the mean that seed_loop ends
with: seed_loop's seconds to it are those of all its epochs, since that is what it cost there, the
course's those to the end of the first epoch that reaches it, from the preparation of the tensors.
"""

import datetime
import platform
import re
import subprocess
from pathlib import Path
from statistics import mean, median

import psutil
import torch

SHOWN = (1, 3, 5, 10)  # epochs whose test accuracy is shown, with the last


def seconds_until(accuracy, run):
    """Return the run's seconds to the end of the first epoch with that test accuracy, or None."""
    seconds = run["preparation_seconds"]
    for epoch_seconds, reached in zip(run["seconds"], run["test_accuracy"], strict=True):
        seconds += epoch_seconds
        if reached >= accuracy:
            return seconds
    return None


def last_accuracy(runs):
    return mean(run["test_accuracy"][-1] for run in runs)


def mean_or_none(numbers):
    return None if None in numbers else mean(numbers)


def summary(runs, images, waits):
    """Return the figures of one loop; `waits` are its seconds to the accuracy, for each seed."""
    seconds = median(second for run in runs for second in run["seconds"])
    last = len(runs[0]["seconds"])
    accuracies = {}
    for epoch in sorted({*SHOWN, last}):
        if epoch <= last:
            found = [run["test_accuracy"][epoch - 1] for run in runs]
            spread = {"lowest": min(found), "highest": max(found)}
            accuracies[str(epoch)] = {"mean": mean(found)} | spread
    return {
        "images_per_second": images / seconds,
        "seconds_per_epoch": seconds,
        "preparation_seconds": mean(run["preparation_seconds"] for run in runs),
        "test_accuracy": accuracies,
        "seconds_to_accuracy": mean_or_none(waits),
        "peak_gigabytes": max(run["peak_gigabytes"] for run in runs),
        "runs": runs,
    }


def compose(seed_runs, course_runs, bound, images):
    """Return the result that is written, from the runs and the limit."""
    target = last_accuracy(seed_runs)
    notes = summary(seed_runs, images, [sum(run["seconds"]) for run in seed_runs])
    ours = summary(course_runs, images, [seconds_until(target, run) for run in course_runs])
    ours["share_of_limit"] = ours["images_per_second"] / bound["images_per_second"]
    ours["accuracy_gain"] = last_accuracy(course_runs) - target
    waits = notes["seconds_to_accuracy"], ours["seconds_to_accuracy"]
    return {
        "seed_loop": notes,
        "course": ours,
        "limit": bound,
        "accuracy_to_reach": target,
        "ratio_images_per_second": ours["images_per_second"] / notes["images_per_second"],
        "ratio_time_to_accuracy": waits[0] / waits[1] if waits[1] else None,
    }


def machine():
    """Return where and when this was measured."""
    return {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "cpu": cpu_name(),
        "threads": torch.get_num_threads(),
        "load_before": round(psutil.getloadavg()[0], 2),  # near 0 when nothing else runs
    }


def cpu_name():
    if platform.system() == "Darwin":
        command = ["sysctl", "-n", "machdep.cpu.brand_string"]
        return subprocess.run(command, capture_output=True, text=True).stdout.strip()
    listed = Path("/proc/cpuinfo")
    found = re.search(r"model name\s*: (.+)", listed.read_text()) if listed.exists() else None
    return found[1] if found else platform.machine()


def table(result):
    """Return the result as lines to read."""
    loops = result["seed_loop"], result["course"]
    parts = *loops, result["limit"]
    target = f"{result['accuracy_to_reach']:.2%}"
    rows = [
        ["", "seed_loop", "course", "limit"],
        ["images per second", *(f"{part['images_per_second']:,.0f}" for part in parts)],
        ["seconds per epoch", *(f"{part['seconds_per_epoch']:.2f}" for part in loops)],
        *(
            [f"test accuracy, epoch {epoch}"]
            + [spread_words(part["test_accuracy"][epoch]) for part in loops]
            for epoch in loops[0]["test_accuracy"]
        ),
        [f"training to {target}", *(in_seconds(part["seconds_to_accuracy"]) for part in loops)],
        ["peak memory", *(f"{part['peak_gigabytes']:.2f} GB" for part in parts)],
    ]
    lines = [f"{row[0]:<24}" + "".join(f"{cell:>26}" for cell in row[1:]) for row in rows]
    return "\n".join([*head(result), "", *lines, "", *remarks(result, target)])


def head(result):
    return [
        f"{result['cpu']}, {result['threads']} threads, load {result['load_before']} before; "
        f"Python {result['python']}, torch {result['torch']}; {result['date']}",
        f"Fashion-MNIST ({result['data']}), {result['train_images']:,} images, "
        f"{result['epochs']} epochs, seeds: {len(result['course']['runs'])}",
    ]


def remarks(result, target):
    ours, bound, sooner = result["course"], result["limit"], result["ratio_time_to_accuracy"]
    shares = (f"{name} {share:.0%}" for name, share in ours["operators"].items())
    return [
        f"images per second, course over seed_loop: {result['ratio_images_per_second']:.2f}",
        f"training to {target}, seed_loop over course: {f'{sooner:.2f}' if sooner else 'never'}",
        f"accuracy at the end, course less seed_loop: {100 * ours['accuracy_gain']:+.2f} points",
        f"images per second, course over limit: {ours['share_of_limit']:.0%}",
        "the limit without the optimizer, in images per second: "
        f"{bound['forward_backward_images_per_second']:,.0f}; were it one matrix product, at "
        f"{bound['matmul_flops_per_second'] / 1e9:.0f} GFLOP/s: "
        f"{bound['matmul_images_per_second']:,.0f}",
        f"CPU time in fit: {', '.join(shares)}",
        f"Training begins, for the course, with {ours['preparation_seconds']:.2f} s of preparing "
        "its tensors, which images per second leave out; reading files and testing are in neither.",
    ]


def spread_words(accuracy):
    return f"{accuracy['mean']:.2%} ({accuracy['lowest']:.2%} to {accuracy['highest']:.2%})"


def in_seconds(number):
    return "not reached" if number is None else f"{number:.1f} s"
