"""Small changes of a solution: each constant, operator, comparison, argument and dtype by one."""

import ast
import copy

OPERATORS = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult, ast.MatMult: ast.Mult, ast.Mod: ast.FloorDiv, ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
}  # fmt: skip
COMPARED = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
NAMES = {
    "maximum": "minimum", "argmax": "argmin", "max": "min", "min": "max", "round": "floor",
    "median": "sum", "eval": "train", "ones": "zeros", "topk": "sort", "zeros_like": "ones_like",
    "sum": "mean", "relu": "sigmoid", "exp": "expm1", "log": "log1p", "norm": "sum",
    "no_grad": "enable_grad", "named_children": "named_modules", "float": "half",
    "uint8": "int8", "int64": "int32", "float32": "float64", "bool": "int",
}  # fmt: skip


class _One(ast.NodeTransformer):
    """Changes the node of one number, counted from 0; `change` is None if there is none left."""

    def __init__(self, place):
        self.place, self.change, self.count = place, None, -1

    def take(self, node, new):
        self.count += 1
        if self.count != self.place:
            return node
        self.change = f"line {node.lineno}: {ast.unparse(node)} -> {ast.unparse(new)}"
        return new

    def visit(self, node):
        node = self.generic_visit(node)
        for new in _variants(node):
            node = self.take(node, ast.copy_location(new, node))
        return node


def _variants(node):
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        return [ast.Constant(node.value + 1), ast.Constant(node.value - 1)]
    if isinstance(node, ast.Constant) and type(node.value) is bool:
        return [ast.Constant(not node.value)]
    if isinstance(node, ast.BinOp):
        return [ast.BinOp(node.left, OPERATORS[type(node.op)](), node.right)]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return [node.operand]
    if isinstance(node, ast.Compare):
        return [ast.Compare(node.left, [COMPARED[type(node.ops[0])]()], node.comparators)]
    if isinstance(node, ast.Attribute) and node.attr in NAMES:
        return [ast.Attribute(node.value, NAMES[node.attr], node.ctx)]
    if isinstance(node, ast.Name) and node.id in NAMES:
        return [ast.Name(NAMES[node.id], node.ctx)]
    if isinstance(node, ast.Tuple) and isinstance(node.ctx, ast.Load):
        turned = ast.Tuple(node.elts[::-1], node.ctx)
        return [turned] * (ast.unparse(turned) != ast.unparse(node))
    if isinstance(node, ast.Slice) and node.step is not None:
        return [ast.Slice(node.lower, node.upper, None)]
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        return [ast.Pass()]
    return []


def mutants(source):
    """Yield (the change in words, the changed source) for each small change of `source`."""
    place = 0
    while True:
        one = _One(place)
        tree = one.visit(copy.deepcopy(ast.parse(source)))
        if one.change is None:
            return
        yield one.change, ast.unparse(ast.fix_missing_locations(tree))
        place += 1
