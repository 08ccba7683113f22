"""The library behind the notebooks; which `utils` this is can be told by COURSE."""

from utils.distributed.cores import respect_quota

COURSE = "tensors-to-gpus"
respect_quota()  # before torch comes and counts for itself
