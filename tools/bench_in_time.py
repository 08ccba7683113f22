"""What the course learns in the seconds that study notes' ten epochs take, for `bench`.

ResidualNet is larger than FashionNet and learns more in an epoch, so it gets as many epochs as fit
into that time, by `tools.recipe`: in float32, and each test image is asked twice.
"""

import time

from tools.bench_loops import fitted, prepared, timed
from tools.recipe import recipe
from tools.recipe_parts import accuracy
from utils.training import fit

WIDTH, BATCH_SIZE = 16, 250  # chosen as bench_loops.SHORT was
TRIAL = 40  # steps, from which it is known how long an epoch takes
SPARE = 0.06  # of the seconds, since the trial is short


def residual(images, labels, seed, epochs):
    """Return model, loader and what else `fit` takes: the recipe's, narrower."""
    size = min(BATCH_SIZE, len(images))
    return recipe(images, labels, epochs=epochs, width=WIDTH, batch_size=size, seed=seed)


def step_seconds(images, labels):
    """Return how long a step takes with some of the images, after as many to warm up."""
    few = TRIAL * BATCH_SIZE
    model, loader, others = residual(images[:few], labels[:few], seed=0, epochs=2)

    def train():
        fit(model, loader, **others, num_epochs=1, progress=False)

    train()
    return timed(train) / len(loader)


def in_time(seed, allowed, images):
    """Train for as many epochs as fit into the allowed seconds, and for one at least.

    The preparation of the tensors and the trial of a few steps belong to those seconds.
    """
    tensors, test_tensors, preparation = prepared(images)
    start = time.perf_counter()
    one = step_seconds(*tensors) * max(1, len(tensors[0]) // BATCH_SIZE)
    preparation += time.perf_counter() - start
    epochs = max(1, int((allowed * (1 - SPARE) - preparation) / one))
    parts = residual(*tensors, seed, epochs)
    run = fitted(f"in_time, seed {seed}", epochs, test_tensors, *parts, test=accuracy)
    return {"allowed_seconds": allowed, "preparation_seconds": preparation} | run
