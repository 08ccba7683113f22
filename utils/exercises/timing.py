"""Exercise 8.3: a device with a queue and a clock, and the ways to time it wrongly."""

from itertools import accumulate
from statistics import median, median_high, median_low

from utils.exercises.calling import call
from utils.exercises.compare import expect, require_function
from utils.exercises.verdict import WrongAnswer, show

CASES = (  # middle, mean, lowest, highest and both medians of each are unlike one another
    [900, 11, 300, 10, 12, 13, 14, 17],
    [500, 20, 50, 30, 35, 40],
    [5, 30, 50, 400, 25, 20, 300],
    [60, 20, 50],
    [7, 3],
)


class _Device:
    """A device with a queue and a clock of its own: asking takes 1, waiting what was asked for."""

    def __init__(self, lengths):
        self.now, self.queued, self.lengths, self.calls = 0.0, 0.0, lengths, 0
        self.reads = 0

    def work(self):
        self.queued += self.lengths[min(self.calls, len(self.lengths) - 1)]
        self.calls += 1
        self.now += 1

    def wait(self):
        self.now, self.queued = self.now + self.queued, 0.0

    def clock(self):
        self.reads += 1
        return self.now


def measures(answer):
    """Raise WrongAnswer unless `answer` times, by the median, a device with a queue."""
    require_function(answer)
    for lengths in CASES:
        device, repeats = _Device(lengths), len(lengths) - 1
        times = [float(length + 1) for length in lengths]
        got = call(lambda d=device, n=repeats: answer(d.work, d.wait, d.clock, n))
        if got is None or isinstance(got, list | tuple):
            raise WrongAnswer(f"got {show(got)}, expected one number: return the median")
        if device.calls == repeats:
            raise WrongAnswer(f"only {repeats} calls were made: one warm-up, and then `repeats` "
                              "more")  # fmt: skip
        if device.calls > repeats + 1:
            raise WrongAnswer(f"{device.calls} calls were made for repeats={repeats}: warm up once "
                              "only, and then measure `repeats` pieces")  # fmt: skip
        if device.calls and not device.reads:
            raise WrongAnswer(f"got {show(got)}: read the time with `clock()`")
        expect(got, median(times[1:]), _timing_mistakes(times))


def _timing_mistakes(times):
    """Return (wrong median, words) for `times`, of which the first is the warm-up's."""
    first, counted = times[0], times[1:]
    later, even = "Wait after the warm-up, too", "The median of an even number is the mean of the "
    since_first = list(accumulate(counted))
    return [
        (1.0, "That is the time for asking; wait before reading the clock"),
        (0.0, "The clock is read twice at the same moment"),
        (sum(counted) / len(counted), "That is the mean; one slow piece spoils it"),
        (max(counted), "That is the slowest, not the median"),
        (min(counted), "That is the fastest, not the median"),
        (sum(counted), "That is all of them together"),
        (counted[len(counted) // 2], "That is the middle of the list as it was measured: sort it"),
        (median(times), "The warm-up's time is among them"),
        (median(counted) - 1, "The clock is started after asking; asking is part of the work"),
        (median(since_first), "Each piece has a start of its own: read the clock in the loop"),
        (median([first + counted[0], *counted[1:]]), later),
        (median([first + counted[0] - 1, *counted[1:]]), later),
        (median_high(counted), even + "two in the middle"),
        (median_low(counted), even + "two in the middle"),
        (median(sorted(times)[:-1]), "Drop the first time, not the slowest"),
    ]
