"""The benchmark's arithmetic and the form of what it writes; no time is compared with any other."""

import json
import os
from statistics import median
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from tools import bench, bench_in_time, bench_ladder, bench_loops
from tools.bench_summary import compose, judged, table
from utils.datasets import FashionMNIST
from utils.models import FashionNet
from utils.training import TensorLoader, fit

EPOCHS = 2
TRAININGS = ("seed_loop", "course", "to_accuracy", "in_time")
IMAGES = 700  # two batches of the recipe, the second not full


def run_with(*accuracies, preparation=2.0):
    """A run of the loop whose epochs took 1, 2, 3, ... seconds."""
    return {
        "preparation_seconds": preparation,
        "seconds": [float(epoch) for epoch in range(1, len(accuracies) + 1)],
        "test_accuracy": list(accuracies),
        "peak_gigabytes": 0.5,
    }


def composed(bound=60, images=60, **runs):
    """The result of runs of which only some are given."""
    others = {name: [run_with(0.5)] for name in ("seed_loop", "course", "to_accuracy")}
    others["in_time"] = [run_with(0.5) | {"allowed_seconds": 100}]
    return compose(others | runs, {"images_per_second": bound}, images)


def test_the_accuracy_to_reach_is_the_mean_that_seed_loop_ends_with():
    notes = [run_with(0.5, 0.9, 0.7, preparation=0), run_with(0.5, 0.6, 0.9, preparation=0)]
    ours = [run_with(0.81, 0.9, 0.9), run_with(0.79, 0.85, 0.9)]
    short = [run_with(0.2, 0.8), run_with(0.9, 0.9, preparation=1)]  # the first reached exactly
    result = composed(seed_loop=notes, course=ours, to_accuracy=short)
    assert result["accuracy_to_reach"] == pytest.approx(0.8)
    assert result["seed_loop"]["training_seconds"] == 1 + 2 + 3  # though its epoch 2 had 0.9
    assert result["to_accuracy"]["training_seconds"] == ((2 + 1 + 2) + (1 + 1 + 2)) / 2
    assert result["ratio_time_to_accuracy"] == 6 / 4.5
    assert result["course"]["accuracy_gain"] == pytest.approx(0.1)
    assert result["course"]["images_per_second"] == 60 / median([1, 2, 3, 1, 2, 3])
    assert result["course"]["share_of_limit"] == 30 / 60


def test_a_seed_that_ends_below_the_accuracy_leaves_no_ratio():
    short = [run_with(0.9), run_with(0.9, 0.7)]  # what it had on the way does not count
    result = composed(seed_loop=[run_with(0.8)] * 2, to_accuracy=short)
    assert result["ratio_time_to_accuracy"] is None
    assert result["aims"]["ratio_time_to_accuracy"]["reached"] is False


@pytest.mark.parametrize(("allowed", "found"), [(5, 0.93), (4.9, None)])
def test_an_accuracy_that_took_longer_than_seed_loop_does_not_count(allowed, found):
    runs = [run_with(0.1, accuracy) | {"allowed_seconds": 5} for accuracy in (0.92, 0.94)]
    runs[0]["allowed_seconds"] = allowed  # of 2 + 1 + 2 seconds
    result = composed(in_time=runs)
    assert result["accuracy_in_time"] == (found and pytest.approx(found))
    assert result["aims"]["accuracy_in_time"]["reached"] is bool(found)


def test_an_aim_is_reached_from_its_number_on():
    assert [judged(found, 3)["reached"] for found in (2.99, 3, 3.01)] == [False, True, True]


def test_accuracies_are_written_after_some_epochs_and_the_last():
    runs = [run_with(*(epoch / 100 for epoch in range(start, start + 7))) for start in (1, 3)]
    shown = composed(course=runs)["course"]["test_accuracy"]
    assert list(shown) == ["1", "3", "5", "7"]
    assert shown["3"] == {"mean": pytest.approx(0.04), "lowest": 0.03, "highest": 0.05}


def test_flops_are_those_counted_by_hand():
    conv1, conv2 = 24 * 24 * 6 * 5 * 5, 8 * 8 * 12 * 6 * 5 * 5  # multiplications for an image
    linear = 192 * 120 + 120 * 60 + 60 * 10
    model, images = FashionNet(), torch.rand(3, 1, 28, 28)
    forward = 2 * (conv1 + conv2 + linear)  # each with an addition
    assert bench.count_flops(lambda: model(images)) == 3 * forward
    # Backward: once for the weights, once for the inputs, but nobody needs those of the images.
    both = bench.count_flops(lambda: model(images).sum().backward())
    assert both == 3 * (3 * forward - 2 * conv1)


def test_epochs_are_timed_without_their_tests(monkeypatch):
    clock = [0.0]

    def advance(seconds):
        clock[0] += seconds

    def evaluate(model, loader):
        advance(100)
        return 2.3, 0.75

    monkeypatch.setattr(bench_loops, "time", SimpleNamespace(perf_counter=lambda: clock[0]))
    monkeypatch.setattr(bench_loops, "evaluate", evaluate)
    run = bench_loops.timed_epochs("any", 3, lambda: advance(5), model=None, test_loader=None)
    assert run == {"seconds": [5, 5, 5], "test_accuracy": [0.75, 0.75, 0.75]}


def process():
    return {"process": os.getpid()}


def test_each_part_has_a_process_and_a_peak_of_its_own():
    ballast = torch.ones(600, 1_000_000, dtype=torch.uint8)
    part = bench.apart(process)
    assert part["process"] != os.getpid()
    assert 0 < part["peak_gigabytes"] < bench.peak_gigabytes() - len(ballast) / 2000


def pictures(train=True, transform=None):
    """Garments of one grey for each class, with noise: something to learn, in an instant."""
    random = np.random.default_rng(0 if train else 1)
    labels = random.integers(0, 10, 900 if train else 300)
    images = 20 * labels[:, None, None] + random.integers(0, 60, (len(labels), 28, 28))
    return FashionMNIST(images.astype(np.uint8), labels, "drawn", train, transform)


@pytest.fixture(scope="module")
def small():
    """The benchmark with few pictures, everything in this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bench_loops, "fashion_mnist", pictures)
        patch.setattr(bench, "apart", bench.with_peak)
        patch.setattr(bench_ladder, "fashion_mnist", pictures)
        patch.setattr(bench_ladder.shutil, "which", lambda name: None)  # compiling takes long
        patch.setenv("COURSE_DEVICE", "cpu")
        patch.setattr(bench, "STEPS", 4)
        patch.setattr(bench_in_time, "WIDTH", 2)
        patch.setattr(bench_in_time, "TRIAL", 1)
        patch.setattr(bench, "MATRICES", (64,))
        yield


@pytest.fixture(scope="module")
def result(small, tmp_path_factory):
    out = tmp_path_factory.mktemp("bench") / "build" / "bench.json"
    counts = ["--seeds", "2", "--epochs", str(EPOCHS), "--images", str(IMAGES)]
    bench.main([*counts, "--out", str(out)])
    assert [path.name for path in out.parent.iterdir()] == ["bench.json"]
    return json.loads(out.read_text())


def test_the_ladder_names_every_rung_and_why_one_is_not_climbed(result):
    rungs = {rung["name"]: rung for rung in result["ladder"]["rungs"]}
    assert list(rungs) == list(bench_ladder.RUNGS)
    assert "C++ compiler" in rungs["torch.compile"]["skipped"]
    assert "GPU" in rungs["CUDA graphs"]["skipped"]
    climbed = [rung for rung in rungs.values() if "skipped" not in rung]
    assert all(rung["rates"] == sorted(rung["rates"]) for rung in climbed)
    assert rungs["no waiting"]["test_accuracy"] == rungs["plain loop"]["test_accuracy"]
    best = max(rung["images_per_second"] for rung in climbed)
    first = rungs["plain loop"]["images_per_second"]
    assert result["ladder"]["ratio_images_per_second"] == pytest.approx(best / first)


def test_what_is_written_has_its_parts(result):
    known = {"python", "torch", "threads", "cpu", "date", "load_before", "data"}
    assert known <= result.keys()
    assert (result["train_images"], result["test_images"]) == (IMAGES, 300)
    for name in ("seed_loop", "course", "to_accuracy"):
        epochs = bench_loops.SHORT["epochs"] if name == "to_accuracy" else EPOCHS
        assert [len(run["seconds"]) for run in result[name]["runs"]] == [epochs, epochs]
        assert list(result[name]["test_accuracy"])[:2] == ["1", str(min(epochs, 3))]
    assert all(result[name]["peak_gigabytes"] > 0 for name in TRAININGS)
    assert result["seed_loop"]["preparation_seconds"] == 0 < result["course"]["preparation_seconds"]
    allowed = [run["allowed_seconds"] for run in result["in_time"]["runs"]]
    assert allowed == [sum(run["seconds"]) for run in result["seed_loop"]["runs"]]
    operators = result["course"]["operators"]
    assert len(operators) == 5
    assert 0 < sum(operators.values()) <= 1


def test_ratios_are_those_of_the_entries(result):
    notes, ours, bound = result["seed_loop"], result["course"], result["limit"]
    speeds = [part["images_per_second"] for part in (notes, ours, bound)]
    assert result["ratio_images_per_second"] == speeds[1] / speeds[0]
    assert ours["share_of_limit"] == speeds[1] / speeds[2]
    assert notes["images_per_second"] == IMAGES / notes["seconds_per_epoch"]
    short = result["to_accuracy"]
    reached = short["last_accuracy"]["lowest"] >= notes["last_accuracy"]["mean"]
    ratio = notes["training_seconds"] / short["training_seconds"] if reached else None
    assert result["ratio_time_to_accuracy"] == ratio
    assert bound["matmul_images_per_second"] == pytest.approx(
        bound["matmul_flops_per_second"] / bound["flops_per_image"]
    )


def test_the_table_shows_what_is_written(result):
    lines = {line.split(" ")[0]: line for line in table(result).splitlines() if line}
    for name in (*TRAININGS, "limit"):
        assert f"{result[name]['images_per_second']:,.0f}" in lines[name].split()
    for name in TRAININGS:
        assert f"{result[name]['training_seconds']:.1f} s" in lines[name]
        assert f"{result[name]['last_accuracy']['mean']:.2%} (" in lines[name]
    assert all(name in table(result) for name in result["course"]["operators"])


def test_the_table_says_what_was_aimed_at(result):
    target = f"{result['accuracy_to_reach']:.2%}"
    aims = {
        "ratio_images_per_second": {"aim": 3, "found": 3.254, "reached": True},
        "ratio_time_to_accuracy": {"aim": 8, "found": None, "reached": False},
        "accuracy_in_time": {"aim": 0.925, "found": 0.92, "reached": False},
    }
    shown = table(result | {"aims": aims})
    assert "course over seed_loop: 3.25, aimed at 3.00, reached" in shown
    assert f"to {target}, seed_loop over to_accuracy: none, aimed at 8.00, not reached" in shown
    assert "in seed_loop's seconds: 92.00%, aimed at 92.50%, not reached" in shown
    course = result["course"] | {"accuracy_gain": 0.0206}
    assert "+2.06 points" in table(result | {"course": course})


def test_an_epoch_at_a_time_learns_what_fit_learns_in_one_go(small):
    run = bench_loops.course(seed=3, epochs=EPOCHS, images=IMAGES)
    tensors, test_tensors, _ = bench_loops.prepared(IMAGES)
    model, loader, others = bench_loops.recipe(*tensors, seed=3, epochs=EPOCHS)
    held_out = TensorLoader(*test_tensors, batch_size=1000)
    history = fit(model, loader, held_out, **others, num_epochs=EPOCHS, progress=False)
    assert run["test_accuracy"] == [record["validation_accuracy"] for record in history]


@pytest.mark.parametrize(("allowed", "epochs"), [(1, 1), (40, 3), (48, 3), (49, 4)])
def test_as_many_epochs_are_trained_as_fit_into_the_time(small, monkeypatch, allowed, epochs):
    """An epoch takes 10 s, the trial 5 s, the tensors 1 s; the rest of 6 % is spared."""
    clock = [0.0]

    def step_seconds(images, labels):
        clock[0] += 5
        return 10 / (IMAGES // bench_in_time.BATCH_SIZE)

    tensors, test_tensors, _ = bench_in_time.prepared(IMAGES)
    monkeypatch.setattr(bench_in_time, "prepared", lambda images: (tensors, test_tensors, 1.0))
    monkeypatch.setattr(bench_in_time, "step_seconds", step_seconds)
    monkeypatch.setattr(bench_in_time, "time", SimpleNamespace(perf_counter=lambda: clock[0]))
    run = bench_in_time.in_time(0, allowed, IMAGES)
    assert len(run["seconds"]) == epochs
    assert run["preparation_seconds"] == 1 + 5


def test_the_tensors_are_normalised_by_the_training_images(small):
    (images, labels), (test_images, _), _ = bench_loops.prepared(IMAGES)
    assert images.shape == (IMAGES, 1, 28, 28)
    assert torch.equal(labels, pictures().targets[:IMAGES])
    torch.testing.assert_close(images.std(), torch.tensor(1.0))
    raw, used = pictures().data[:IMAGES].float(), pictures(train=False).data.float()
    expected = (used - raw.mean()) / raw.std()
    torch.testing.assert_close(test_images.squeeze(1), expected, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("option", ["--seeds", "--epochs", "--images"])
def test_counts_below_one_are_refused(option, capsys):
    with pytest.raises(SystemExit):
        bench.main([option, "0"])
    assert "0 is not a whole number from 1 on" in capsys.readouterr().err
