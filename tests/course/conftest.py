"""Say how much of what the reader is told to try was executed."""

from collections import Counter


def pytest_terminal_summary(terminalreporter):
    ended = [*terminalreporter.stats.get("passed", ()), *terminalreporter.stats.get("failed", ())]
    calls = [report for report in ended if getattr(report, "when", "") == "call"]
    pairs = [pair for report in calls for pair in report.user_properties]
    told = Counter(value for name, value in pairs if name == "told")
    for chapter in sorted({key.split()[0] for key in told}):
        kinds = {key.split()[1]: n for key, n in told.items() if key.startswith(chapter)}
        said = ", ".join(f"{n} {kind}" for kind, n in kinds.items())
        terminalreporter.write_line(f"chapter {chapter}: {sum(kinds.values())} executed ({said})")
