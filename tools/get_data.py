"""Have Fashion-MNIST ready before the first notebook asks for it, and say where it comes from."""

import sys

from utils.datasets import fashion_mnist
from utils.fetch import DataError, data_folder

NAMES = {"published": "Fashion-MNIST, as published", "drawn": "the drawn stand-in"}


def main():
    try:
        sources = [fashion_mnist(train).source for train in (True, False)]
    except DataError as error:
        sys.exit(f"get_data: {error}")
    print(f"Images ready in {data_folder()}: {NAMES[sources[0]]}.")


if __name__ == "__main__":
    main()
