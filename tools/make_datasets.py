"""Write the bundled arrays of bpcourse/basics/data from the files in scikit-learn.

    python -m pip install scikit-learn
    python tools/make_datasets.py

Needed only to reproduce the files: tests/basics pins the checksum of every array, and
tests/oracles compares them with scikit-learn where it is installed.
"""

from pathlib import Path

import numpy as np
from sklearn import datasets  # pyright: ignore[reportMissingImports]

DATA = Path(__file__).resolve().parents[1] / "bpcourse" / "basics" / "data"


def main() -> None:
    """Write one compressed file a dataset: X as it is, labels and pixels as uint8."""
    DATA.mkdir(parents=True, exist_ok=True)
    X, y = datasets.load_diabetes(return_X_y=True, scaled=False)
    np.savez_compressed(DATA / "diabetes.npz", X=X, y=y)
    for name in ("iris", "wine", "breast_cancer"):
        X, y = getattr(datasets, f"load_{name}")(return_X_y=True)
        np.savez_compressed(DATA / f"{name}.npz", X=X, y=y.astype(np.uint8))
    X, y = datasets.load_digits(return_X_y=True)
    np.savez_compressed(DATA / "digits.npz", X=X.astype(np.uint8), y=y.astype(np.uint8))
    for file in sorted(DATA.glob("*.npz")):
        print(f"{file.name}: {file.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
