"""What a sentence asks the reader to change, and the cells that come of it.

    Change `OLD` to `NEW`       also replace; into, by, with, for; several pairs; `NEW` or `NEWER`
    Swap `ONE` and `OTHER`      also exchange
    Leave out `LINE`            also delete, remove, drop, comment out, leave `LINE` out
    Add `LINE` below `OTHER`    also insert; after, above, before; without a place: at the end
    Change it back              also undo, restore

The nearest code cell above that holds the old text counts. A piece of a line may be left out or
added as well as a whole line.
"""

import re
from typing import NamedTuple

CODE = re.compile(r"^ *```\w*\n(.*?)^ *```|(`+)(.+?)\2", re.DOTALL | re.MULTILINE)
MARK = r"⟦(\d+)⟧"
LEAD = r"(?:^|[,:;(] *|\b(?:and|then|or|now|also|to|can|may|must|first|instead|next|once|please) )"
VERB = re.compile(
    LEAD + r"(change|replace|swap|exchange|leave|delete|remove|drop|comment|take|add|insert|append"
    r"|undo|restore)\b",
    re.IGNORECASE,
)
FILLER = (
    r"(?:\s*(?:out|the|this|these|only|just|both|last|first|second|line|lines|call|argument|:))*"
)
PAIR = re.compile(
    rf"{MARK}[^⟦]{{0,80}}?\b(?:to|into|by|with|for)\b[^⟦]{{0,30}}?{MARK}"
    r"((?:(?:,|,? or|,? then|,? and then)(?: to| by| into| with| for)?\s*⟦\d+⟧"
    r"(?!\s*(?:to|into|by|with|for)\b))*)"
)
SEVERAL = re.compile(rf"^\w+{FILLER}\s*((?:{MARK}(?:,| and| or|, and|, or)?{FILLER}\s*)+)")
PLACE = re.compile(
    rf"\b(below|after|under|behind|above|before)\b[^⟦,]{{0,30}}{MARK}", re.IGNORECASE
)


class Fault(Exception):
    """An instruction that cannot be followed, and why."""


class Action(NamedTuple):
    kind: str  # change, swap, drop, add, back
    old: str = ""
    new: tuple = ()
    place: str = ""  # below or above
    everywhere: bool = False


def masked(text):
    """Return `text` with ⟦0⟧ ⟦1⟧ … in place of its code, the pieces of code, which are blocks."""
    pieces, blocks = [], set()

    def keep(match):
        if match[1] is not None:
            blocks.add(len(pieces))
        pieces.append(match[3] if match[1] is None else match[1].rstrip())
        return f"⟦{len(pieces) - 1}⟧"

    return CODE.sub(keep, text), pieces, blocks


def actions_of(sentence, pieces):
    """Return the actions that a masked sentence asks for, and the numbers of the pieces used."""
    verbs = [match.start(1) for match in VERB.finditer(sentence)]
    actions, used = [], set()
    for start, end in zip(verbs, [*verbs[1:], len(sentence)], strict=False):
        before = PLACE.search(sentence[:start]) if start == verbs[0] else None
        for action, numbers in _clause(sentence[start:end], before, sentence, pieces):
            actions.append(action)
            used |= numbers
    return actions, used


def _clause(clause, before, sentence, pieces):
    verb = clause.split()[0].lower().rstrip(",.")
    several = SEVERAL.match(clause)
    numbers = [int(n) for n in re.findall(MARK, several[1])] if several else []
    if re.match(
        r"(change|undo|restore)\b[^⟦]*\b(back|it|them|this|that|both)\b", clause, re.I
    ) and (verb != "change" or re.search(r"\bback\b", clause.split("⟦")[0])):
        yield Action("back"), set()
    elif verb in ("swap", "exchange") and len(numbers) == 2 and not PAIR.search(clause):
        yield Action("swap", pieces[numbers[0]], (pieces[numbers[1]],)), set(numbers)
    elif verb in ("change", "replace", "swap", "exchange"):
        everywhere = bool(re.search(r"\b(both|all|every|everywhere|each)\b", sentence, re.I))
        for match in PAIR.finditer(clause):
            new = [int(match[2]), *map(int, re.findall(MARK, match[3]))]
            change = Action("change", pieces[int(match[1])], tuple(pieces[n] for n in new))
            yield change._replace(everywhere=everywhere), {int(match[1]), *new}
    elif verb in ("add", "insert", "append") and numbers:
        place = PLACE.search(clause) or before
        at = (place[1].lower() in ("above", "before") and "above") or "below" if place else ""
        old, used = (pieces[int(place[2])], {int(place[2])}) if place else ("", set())
        new = tuple(pieces[n] for n in numbers if n not in used)
        yield Action("add", old, new, at), used | set(numbers)
    elif numbers and (verb in ("delete", "remove", "drop") or re.search(r"\b(out|away)\b", clause)):
        for number in numbers:
            yield Action("drop", pieces[number]), {number}


class Page:
    """The code cells above a place, as the reader rewrites them: {index: source}."""

    def __init__(self, sources):
        self.original, self.now = dict(sources), dict(sources)

    def clashes(self, action):
        """Whether the action starts from the cell as it was before earlier actions."""
        return bool(action.old) and not any(_spots(s, action.old) for s in self.now.values())

    def apply(self, action, new=None):
        """Carry out an action (with one of its new texts); return the indices of cells changed."""
        if action.kind == "back":
            changed = {n for n, source in self.now.items() if source != self.original[n]}
            self.now = dict(self.original)
            return changed
        if action.kind == "add" and not action.old:
            index = max(self.now, default=None)
            if index is None:
                raise Fault("there is no code cell above")
            self.now[index] += "\n" + "\n".join(action.new)
            return {index}
        index = self._holder(action.old)
        self.now[index] = _rewritten(self.now[index], action, new)
        return {index}

    def _holder(self, old):
        for sources in (self.now, self.original):
            for index in sorted(sources, reverse=True):
                if _spots(sources[index], old):
                    self.now[index] = sources[index]
                    return index
        raise Fault(f"`{old}` stands in no code cell above")


def _spots(source, old):
    """Return where `old` stands in `source`, as whole words: (start, end) of each."""
    first = r"(?<![\w.])" if old[:1].isdigit() else r"(?<!\w)" if old[:1].isidentifier() else ""
    last = r"(?![\w.])" if old[-1:].isdigit() else r"(?!\w)" if old[-1:].isidentifier() else ""
    lines = "\n".join(r"[ ]*" * bool(n) + re.escape(x) for n, x in enumerate(old.split("\n")))
    return [match.span() for match in re.finditer(first + lines + last, source)]


def _rewritten(source, action, new):
    spots = _spots(source, action.old)
    whole = [spot for spot in spots if _line(source, *spot)[2].strip() == action.old]
    if len(spots) > 1 and len(whole) == 1:
        spots = whole
    if len(spots) > 1 and not action.everywhere:
        raise Fault(f"`{action.old}` stands {len(spots)} times in the cell: say which")
    if action.kind == "swap":
        (other,) = _spots(source, action.new[0])[:1] or [None]
        if other is None:
            raise Fault(f"`{action.new[0]}` does not stand in the cell that holds `{action.old}`")
        (a, b), (c, d) = sorted([spots[0], other])
        return source[:a] + source[c:d] + source[b:c] + source[a:b] + source[d:]
    if action.kind == "change":
        for start, end in reversed(spots):
            source = source[:start] + _indented(source, start, new) + source[end:]
        return source
    start, end = spots[0]
    first, last, line = _line(source, start, end)
    if action.kind == "drop":
        if whole:
            return source[:first] + source[last + 1 :]
        return source[:start] + source[end:]
    return _added(source, action, (start, end), (first, last, line))


def _added(source, action, spot, line):
    text = "\n".join(action.new)
    if not re.match(r"[,.)\]+*/@-]|.*,$", text):
        indent = line[2][: len(line[2]) - len(line[2].lstrip())]
        text = "\n".join(indent + row for row in text.splitlines())
        at, text = (line[1], "\n" + text) if action.place == "below" else (line[0], text + "\n")
    else:
        at = spot[action.place == "below"]
    return source[:at] + text + source[at:]


def _line(source, start, end):
    first = source.rfind("\n", 0, start) + 1
    last = source.find("\n", end)
    last = len(source) if last < 0 else last
    return first, last, source[first:last]


def _indented(source, start, new):
    line = source[source.rfind("\n", 0, start) + 1 : start]
    return new.replace("\n", "\n" + line[: len(line) - len(line.lstrip())])
