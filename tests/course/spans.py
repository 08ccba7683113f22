"""What a piece of code in the text is, and whether the state of the notebook knows its names."""

import ast
import builtins
import keyword
import re

from tests.course.names import attributes, attributes_of, free_names, keywords

ERROR = re.compile(r"^(?:\w+\.)*(\w*(?:Error|Exception|Interrupt|Exit|Warning))\b(?:$|:.*$)")
FILE = re.compile(
    r"[^\s()]*\.(?:py|ipynb|pt|pth|csv|json|ya?ml|png|jpe?g|gif|svg|md|txt|toml|zip|gz|npz?|tar)"
    r"|[\w.~{}-]*/[\w./~{}*-]*"
)
SHELL = re.compile(
    r"(?:[!%$]|(?:python3?|pip|conda|make|git|ls|cd|cat|jupyter|pytest|torchrun|tensorboard|export"
    r"|nvidia-smi|bash|source) |--?[a-zA-Z]|[A-Z][A-Z_]+=\S*$)"
)
ARGUMENTS = re.compile(r"[a-z_]\w*=(?!=)\S.*", re.DOTALL)
BEFORE = "_"  # stands for what `.item()` and the like are asked of
HEADS = ("{}\n    pass", "{}\ndef _(): pass", "if 1: pass\n{} pass", "try: pass\n{} pass")


def parsed(code):
    """Return the tree of a piece of Python, also of a statement's head; None if it is none."""
    for form in ("{}", *HEADS):
        try:
            return ast.parse(form.format(code))
        except SyntaxError:
            continue
    return None


def is_expression(code):
    """Whether a piece is looked at (True) or carried out (False: an assignment, an import, …)."""
    if ARGUMENTS.fullmatch(code) or (tree := parsed(code)) is None:
        return True
    return all(isinstance(node, ast.Expr) for node in tree.body)


def executable(code):
    """Whether a piece does something when run, as names, literals and arguments do not."""
    if classified(code) or ARGUMENTS.fullmatch(code) or (tree := parsed(code)) is None:
        return False
    return not all(
        isinstance(node, ast.Expr) and (_chain(node.value) or _literal(node.value))
        for node in tree.body
    )


def classified(code):
    """Return what a piece is that is no Python to be run: error, file, shell, …; None otherwise."""
    if ERROR.match(code):
        return "error"
    if FILE.fullmatch(code):
        return "file"
    if SHELL.match(code):
        return "shell"
    words = code.replace("...", "").split()
    if re.fullmatch(r"[^\w\s\"']+|nan|inf|-inf|[A-Z]", code) or all(map(keyword.iskeyword, words)):
        return "sign"
    return None


def problem_with(code, space, known, source):
    """Return what is wrong with the names in a piece of code of the text, or None.

    `space` is the notebook's namespace, `known` the stub's names, `source` all code above.
    """
    if kind := classified(code):
        return (
            f"`{code}` is no error type" if kind == "error" and not _is_error(code, space) else None
        )
    if re.fullmatch(r"[a-z_]\w*=", code) or _arguments(code):
        return _problem_with_arguments(code, space, known, source)
    if (tree := _tree(code)) is None:
        if "…" in code or code in source:
            return None
        return f"`{code}` is neither Python nor a file, a command or an error"
    value = tree.body[0].value if isinstance(tree.body[0], ast.Expr) else None
    if _has_dots(tree) or (isinstance(value, ast.Tuple) and all(map(_is_size, value.elts))):
        return None
    if parts := _chain(value):
        return _problem_with_chain(parts, space, known, source)
    here = {name for name in free_names(tree) if name in space or hasattr(builtins, name)}
    called = {n.func.id for n in ast.walk(tree) if isinstance(n, ast.Call) and _is_name(n.func)}
    if unknown := free_names(tree) - here - set(known) - (called & attributes()) - {BEFORE}:
        return f"`{code}` uses `{min(unknown)}`, which is not defined at this place"
    if code.startswith("."):
        used = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        if missing := used - attributes() - attributes_of(space):
            return f"`{code}`: no tensor or module has `.{min(missing)}`"
    return None


def runnable(code, space, known):
    """Whether a piece of code can be run: all its names are in `space`, none is the stub's."""
    tree = _tree(code)
    if classified(code) or _arguments(code) or tree is None or _has_dots(tree):
        return False
    names = free_names(tree)
    if names & set(known) or not all(n in space or hasattr(builtins, n) for n in names):
        return False
    try:
        compile(code, "<text>", "exec")
    except SyntaxError:  # the head of a compound statement
        return False
    return True


def _tree(code):
    return parsed(BEFORE + code if code.startswith(".") else code)


def _has_dots(tree):
    return any(isinstance(n, ast.Constant) and n.value is ... for n in ast.walk(tree))


def _is_name(node):
    return isinstance(node, ast.Name)


def _is_size(node):
    if isinstance(node, ast.BinOp):
        return _is_size(node.left) and _is_size(node.right)
    return _is_name(node) or (isinstance(node, ast.Constant) and isinstance(node.value, int))


def _literal(node):
    try:
        ast.literal_eval(node)
    except (ValueError, TypeError):
        return False
    return True


def _chain(node):
    """Return the parts of a name or of names with dots: `a.b` gives ["a", "b"]; else None."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.insert(0, node.attr)
        node = node.value
    return [node.id, *parts] if _is_name(node) else None


def _is_error(code, space):
    import torch

    name = ERROR.match(code)[1]
    return any(hasattr(place, name) for place in (builtins, torch)) or name in space


def _problem_with_chain(parts, space, known, source):
    root, *rest = parts
    text = ".".join(parts)
    if root in known or root == BEFORE:
        value, real = None, False
    elif root in space or hasattr(builtins, root):
        value, real = space.get(root, getattr(builtins, root, None)), True
    elif root in attributes() | attributes_of(space) or re.search(rf"\b{root}\b", source):
        value, real = None, False
    else:
        return f"`{text}`: `{root}` is not defined at this place"
    for part in rest:
        if real and not hasattr(value, part):
            return f"`{text}`: {type(value).__name__} has no `{part}`"
        if not real and part not in attributes() | attributes_of(space):
            return f"`{text}`: nothing here has `.{part}`"
        value = getattr(value, part) if real else None
    return None


def _arguments(code):
    """Return the arguments of `dim=1, keepdim=True`; () where it is something else."""
    if not ARGUMENTS.fullmatch(code):
        return ()
    try:
        call = ast.parse(f"f({code})", mode="eval").body
    except SyntaxError:
        return ()
    return () if call.args else call.keywords


def _problem_with_arguments(code, space, known, source):
    for name in [pair.arg for pair in _arguments(code)] or [code.rstrip("=")]:
        if name not in keywords() and name not in known and not re.search(rf"\b{name}\b", source):
            return f"`{code}`: nothing here has an argument `{name}`"
    values = [pair.value for pair in _arguments(code)]
    names = set().union(*(free_names(ast.Module([ast.Expr(v)], [])) for v in values))
    unknown = {n for n in names if n not in space and n not in known and not hasattr(builtins, n)}
    return f"`{code}` uses `{min(unknown)}`, which is not defined" if unknown else None
