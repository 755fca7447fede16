"""Figures beside what they should reach, and beside a reference measured in the same run."""

from dataclasses import dataclass
from statistics import median, quantiles
from typing import Final

Number = float | int
PERCENT_95: Final = 94
PERCENT_99: Final = 98


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table."""

    name: str
    value: float
    unit: str
    reach: str = ""
    reference: str = ""

    def line(self) -> str:
        """The line as printed."""
        shown = f"{self.value:,.1f}" if self.value < 1000 else f"{self.value:,.0f}"
        return f"{self.name:<58} {shown:>10} {self.unit:<8} {self.reach:<12} {self.reference}"


def heading(title: str) -> None:
    """Print a title above the lines that follow."""
    print(f"\n{title}", flush=True)


def show(*figures: Figure) -> None:
    """Print the lines."""
    for figure in figures:
        print("  " + figure.line(), flush=True)


def p50(values: list[float]) -> float:
    """The median."""
    return median(values)


def p95(values: list[float]) -> float:
    """The 95th percentile."""
    return quantiles(values, n=100)[PERCENT_95]


def p99(values: list[float]) -> float:
    """The 99th percentile."""
    return quantiles(values, n=100)[PERCENT_99]
