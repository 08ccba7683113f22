"""The pictures: Fashion-MNIST and CIFAR-10, verified, with a stand-in drawn by code."""

from utils.datasets.fetch import DataError, data_folder

__all__ = ["CIFAR10", "DataError", "FashionMNIST", "cifar10", "data_folder", "fashion_mnist"]


def __getattr__(name):
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from utils.datasets import published  # torchvision takes a second; files want only `fetch`

    return getattr(published, name)
