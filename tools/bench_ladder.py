"""The ladder of chapter 08, with the whole data, for `bench`: rates, and what they cost.

A rung builds on those that were faster than all before them. Its accuracy is measured wherever it
changes the arithmetic; loading changes none.
"""

import shutil
from statistics import median

import torch
from torchvision.transforms import Compose, Normalize, ToTensor
from tqdm import tqdm

from utils.datasets import fashion_mnist
from utils.training import (
    TensorLoader,
    accuracy_after,
    as_tensors,
    images_per_second,
    pick_device,
)
from utils.training.ladder import PLAIN

MEAN, STD = 0.2860, 0.3530
RUNGS = {
    "plain loop": {},
    "two workers": {"workers": 2, "pinned": True},
    "data resident": {"resident": True, "workers": 0},
    "no waiting": {"wait": False},
    "larger batch": {"batch_size": 500, "max_lr": 0.03, "one_cycle": True},
    "channels_last": {"channels_last": True},
    "bf16 autocast": {"bf16": True},
    "torch.compile": {"compiled": "default"},
    "CUDA graphs": {"compiled": "reduce-overhead"},
}
LOADING = ("wait", "workers", "pinned", "resident")


def reason_to_skip(change, device):
    """Return in words why a rung cannot be climbed here, or None."""
    mode = change.get("compiled")
    if mode == "reduce-overhead" and device.type != "cuda":
        return "CUDA graphs need a GPU"
    if mode and device.type == "cpu" and not any(map(shutil.which, ("g++", "clang++", "cl"))):
        return "torch.compile needs a C++ compiler on a CPU"
    return None


def ladder(images, epochs, repeats=5):
    """Return the device and, for each rung, rates, test accuracy, and whether it was kept."""
    device = pick_device()
    train_set = fashion_mnist(True, Compose([ToTensor(), Normalize(MEAN, STD)]))
    train_set.data, train_set.targets = train_set.data[:images], train_set.targets[:images]
    tensors = as_tensors(train_set, MEAN, STD, device)
    tests = TensorLoader(*as_tensors(fashion_mnist(False), MEAN, STD, device), 500)
    kept, best, rungs, accuracies = {}, 0.0, [], {}
    for name, change in tqdm(RUNGS.items(), desc="ladder", unit="rung"):
        if reason := reason_to_skip(change, device):
            rungs.append({"name": name, "skipped": reason})
            continue
        settings = PLAIN | kept | change
        count = min(len(train_set), 10 * settings["batch_size"])
        rates = images_per_second(
            train_set, tensors, device, images=count, repeats=repeats, **settings
        )
        faster = median(rates) > best
        arithmetic = tuple(settings[key] for key in PLAIN if key not in LOADING)
        if arithmetic not in accuracies:
            how = settings | {"wait": False, "workers": 0, "resident": True}
            accuracies[arithmetic] = accuracy_after(epochs, None, tensors, tests, device, **how)
        rungs.append(
            {
                "name": name, "change": change, "kept": faster, "images_per_second": median(rates),
                "rates": rates, "test_accuracy": accuracies[arithmetic],
            }
        )  # fmt: skip
        if faster:
            kept, best = kept | change, median(rates)
    return {"device": device_name(device), "epochs": epochs, "rungs": rungs} | gains(rungs)


def gains(rungs):
    """Return what the last rung that was kept gains over the first."""
    climbed = [rung for rung in rungs if rung.get("kept")]
    return {
        "ratio_images_per_second": climbed[-1]["images_per_second"]
        / climbed[0]["images_per_second"],
        "accuracy_gain": climbed[-1]["test_accuracy"] - climbed[0]["test_accuracy"],
    }


def device_name(device):
    return torch.cuda.get_device_name(device) if device.type == "cuda" else str(device)


def ladder_table(found):
    """Return the rungs as lines to read."""
    lines = [f"the ladder on {found['device']}, accuracy on test after {found['epochs']} epochs"]
    for rung in found["rungs"]:
        if "skipped" in rung:
            lines.append(f"  {rung['name']:<16} not climbed: {rung['skipped']}")
            continue
        low, high = rung["rates"][0], rung["rates"][-1]
        lines.append(
            f"  {rung['name']:<16}{rung['images_per_second']:>10,.0f} images/s "
            f"({low:,.0f} to {high:,.0f}), {rung['test_accuracy']:.2%}"
            + ("" if rung["kept"] else ", not kept")
        )
    ratio, gain = found["ratio_images_per_second"], 100 * found["accuracy_gain"]
    return "\n".join([*lines, f"  last over first: {ratio:.2f}, {gain:+.2f} points"])
