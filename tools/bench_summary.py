"""What `bench` says of its runs: one dict, and the table that is printed of it.

Accuracies are fractions of the test images. The accuracy to reach is the mean that seed_loop ends
with, and seed_loop's seconds to it are those of all its epochs, since that is what it cost there.
Those of to_accuracy are its whole training, from the preparation of the tensors; it has not
reached the accuracy unless each seed has.
"""

import datetime
import platform
import re
import subprocess
from pathlib import Path
from statistics import mean, median

import psutil
import torch

SHOWN = (1, 3, 5, 10)  # epochs whose test accuracy is written, with the last
AIMS = {  # what was aimed at
    "ratio_images_per_second": ("images per second, course over seed_loop", 3),
    "ratio_time_to_accuracy": ("seconds to {target}, seed_loop over to_accuracy", 8),
    "accuracy_in_time": ("accuracy of in_time in seed_loop's seconds", 0.925),
}


def total_seconds(run):
    return run["preparation_seconds"] + sum(run["seconds"])


def last_accuracy(runs):
    return mean(run["test_accuracy"][-1] for run in runs)


def summary(runs, images):
    """Return the figures of one kind of training, from its run for each seed."""
    seconds = median(second for run in runs for second in run["seconds"])
    last = min(len(run["seconds"]) for run in runs)
    accuracies = {
        str(epoch): spread([run["test_accuracy"][epoch - 1] for run in runs])
        for epoch in sorted({*SHOWN, last})
        if epoch <= last
    }
    return {
        "images_per_second": images / seconds,
        "seconds_per_epoch": seconds,
        "preparation_seconds": mean(run["preparation_seconds"] for run in runs),
        "training_seconds": mean(map(total_seconds, runs)),
        "test_accuracy": accuracies,
        "last_accuracy": spread([run["test_accuracy"][-1] for run in runs]),
        "peak_gigabytes": max(run["peak_gigabytes"] for run in runs),
        "runs": runs,
    }


def spread(found):
    return {"mean": mean(found), "lowest": min(found), "highest": max(found)}


def compose(runs, bound, images):
    """Return the result that is written, from the runs of each kind and the limit."""
    parts = {name: summary(done, images) for name, done in runs.items()}
    notes, ours, short = (parts[name] for name in ("seed_loop", "course", "to_accuracy"))
    target = notes["last_accuracy"]["mean"]
    ours["share_of_limit"] = ours["images_per_second"] / bound["images_per_second"]
    ours["accuracy_gain"] = ours["last_accuracy"]["mean"] - target
    reached = short["last_accuracy"]["lowest"] >= target
    sooner = notes["training_seconds"] / short["training_seconds"] if reached else None
    result = parts | {
        "limit": bound,
        "accuracy_to_reach": target,
        "ratio_images_per_second": ours["images_per_second"] / notes["images_per_second"],
        "ratio_time_to_accuracy": sooner,
        "accuracy_in_time": accuracy_in_time(runs["in_time"]),
    }
    return result | {"aims": {name: judged(result[name], aim) for name, (_, aim) in AIMS.items()}}


def accuracy_in_time(runs):
    """Return the mean accuracy that the runs end with, None if one took longer than allowed."""
    late = any(total_seconds(run) > run["allowed_seconds"] for run in runs)
    return None if late else last_accuracy(runs)


def judged(found, aim):
    return {"aim": aim, "found": found, "reached": found is not None and found >= aim}


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
    rows = [["", "epochs", "images/s", "training", "accuracy on test", "memory"]]
    for name in ("seed_loop", "course", "to_accuracy", "in_time"):
        part = result[name]
        epochs = sorted({len(run["seconds"]) for run in part["runs"]})
        row = [name, " or ".join(map(str, epochs)), f"{part['images_per_second']:,.0f}"]
        row += [f"{part['training_seconds']:.1f} s", spread_words(part["last_accuracy"])]
        rows.append([*row, f"{part['peak_gigabytes']:.2f} GB"])
    bound = result["limit"]
    memory = f"{bound['peak_gigabytes']:.2f} GB"
    rows.append(["limit", "", f"{bound['images_per_second']:,.0f}", "", "", memory])
    form = "{:<12}{:>8}{:>11}{:>11}{:>28}{:>10}"
    lines = [form.format(*row).rstrip() for row in rows]
    return "\n".join([*head(result), "", *lines, "", *aims(result), "", *remarks(result)])


def head(result):
    return [
        f"{result['cpu']}, {result['threads']} threads, load {result['load_before']} before; "
        f"Python {result['python']}, torch {result['torch']}; {result['date']}",
        f"Fashion-MNIST ({result['data']}), {result['train_images']:,} images, "
        f"{result['epochs']} epochs, seeds: {len(result['course']['runs'])}",
    ]


def aims(result):
    """Return a line for each aim: what was aimed at, what was found."""
    lines = []
    for name, (words, _) in AIMS.items():
        judged = result["aims"][name]
        shown = "{:.2%}" if name == "accuracy_in_time" else "{:.2f}"
        found = "none" if judged["found"] is None else shown.format(judged["found"])
        words = words.format(target=f"{result['accuracy_to_reach']:.2%}")
        verdict = "reached" if judged["reached"] else "not reached"
        lines.append(f"{words}: {found}, aimed at {shown.format(judged['aim'])}, {verdict}")
    return lines


def remarks(result):
    ours, bound = result["course"], result["limit"]
    shares = (f"{name} {share:.0%}" for name, share in ours["operators"].items())
    return [
        f"accuracy at the end, course less seed_loop: {100 * ours['accuracy_gain']:+.2f} points",
        f"images per second, course over limit: {ours['share_of_limit']:.0%}",
        "the limit without the optimizer, in images per second: "
        f"{bound['forward_backward_images_per_second']:,.0f}; were it one matrix product, at "
        f"{bound['matmul_flops_per_second'] / 1e9:.0f} GFLOP/s: "
        f"{bound['matmul_images_per_second']:,.0f}",
        f"CPU time in fit: {', '.join(shares)}",
        "Training begins, but for seed_loop, with the preparation of its tensors, for course "
        f"{ours['preparation_seconds']:.2f} s, which images per second leave out; reading files "
        "and testing are in neither. All is float32; in_time is ResidualNet, whose test images are "
        "asked twice, the rest FashionNet.",
    ]


def spread_words(accuracy):
    return f"{accuracy['mean']:.2%} ({accuracy['lowest']:.2%} to {accuracy['highest']:.2%})"
