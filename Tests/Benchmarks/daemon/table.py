"""The table: one line for each figure, with a column for each candidate."""
import json
from dataclasses import dataclass, field
from statistics import median


@dataclass
class Bar:
    """What a figure has to be."""

    limit: float
    is_least: bool = False
    """Whether the limit is the least that will do; otherwise it is the most."""
    of_ratio: bool = True
    """Whether it is the ratio to the reference that is compared, not the figure."""

    def holds(self, value):
        return value >= self.limit if self.is_least else value <= self.limit

    def __str__(self):
        return f"{'≥' if self.is_least else '≤'} {self.limit:g}{' ×' if self.of_ratio else ''}"


@dataclass
class Line:
    what: str
    values: dict
    """The median of each candidate, by its label."""
    ratio: float | None = None
    """Ours to the reference, the median of the ratios of pairs."""
    reference: str = ""
    bar: Bar | None = None

    @property
    def verdict(self):
        if self.bar is None:
            return ""
        judged = self.ratio if self.bar.of_ratio else next(iter(self.values.values()))
        return "ok" if judged is not None and self.bar.holds(judged) else "MISSED"


@dataclass
class Table:
    """Collects lines; the first candidate is ours."""

    ours: str
    lines: list = field(default_factory=list)

    def add(self, what, samples, reference=None, bar=None):
        """A line from samples, a list for each candidate's label; those of one index were measured as a pair."""
        values = {label: median(found) for label, found in samples.items() if found}
        ratio = None
        if reference in samples and samples[reference]:
            pairs = zip(samples[self.ours], samples[reference])
            ratio = median(own / theirs for own, theirs in pairs if theirs > 0)
        self.lines.append(Line(what, values, ratio, reference or "", bar))

    def text(self):
        """Markdown."""
        labels = list(dict.fromkeys(label for line in self.lines for label in line.values))
        rows = [["what", *labels, "ratio", "bar", ""], ["---", *["---:"] * (len(labels) + 1), "---", "---"]]
        for line in self.lines:
            figures = [number(line.values.get(label)) for label in labels]
            ratio = "" if line.ratio is None else f"{line.ratio:.2f}"
            rows.append([line.what, *figures, ratio, str(line.bar or ""), line.verdict])
        return "\n".join("| " + " | ".join(row) + " |" for row in rows)

    def json(self):
        return json.dumps([{**vars(line), "bar": str(line.bar or ""), "verdict": line.verdict} for line in self.lines])

    @property
    def is_good(self):
        return all(line.verdict != "MISSED" for line in self.lines)


def number(value):
    """Three figures, or all that are left of the point."""
    if value is None:
        return ""
    if abs(value) >= 1000:
        return f"{value:,.0f}".replace(",", " ")
    return f"{value:.3g}"
