"""Measures of values of which is known how often each was found: mean, median, standard deviation, correlation.

Those of spread are of a sample: divided by n - 1.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping

NO_SPREAD = 1e-12
"""What is smaller is what rounding leaves of nothing."""


def mean(values: Counter[float]) -> float:
    """Return the mean."""
    return math.fsum(value * number for value, number in values.items()) / values.total()


def median(values: Counter[float]) -> float:
    """Return the value in the middle; of an even number of them, what is halfway between the two in the middle."""
    total, before, lower = values.total(), 0, None
    for value, number in sorted(values.items()):
        before += number
        if lower is not None:
            return (lower + value) / 2
        if 2 * before > total:
            return value
        if 2 * before == total:
            lower = value
    raise AssertionError(values)


def spread(values: Counter[float]) -> float | None:
    """Return the standard deviation, None for fewer than two."""
    return math.sqrt(variance(values)) if values.total() > 1 else None


def variance(values: Counter[float]) -> float:
    """Return the variance of at least two."""
    middle = mean(values)
    return math.fsum(number * (value - middle) ** 2 for value, number in values.items()) / (values.total() - 1)


def _covariance(pairs: Mapping[tuple[float, float], int]) -> float:
    total = sum(pairs.values())
    mean_left = math.fsum(x * number for (x, _), number in pairs.items()) / total
    mean_right = math.fsum(y * number for (_, y), number in pairs.items()) / total
    return math.fsum(number * (x - mean_left) * (y - mean_right) for (x, y), number in pairs.items()) / (total - 1)


def _sides(pairs: Mapping[tuple[float, float], int]) -> tuple[Counter[float], Counter[float]]:
    left, right = Counter[float](), Counter[float]()
    for (x, y), number in pairs.items():
        left[x] += number
        right[y] += number
    return left, right


def correlation(pairs: Counter[tuple[float, float]]) -> float | None:
    """Return the correlation of two values, from -1 to 1; None where one of them is always the same."""
    if pairs.total() < 2:
        return None
    left, right = _sides(pairs)
    spreads = variance(left) * variance(right)
    return _covariance(pairs) / math.sqrt(spreads) if spreads > NO_SPREAD**2 else None


def efficiency(pairs: Counter[tuple[float, float]]) -> float | None:
    """Return the covariance of two values as a share of the largest that they could have in any order.

    None where one of them is always the same.
    """
    if pairs.total() < 2:
        return None
    largest = _covariance(_in_order(*_sides(pairs)))
    return _covariance(pairs) / largest if largest > NO_SPREAD else None


def _in_order(left: Counter[float], right: Counter[float]) -> dict[tuple[float, float], int]:
    """The smallest with the smallest, and so on: how many pairs there are of each."""
    found: dict[tuple[float, float], int] = {}
    others = sorted(right.items(), reverse=True)
    for x, number in sorted(left.items()):
        while number:
            y, free = others.pop()
            taken = min(number, free)
            found[x, y] = taken
            number -= taken
            if free > taken:
                others.append((y, free - taken))
    return found
