"""The names that a piece of code needs, and those that PyTorch and Python have to offer."""

import ast
import functools
import inspect
import re


def bound_names(code):
    """Return the parameters and the names that a stub, or a line of an exercise, binds."""
    try:
        tree = ast.parse(code)
    except SyntaxError:
        return []
    found = {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
    return sorted(found)


def free_names(tree):
    """Return the names that a piece of code needs from outside."""
    free, bound = set(), set()
    for statement in tree.body:
        inner, loads, stores = set(), set(), set()
        for node in ast.walk(statement):
            if isinstance(node, ast.arg):
                inner.add(node.arg)
            elif isinstance(node, ast.alias):
                inner.add((node.asname or node.name).partition(".")[0])
            elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                inner.add(node.name)
            elif isinstance(node, ast.Name):
                (loads if isinstance(node.ctx, ast.Load) else stores).add(node.id)
        if not isinstance(statement, (ast.Assign, ast.AugAssign)):
            inner |= stores
        for node in ast.walk(statement):
            if isinstance(node, ast.comprehension):
                inner |= {n.id for n in ast.walk(node.target) if isinstance(n, ast.Name)}
        if isinstance(statement, ast.AugAssign):
            loads |= stores
        free |= loads - inner - bound
        bound |= inner | stores
    return free


def _places():
    import torch
    import torchvision
    from torch.utils import data
    from torchvision.transforms import v2

    optim, nn = torch.optim, torch.nn
    own = [torch, torch.Tensor, nn, nn.Module, nn.functional, nn.init, optim, optim.Optimizer]
    own += [optim.lr_scheduler, data, data.DataLoader, data.Dataset, torch.Generator, v2]
    return [*own, torch.finfo, torchvision, torchvision.datasets, torchvision.transforms]


@functools.cache
def attributes():
    """Return the names that PyTorch's main modules and classes and Python's own types have."""
    own = [list, dict, set, tuple, str, bytes, int, float, slice, type]
    return {name for place in _places() + own for name in dir(place)}


def attributes_of(space):
    return {name for value in list(space.values()) for name in dir(value)}


@functools.cache
def keywords():
    """Return the names of the arguments that PyTorch's functions and classes take."""
    found = set()
    for place in _places():
        for value in (getattr(place, name, None) for name in dir(place) if name[:1] != "_"):
            if callable(value):
                words = getattr(value, "__doc__", "")
                head = "\n".join(str(words).strip().splitlines()[:2])
                found |= set(re.findall(r"[(,*] ?(\w+)(?=[,=) ])", head))
                try:
                    found |= set(inspect.signature(value).parameters)
                except (ValueError, TypeError):
                    continue
    return found
