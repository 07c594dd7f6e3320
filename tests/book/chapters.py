"""The map of the course: which chapters there are, and which files belong to each."""

from dataclasses import dataclass
from pathlib import Path

from tests.book.prose import BOOK, ROOT

PARTS = {
    "descent": "learning steepest quadratics convergence stochastic",
    "backprop": "chain_rule network autodiff arrays checking",
    "training": "initialization momentum adaptive curvature landscapes",
    "beyond": "sharing implicit rivals",
}


@dataclass(frozen=True)
class Chapter:
    """One chapter of the map."""

    part: str
    name: str

    def __str__(self):
        return f"{self.part}/{self.name}"

    @property
    def page(self) -> Path:
        """The chapter's page."""
        return BOOK / self.part / f"{self.name}.md"

    @property
    def files(self) -> list[Path]:
        """What has to stand beside the page."""
        part, name = self.part, self.name
        return [
            ROOT / "bpcourse" / part / f"{name}.py",
            ROOT / "bpcourse/exercises" / part / f"{name}.py",
            ROOT / "bpcourse/figures" / part / f"{name}.py",
            ROOT / "tests" / part / f"test_{name}.py",
            ROOT / "tests/equations" / part / f"test_{name}.py",
        ]


MAP = [Chapter(part, name) for part, names in PARTS.items() for name in names.split()]
WRITTEN = [chapter for chapter in MAP if chapter.page.is_file()]
