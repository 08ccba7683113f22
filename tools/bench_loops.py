"""The trainings of FashionNet that `bench` compares: study notes' own loop, and the course's.

SHORT is the course's schedule for the accuracy that the notes reach after ten epochs.
"""

import time

import torch
from torch.nn.functional import cross_entropy
from torch.optim.lr_scheduler import OneCycleLR
from torch.utils.data import DataLoader
from torchvision.transforms import ToTensor
from tqdm import tqdm

from utils.datasets import fashion_mnist
from utils.models import FashionNet
from utils.training import TensorLoader, as_tensors, evaluate, fit, seed_everything

# chosen with 50,000 training images by the accuracy on the other 10,000, never on the test images
SHORT = {"epochs": 3, "batch_size": 250, "max_lr": 0.015}


def recipe(images, labels, seed, epochs, batch_size=500, max_lr=0.02):
    """Return the course's model, loader and what else `fit` takes: the one place to change it."""
    seed_everything(seed)
    model = FashionNet().to(memory_format=torch.channels_last)
    generator = torch.Generator().manual_seed(seed)
    loader = TensorLoader(images, labels, batch_size, shuffle=True, generator=generator)
    optimizer = torch.optim.AdamW(model.parameters(), lr=max_lr, weight_decay=0.01, fused=True)
    scheduler = OneCycleLR(optimizer, max_lr=max_lr, total_steps=epochs * len(loader))
    return model, loader, {"optimizer": optimizer, "scheduler": scheduler}


def read(images, transform=None):
    """Return training and test set, the former cut to its first `images`."""
    train_set, test_set = fashion_mnist(True, transform), fashion_mnist(False, transform)
    train_set.data, train_set.targets = train_set.data[:images], train_set.targets[:images]
    return train_set, test_set


def prepared(images):
    """Return the recipe's tensors, the test images' and the seconds that the former took."""
    train_set, test_set = read(images)
    start = time.perf_counter()
    pixels = train_set.data / 255
    norm = pixels.mean(), pixels.std()
    del pixels  # as large as the tensors that are made now
    tensors = as_tensors(train_set, *norm)
    seconds = time.perf_counter() - start
    return tensors, as_tensors(test_set, *norm), seconds


def timed(call):
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def accuracy(model, loader):
    return evaluate(model, loader)[1]


def timed_epochs(name, epochs, train, model, test_loader, test=accuracy):
    """Return each epoch's seconds of training and its test accuracy; testing is not timed."""
    seconds, accuracies = [], []
    for _ in tqdm(range(epochs), desc=name, unit="epoch"):
        seconds.append(timed(train))
        accuracies.append(test(model, test_loader))
    return {"seconds": seconds, "test_accuracy": accuracies}


def seed_loop(seed, epochs, images):
    """Train as study notes do: image by image through ToTensor, two waits for numbers a step."""
    train_set, test_set = read(images, ToTensor())
    seed_everything(seed)
    model = FashionNet()
    loader = DataLoader(train_set, batch_size=100, shuffle=True)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)

    def train():
        total_loss = total_correct = 0
        for images, labels in loader:
            predictions = model(images)
            loss = cross_entropy(predictions, labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total_loss += loss.item() * len(images)
            total_correct += predictions.argmax(dim=1).eq(labels).sum().item()

    test_loader = DataLoader(test_set, batch_size=1000)
    run = timed_epochs(f"seed_loop, seed {seed}", epochs, train, model, test_loader)
    return {"preparation_seconds": 0.0} | run


def course(seed, epochs, images, name="course", **how):
    """Train by the recipe, `fit` called for an epoch at a time so that tests stay out of it."""
    tensors, test_tensors, preparation = prepared(images)
    run = fitted(
        f"{name}, seed {seed}", epochs, test_tensors, *recipe(*tensors, seed, epochs, **how)
    )
    return {"preparation_seconds": preparation} | run


def to_accuracy(seed, images):
    """Train by the recipe with a schedule that ends when the notes' accuracy is reached."""
    return course(seed, images=images, name="to_accuracy", **SHORT)


def fitted(name, epochs, test_tensors, model, loader, others, test=accuracy):
    def train():
        fit(model, loader, **others, num_epochs=1, progress=False)

    test_loader = TensorLoader(*test_tensors, batch_size=1000)
    return timed_epochs(name, epochs, train, model, test_loader, test)
