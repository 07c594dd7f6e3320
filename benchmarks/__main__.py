"""``python -m benchmarks [NAME …]`` prints one table of ratios, by default of all files here.

Every file that has a function ``rows()`` takes part; it yields `benchmarks.timing.Row`.
"""

import argparse
import os
import sys
from importlib import import_module
from pathlib import Path

from benchmarks.timing import reached

HERE = Path(__file__).parent
NAMES = sorted(p.stem for p in HERE.glob("*.py") if "\ndef rows(" in p.read_text("utf-8"))


def main() -> int:
    """Run the benchmarks; return 1 if a ratio is not what it should be."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)}")
    names = parser.parse_args().names or NAMES
    unknown = sorted(set(names) - set(NAMES))
    if unknown:
        parser.error(f"no benchmark is called {unknown[0]!r}; take some of {', '.join(NAMES)}")

    for library in ("OMP", "OPENBLAS", "MKL", "VECLIB"):
        os.environ[f"{library}_NUM_THREADS"] = "1"  # read when the files below import NumPy
    results = []
    print(f"{'work':<52} {'ratio':>6} {'wanted':>7}")
    for name in names:
        for row in import_module(f"benchmarks.{name}").rows():
            mark = {True: "✓", False: "✗", None: " "}[reached(row)]
            ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
            print(f"{row.work:<52} {ratio:>6} {row.wanted:>7} {mark}  {row.note}", flush=True)
            results.append(row)
    if any(row.ratio is None for row in results):
        print('Rivals are an extra: python -m pip install "bpcourse[bench]"')
    return int(any(reached(row) is False for row in results))


if __name__ == "__main__":
    sys.exit(main())
