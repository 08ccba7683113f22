"""The minutes of reading, by hand on small pages."""

from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from tools.reading import minutes, seconds


def prose(words, head=""):
    return new_markdown_cell(head + "word " * words)


def test_seconds_of_a_cell():
    assert seconds(prose(110)) == 60
    assert seconds(prose(109, "> **Predict.** ")) == 60 * 111 / 110 + 30
    folded = "<details><summary>Hint</summary>" + "word " * 500 + "</details>"
    assert seconds(prose(110, folded)) == 60
    printed = new_output("stream", name="stdout", text="1")
    figure = new_output("display_data", {"image/png": "", "text/plain": "x"})
    assert seconds(new_code_cell("a\n\nb", outputs=[printed, figure])) == 10 + 15 + 20


def test_core_and_all():
    cells = [
        prose(0), prose(0), new_code_cell("folded\n" * 100),
        prose(1100), prose(545, "## Further: more "), prose(0, "## Your turn"),
        new_markdown_cell("**1.1 · compute** (easy). **1.2 · break** (hard)."),
        new_markdown_cell("**1.2 · break** (hard)."), prose(550, "## Summary"),
    ]  # fmt: skip
    core, whole = minutes(cells)
    assert core == 15
    assert whole == 35  # 15 of the core, 5 further, 14 of exercises
