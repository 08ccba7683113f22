"""Have the pictures ready before the first notebook asks for them, and say where they come from."""

import argparse
import sys

from utils.datasets import cifar10, fashion_mnist
from utils.datasets.fetch import DataError, data_folder

NAMES = {"published": "as published", "images": "a copy", "drawn": "the drawn stand-in"}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cifar10", action="store_true", help="CIFAR-10's test part as well")
    options = parser.parse_args()
    try:
        sources = {"Fashion-MNIST": [fashion_mnist(train).source for train in (True, False)]}
        if options.cifar10:
            sources["CIFAR-10"] = [cifar10(train=False).source]
    except DataError as error:
        sys.exit(f"get_data: {error}")
    for name, [source, *_] in sources.items():
        print(f"{name} ready in {data_folder()}: {NAMES[source]}.")


if __name__ == "__main__":
    main()
