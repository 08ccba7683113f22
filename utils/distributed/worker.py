"""What each worker of chapter 09 runs: the loop of chapter 07, with every batch shared out.

    torchrun --nproc-per-node=2 -m utils.distributed --data pictures.pt --checkpoint run.pt

torchrun starts this file once for each worker and tells it by environment variables who it is.
The workers are processes; they meet in `init_process_group` and agree on each gradient.
"""

import argparse
import os
import signal
import time
from datetime import timedelta

import torch
import torch.distributed as dist
from torch.nn.functional import cross_entropy
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DistributedSampler

from utils.models import FashionNet
from utils.training import load_checkpoint, save_checkpoint


def main(arguments=None):
    """Join the other workers, train with them, and leave in order, whatever happens.

    Ends the program if torchrun did not start it. Raises torch.distributed's DistStoreError if not
    all workers come within --timeout seconds, RuntimeError if one of them is not heard of for so
    long, and what `train` raises.
    """
    options = parse(arguments)
    if "LOCAL_WORLD_SIZE" not in os.environ:
        raise SystemExit("Start this with torchrun: it says who each worker is.")
    device = torch.device("cpu") if options.device == "cpu" else own_device()
    backend = "nccl" if device.type == "cuda" else "gloo"
    dist.init_process_group(backend, timeout=timedelta(seconds=options.timeout))
    try:
        train(options, device)
    finally:
        dist.destroy_process_group()


def parse(arguments=None):
    """Return the command line's options; ends the program, with a usage line, for wrong ones."""
    parser = argparse.ArgumentParser(prog="utils.distributed", description=__doc__.split("\n")[0])
    add = parser.add_argument
    add("--data", required=True, help="file with (images, labels), written by torch.save")
    add("--checkpoint", required=True, help="file to write after each epoch, and to go on from")
    add("--epochs", type=int, default=3)
    add("--batch-size", type=int, default=100, help="pictures in a step, of all workers together")
    add("--lr", type=float, default=0.05)
    add("--seed", type=int, default=0)
    add("--dtype", choices=["float32", "float64"], default="float32")
    # nccl and cuDNN need not give the same bits twice: a proof to the last bit wants the CPU
    add("--device", choices=["auto", "cpu"], default="auto", help="auto: a GPU for each worker")
    add("--timeout", type=float, default=60, help="seconds to wait for the other workers")
    add("--kill-at", type=int, default=0, help="epoch in which a worker is killed, once")
    return parser.parse_args(arguments)


def own_device():
    """Return this worker's GPU if there is one for each worker on this machine, else the CPU."""
    if torch.cuda.device_count() < int(os.environ["LOCAL_WORLD_SIZE"]):
        return torch.device("cpu")  # nccl refuses two workers on one GPU
    device = torch.device("cuda", int(os.environ["LOCAL_RANK"]))
    torch.cuda.set_device(device)
    return device


def train(options, device):
    """Train FashionNet with SGD; worker 0 writes the checkpoint, all go on from it if it is there.

    The file --data holds images (N, 1, 28, 28), floating point, and labels (N,), int64. A record
    of the checkpoint's history has epoch, train_loss and train_accuracy (of all workers' batches
    as they were learnt from), own_accuracy (of worker 0's alone) and seconds.

    FashionNet draws no random numbers while it learns. A network with dropout would want another
    seed for each worker, or all would drop the same.

    Raises ValueError if the workers cannot have equal shares of a batch or go on from different
    epochs, CheckpointError if the
    checkpoint cannot be written or used.
    """
    rank, workers = dist.get_rank(), dist.get_world_size()
    if options.batch_size % workers:
        raise ValueError(
            f"a batch of {options.batch_size} pictures cannot be shared equally by {workers} "
            f"workers: give a multiple of {workers}"
        )
    images, labels = torch.load(options.data, weights_only=True)
    images, labels = images.to(device, getattr(torch, options.dtype)), labels.to(device)
    torch.manual_seed(options.seed)
    network = FashionNet().to(device, images.dtype)
    optimizer = torch.optim.SGD(network.parameters(), options.lr, momentum=0.9)
    history = []
    if os.path.exists(options.checkpoint):
        history = load_checkpoint(options.checkpoint, network, optimizer)["history"]
        if rank == 0:
            print(f"going on after epoch {len(history)}", flush=True)
    require_same_start(len(history), options.checkpoint)
    model = DistributedDataParallel(network)
    sampler = DistributedSampler(images, shuffle=True, seed=options.seed)
    for epoch in range(len(history) + 1, options.epochs + 1):
        sampler.set_epoch(epoch)
        share = torch.tensor(list(sampler), device=device).split(options.batch_size // workers)
        # the last worker, and not again after torchrun has started it again
        first = os.environ.get("TORCHELASTIC_RESTART_COUNT", "0") == "0"
        doomed = epoch == options.kill_at and rank == workers - 1 and first
        record = train_epoch(model, images, labels, share, optimizer, doomed)
        history.append({"epoch": epoch, **record})
        if rank == 0:
            print("epoch {epoch}: loss {train_loss:.3f}".format(**history[-1]), flush=True)
            save_checkpoint(options.checkpoint, network, optimizer, history=history)


def require_same_start(epochs_done, checkpoint):
    """Raise ValueError unless all workers go on from the same epoch.

    DDP copies worker 0's weights to all, but not its optimizer's state: workers that start
    differently would part without a word.
    """
    everybody = [None] * dist.get_world_size()
    dist.all_gather_object(everybody, epochs_done)
    if len(set(everybody)) > 1:
        raise ValueError(
            f"the workers go on from different epochs, {everybody}: can all of them read "
            f"{checkpoint}?"
        )


def train_epoch(model, images, labels, share, optimizer, doomed=False):
    """Learn from this worker's batches, a list of index tensors, and return the epoch's record."""
    model.train()
    start = time.perf_counter()
    sums = torch.zeros(3, dtype=torch.float64, device=images.device)  # loss, correct, pictures
    for number, batch in enumerate(share):
        if doomed and number == len(share) // 2:
            os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))  # Windows lacks it
        optimizer.zero_grad()
        logits = model(images[batch])
        loss = cross_entropy(logits, labels[batch])
        loss.backward()  # here DDP averages the gradients of all workers
        optimizer.step()
        sums[0] += loss.detach() * len(batch)
        sums[1] += (logits.argmax(dim=1) == labels[batch]).sum()
        sums[2] += len(batch)
    own_accuracy = (sums[1] / sums[2]).item()
    dist.all_reduce(sums)
    return {
        "train_loss": (sums[0] / sums[2]).item(),
        "train_accuracy": (sums[1] / sums[2]).item(),
        "own_accuracy": own_accuracy,
        "seconds": time.perf_counter() - start,
    }
