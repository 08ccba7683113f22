"""The library behind the notebooks; which `utils` this is can be told by COURSE."""

COURSE = "tensors-to-gpus"
