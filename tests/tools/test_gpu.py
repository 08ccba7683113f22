"""The program for machines with a GPU, tried without one: small sizes, all on the CPU."""

import json

import nbformat
import pytest
import torch
from nbformat.v4 import new_code_cell, new_notebook

from tests.tools.test_bench import pictures
from tools import bench, bench_ladder, gpu, gpu_proofs, recipe


@pytest.fixture
def course(monkeypatch, tmp_path):
    """Two short chapters, few pictures, and everything in this process."""
    for place in (bench_ladder, gpu_proofs, recipe):
        monkeypatch.setattr(place, "fashion_mnist", pictures)
    monkeypatch.setattr(bench_ladder.shutil, "which", lambda name: None)  # compiling takes long
    monkeypatch.setattr(bench, "apart", bench.with_peak)
    monkeypatch.setattr(gpu, "ROOT", tmp_path)
    monkeypatch.setenv("COURSE_DEVICE", "cpu")
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # set by the proofs, in this process
    (tmp_path / "notebooks").mkdir()

    def write(number, source):
        path = tmp_path / "notebooks" / f"{number}_chapter.ipynb"
        nbformat.write(new_notebook(cells=[new_code_cell(source)]), path)
        return path

    return write


def run(tmp_path):
    gpu.main(["--small", "--out", str(tmp_path / "build" / "gpu.json")])


def found(tmp_path):
    return json.loads((tmp_path / "build" / "gpu.json").read_text())


def test_it_says_of_each_part_how_it_went(course, tmp_path, capsys):
    chapters = [
        course("08", "print(6 * 7)"),
        course("09", "import os; os.environ['COURSE_DEVICE']"),
    ]
    before = [path.read_bytes() for path in chapters]
    run(tmp_path)
    result = found(tmp_path)
    assert result["passed"] and result["card"] == "cpu"
    assert [done["cells"] for done in result["chapters"]] == [1, 1]
    assert len(result["proofs"]) == 3 and all(result["proofs"].values())
    assert [path.read_bytes() for path in chapters] == before
    copy = nbformat.read(tmp_path / "build" / "gpu" / "08_chapter.ipynb", as_version=4)
    assert copy.cells[0].outputs[0].text == "42\n"
    said = (tmp_path / "build" / "gpu.md").read_text()
    assert said in capsys.readouterr().out
    for part in (
        "| cpu |",
        "| 09_chapter | 1 cells ran",
        "ladder: data resident",
        "recipe, 1 epochs",
    ):
        assert part in said
    assert {line.count("|") for line in said.splitlines()} == {3}


def test_a_chapter_that_fails_is_named_and_the_rest_is_done(course, tmp_path):
    course("08", "1 / 0")
    course("09", "print('done')")
    with pytest.raises(SystemExit, match="a chapter or a proof fails: look at the table"):
        run(tmp_path)
    result = found(tmp_path)
    assert not result["passed"]
    errors = [done["error"] for done in result["chapters"]]
    assert errors == ["ZeroDivisionError: division by zero", None]
    assert "fails: ZeroDivisionError" in gpu.table(result)
    assert result["recipe"]["test_accuracy"] >= 0


def test_a_kernel_that_dies_is_a_failure(course, tmp_path):
    course("08", "import os; os._exit(1)")
    assert gpu.chapter("08", tmp_path / "build")["error"].startswith("DeadKernelError: ")


def test_without_a_gpu_it_says_so(course, tmp_path):
    with pytest.raises(SystemExit) as ended:
        gpu.main(["--out", str(tmp_path / "gpu.json")])
    assert ended.value.code == (
        "gpu: PyTorch finds no GPU that computes here: run this on a machine with one."
    )
    assert not (tmp_path / "gpu.json").exists()


def test_with_a_gpu_all_sizes_are_whole(monkeypatch, tmp_path):
    """A GPU, believed in: only what it would be asked to do is seen."""
    seen = []

    def everything(device, how, out):
        seen.append((device.type, how))
        raise KeyboardInterrupt

    monkeypatch.setattr(gpu, "pick_device", lambda: torch.device("cuda"))
    monkeypatch.setattr(gpu, "everything", everything)
    with pytest.raises(KeyboardInterrupt):
        gpu.main(["--out", str(tmp_path / "gpu.json")])
    assert seen == [("cuda", gpu.LARGE)]
    assert gpu.LARGE["cells"] is None and gpu.LARGE["images"] == 60_000


def test_a_proof_can_fail(course, monkeypatch):
    monkeypatch.setattr(gpu_proofs, "seed_everything", lambda seed: None)
    torch.manual_seed(0)
    found = gpu_proofs.proofs(torch.device("cpu"), 300)["proofs"]
    assert list(found.values()) == [False, False, False]
    assert not torch.are_deterministic_algorithms_enabled()


def test_the_table_names_the_card_and_what_was_not_tried():
    rung = {"name": "bf16 autocast", "kept": False, "images_per_second": 1234.5}
    result = {
        "torch": "2.15", "date": "today", "card": "Card 9000", "passed": False,
        "chapters": [{"chapter": "08_x", "cells": 3, "seconds": 2.4, "error": "ValueError: a | b"}],
        "proofs": {"same": True, "other": False, "third": None},
        "ladder": {"rungs": [rung | {"test_accuracy": 0.9}, {"name": "g", "skipped": "no GPU"}]},
        "recipe": {"epochs": 24, "test_accuracy": 0.95, "seconds": 60.2,
                   "images_per_second": 24_000.4, "data": "published"},
    }  # fmt: skip
    assert gpu.table(result).splitlines() == [
        "| torch 2.15, today | Card 9000 |",
        "|---|---|",
        "| 08_x | fails: ValueError: a / b, 2 s |",
        "| same | holds |",
        "| other | does not hold |",
        "| third | not tried: no float64 here |",
        "| ladder: bf16 autocast | 1,234 images/s, 90.00%, not kept |",
        "| ladder: g | not climbed: no GPU |",
        "| recipe, 24 epochs | 95.00% after 60 s, 24,000 images/s (published images) |",
    ]
