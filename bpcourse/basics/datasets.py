"""The data of the course: small laws drawn at will, and five classics as bundled arrays.

A generator takes the number of samples and an explicit ``rng``; the same generator state gives
the same data. The bundled arrays hold the values of the files in scikit-learn, bit for bit.
"""

from dataclasses import dataclass
from importlib import resources
from typing import Any

import numpy as np

from bpcourse.basics.validate import as_count, as_number, as_rng

__all__ = [
    "Dataset",
    "breast_cancer",
    "cars_and_bikes",
    "circles",
    "diabetes",
    "digits",
    "houses",
    "iris",
    "spirals",
    "wine",
    "xor_cloud",
]

HOUSES_INTERCEPT = 120.0
HOUSES_WEIGHTS = (2.4, 10.0, -0.9, -3.5)
HOUSES_NOISE = 15.0


@dataclass(frozen=True, eq=False)
class Dataset:
    """Samples, what is to be predicted, and what the numbers mean.

    Parameters
    ----------
    X : ndarray of float64, shape (N, p)
        One sample per row.
    y : ndarray, shape (N,)
        Regression: float64, the target. Classification: int64, an index into `classes`.
    features : tuple of str
        The p columns' names.
    units : tuple of str
        The p columns' units; "" where there is none or the source gives none.
    target : str
        The name of what `y` holds.
    target_unit : str
        Its unit, or "".
    classes : tuple of str
        The classes' names; empty for a regression.
    source : str
        Who measured it and where the numbers came from, or the law they were drawn from.
    """

    X: np.ndarray
    y: np.ndarray
    features: tuple[str, ...]
    units: tuple[str, ...]
    target: str
    target_unit: str = ""
    classes: tuple[str, ...] = ()
    source: str = ""

    def __repr__(self) -> str:
        """Say the shape and the meaning, not the numbers."""
        N, p = self.X.shape
        kind = f"classes {', '.join(self.classes)}" if self.classes else f"target {self.target}"
        return f"Dataset({N} samples, {p} features, {kind})"


def houses(n: int, rng: np.random.Generator) -> Dataset:
    """Draw houses and their prices from a linear law with noise.

    price = 120 + 2.4 area + 10 rooms − 0.9 age − 3.5 distance + noise, with noise of standard
    deviation 15; these are `HOUSES_INTERCEPT`, `HOUSES_WEIGHTS` and `HOUSES_NOISE`.

    Parameters
    ----------
    n : int
        Number of houses, at least 1.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    Dataset
        X of shape (n, 4): floor area (m²), rooms, age (years), distance to the center (km);
        y: price in thousands.

    Raises
    ------
    TypeError
        If `n` is not an integer or `rng` is not a generator.
    ValueError
        If `n` is less than 1.
    """
    n, rng = as_count(n), as_rng(rng)
    area = np.clip(rng.lognormal(np.log(105.0), 0.35, n), 40.0, 300.0).round(1)
    rooms = np.clip(np.round(area / 27.0 + rng.normal(0.0, 0.8, n)), 1.0, 12.0)
    age = np.floor(rng.uniform(0.0, 80.0, n))
    distance = np.clip(rng.gamma(2.5, 3.0, n), 0.2, 25.0).round(1)
    X = np.column_stack([area, rooms, age, distance])
    price = HOUSES_INTERCEPT + X @ np.array(HOUSES_WEIGHTS) + rng.normal(0.0, HOUSES_NOISE, n)
    return Dataset(
        X=X,
        y=price.round(1),
        features=("floor area", "rooms", "age", "distance"),
        units=("m²", "", "years", "km"),
        target="price",
        target_unit="thousands",
        source="Synthetic: drawn by bpcourse from a linear law with Gaussian noise.",
    )


def cars_and_bikes(n: int, rng: np.random.Generator) -> Dataset:
    """Draw cars and motorbikes that no single feature tells apart.

    Most are ordinary. One car in ten is a microcar, at times on three wheels; one bike in ten is
    a heavy tourer or a trike: they share weights, wheelbases and wheel counts.

    Parameters
    ----------
    n : int
        Number of vehicles, at least 1. Half are cars (one more bike if `n` is odd).
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    Dataset
        X of shape (n, 3): mass (kg), wheelbase (m), number of wheels; y: 0 bike, 1 car.

    Raises
    ------
    TypeError
        If `n` is not an integer or `rng` is not a generator.
    ValueError
        If `n` is less than 1.
    """
    n, rng = as_count(n), as_rng(rng)
    y = rng.permutation(np.arange(n) % 2)
    car = y == 1
    odd = rng.uniform(size=n) < 0.1

    def pick(bike: Any, heavy_bike: Any, microcar: Any, ordinary_car: Any) -> np.ndarray:
        return np.where(car, np.where(odd, microcar, ordinary_car), np.where(odd, heavy_bike, bike))

    size = rng.uniform(size=n)
    weight = pick(100 + 160 * size, 320 + 230 * size, 350 + 250 * size, 750 + 1350 * size)
    weight = (weight * rng.uniform(0.92, 1.08, n)).round()
    wheelbase = pick(1.25 + 0.3 * size, 1.55 + 0.3 * size, 1.65 + 0.6 * size, 2.3 + 0.75 * size)
    wheelbase = (wheelbase + rng.uniform(-0.05, 0.05, n)).round(2)
    third = odd & (rng.uniform(size=n) < 0.5)
    wheels = np.where(third, 3.0, np.where(car, 4.0, 2.0))
    return Dataset(
        X=np.column_stack([weight, wheelbase, wheels]),
        y=y.astype(np.int64),
        features=("mass", "wheelbase", "wheels"),
        units=("kg", "m", ""),
        target="vehicle",
        classes=("bike", "car"),
        source="Synthetic: drawn by bpcourse from plausible ranges.",
    )


def xor_cloud(
    n: int, rng: np.random.Generator, *, noise: float = 0.0, margin: float = 0.05
) -> Dataset:
    """Draw points in the square [−1, 1]², labeled by the sign of x1·x2.

    Parameters
    ----------
    n : int
        Number of points, at least 1.
    rng : numpy.random.Generator
        Source of randomness.
    noise : float
        Standard deviation of a shift given to each point after it was labeled.
    margin : float
        Before that shift every coordinate is at least this far from 0; 0 ≤ margin < 1.

    Returns
    -------
    Dataset
        X of shape (n, 2); y: 1 where x1·x2 > 0, else 0.

    Raises
    ------
    TypeError
        If `n` is not an integer, `rng` is not a generator, or a number is not one.
    ValueError
        If `n` is less than 1, `noise` is negative, or `margin` is outside [0, 1).
    """
    n, rng = as_count(n), as_rng(rng)
    noise = as_number(noise, "noise", least=0.0)
    margin = as_number(margin, "margin", least=0.0, below=1.0)
    # 1 − uniform lies in (0, 1]: even with margin 0 no point falls on an axis.
    size = margin + (1.0 - margin) * (1.0 - rng.uniform(size=(n, 2)))
    X = size * rng.choice([-1.0, 1.0], size=(n, 2))
    y = (X[:, 0] * X[:, 1] > 0).astype(np.int64)
    return Dataset(
        X=X + noise * rng.normal(size=(n, 2)),
        y=y,
        features=("x1", "x2"),
        units=("", ""),
        target="sign of x1·x2",
        classes=("negative", "positive"),
        source="Synthetic: drawn by bpcourse, uniform in a square.",
    )


def circles(n: int, rng: np.random.Generator, noise: float = 0.05) -> Dataset:
    """Draw points around two circles with one center, of radius 0.5 and 1.

    Parameters
    ----------
    n : int
        Number of points, at least 1. Half are on the outer circle (one more inside if `n` is odd).
    rng : numpy.random.Generator
        Source of randomness.
    noise : float
        Standard deviation of the shift of each coordinate.

    Returns
    -------
    Dataset
        X of shape (n, 2); y: 0 inner, 1 outer.

    Raises
    ------
    TypeError
        If `n` is not an integer, `rng` is not a generator, or `noise` is not a number.
    ValueError
        If `n` is less than 1 or `noise` is negative.
    """
    n, rng = as_count(n), as_rng(rng)
    noise = as_number(noise, "noise", least=0.0)
    y = rng.permutation(np.arange(n) % 2)
    angle = rng.uniform(0.0, 2.0 * np.pi, n)
    radius = np.where(y == 1, 1.0, 0.5)
    X = radius[:, np.newaxis] * np.column_stack([np.cos(angle), np.sin(angle)])
    return Dataset(
        X=X + noise * rng.normal(size=(n, 2)),
        y=y.astype(np.int64),
        features=("x1", "x2"),
        units=("", ""),
        target="circle",
        classes=("inner", "outer"),
        source="Synthetic: drawn by bpcourse around two circles.",
    )


def spirals(n: int, rng: np.random.Generator, noise: float = 0.02) -> Dataset:
    """Draw points along two interleaved spirals of one and a half turns.

    Parameters
    ----------
    n : int
        Number of points, at least 1. Half are on each arm (one more on the first if `n` is odd).
    rng : numpy.random.Generator
        Source of randomness.
    noise : float
        Standard deviation of the shift of each coordinate; the arms are 1/3 apart.

    Returns
    -------
    Dataset
        X of shape (n, 2); y: 0 first arm, 1 second arm, which is the first turned by π.

    Raises
    ------
    TypeError
        If `n` is not an integer, `rng` is not a generator, or `noise` is not a number.
    ValueError
        If `n` is less than 1 or `noise` is negative.
    """
    n, rng = as_count(n), as_rng(rng)
    noise = as_number(noise, "noise", least=0.0)
    y = rng.permutation(np.arange(n) % 2)
    # The square root spreads the points evenly along the arm, not along the angle.
    radius = np.sqrt(rng.uniform(0.04, 1.0, n))
    angle = 3.0 * np.pi * radius + np.pi * y
    X = radius[:, np.newaxis] * np.column_stack([np.cos(angle), np.sin(angle)])
    return Dataset(
        X=X + noise * rng.normal(size=(n, 2)),
        y=y.astype(np.int64),
        features=("x1", "x2"),
        units=("", ""),
        target="arm",
        classes=("first", "second"),
        source="Synthetic: drawn by bpcourse along two Archimedean spirals.",
    )


def diabetes() -> Dataset:
    """Load the diabetes data: ten measures of 442 patients, and their disease a year later.

    Returns
    -------
    Dataset
        X of shape (442, 10) in the raw units of the study (scikit-learn's default is the same
        data with every column centered and divided by its norm); y: a measure of disease
        progression, 25 to 346.
    """
    X, y = _bundled("diabetes")
    return Dataset(
        X=X,
        y=y,
        features=(
            "age",
            "sex",
            "body mass index",
            "blood pressure",
            "total cholesterol",
            "low-density lipoproteins",
            "high-density lipoproteins",
            "total cholesterol / HDL",
            "log of triglycerides",
            "blood sugar",
        ),
        units=("years", "", "kg/m²", "", "", "", "", "", "", ""),
        target="disease progression after one year",
        source=_from(
            "B. Efron, T. Hastie, I. Johnstone, R. Tibshirani (2004), Least angle regression, "
            "Annals of Statistics 32(2), 407-499"
        ),
    )


def iris() -> Dataset:
    """Load Anderson's irises: four lengths of 150 flowers of three species.

    Returns
    -------
    Dataset
        X of shape (150, 4) in centimeters; y: 0 setosa, 1 versicolor, 2 virginica, 50 of each.
    """
    X, y = _bundled("iris")
    return Dataset(
        X=X,
        y=y,
        features=("sepal length", "sepal width", "petal length", "petal width"),
        units=("cm",) * 4,
        target="species",
        classes=("setosa", "versicolor", "virginica"),
        source=_from(
            "R. A. Fisher (1936), The use of multiple measurements in taxonomic problems, Annals "
            "of Eugenics 7(2), 179-188; measured by E. Anderson (1936), The species problem in "
            "Iris, Annals of the Missouri Botanical Garden 23(3), 457-509"
        ),
    )


def wine() -> Dataset:
    """Load the wine data: thirteen measures of 178 wines from three cultivars of one region.

    Returns
    -------
    Dataset
        X of shape (178, 13), the source gives no units; y: the cultivar, 59, 71 and 48 wines.
    """
    X, y = _bundled("wine")
    features = (
        "alcohol",
        "malic acid",
        "ash",
        "alcalinity of ash",
        "magnesium",
        "total phenols",
        "flavanoids",
        "nonflavanoid phenols",
        "proanthocyanins",
        "color intensity",
        "hue",
        "OD280/OD315 of diluted wines",
        "proline",
    )
    return Dataset(
        X=X,
        y=y,
        features=features,
        units=("",) * len(features),
        target="cultivar",
        classes=("cultivar 1", "cultivar 2", "cultivar 3"),
        source=_from(
            "M. Forina et al. (1988), PARVUS: an extendible package for data exploration, "
            "classification and correlation, Institute of Pharmaceutical and Food Analysis and "
            "Technologies, Genoa; UCI Machine Learning Repository, Wine (1991)"
        ),
    )


def breast_cancer() -> Dataset:
    """Load the Wisconsin (diagnostic) data: thirty measures of cell nuclei in 569 biopsies.

    Returns
    -------
    Dataset
        X of shape (569, 30): mean, standard error and worst value of ten measures, in the units
        of the digitized image; y: 0 malignant (212), 1 benign (357).
    """
    X, y = _bundled("breast_cancer")
    measures = (
        "radius",
        "texture",
        "perimeter",
        "area",
        "smoothness",
        "compactness",
        "concavity",
        "concave points",
        "symmetry",
        "fractal dimension",
    )
    features = (
        *(f"mean {measure}" for measure in measures),
        *(f"{measure} error" for measure in measures),
        *(f"worst {measure}" for measure in measures),
    )
    return Dataset(
        X=X,
        y=y,
        features=features,
        units=("",) * len(features),
        target="diagnosis",
        classes=("malignant", "benign"),
        source=_from(
            "W. N. Street, W. H. Wolberg, O. L. Mangasarian (1993), Nuclear feature extraction for "
            "breast tumor diagnosis, Proc. SPIE 1905, 861-870; UCI Machine Learning Repository, "
            "Breast Cancer Wisconsin (Diagnostic) (1995)"
        ),
    )


def digits() -> Dataset:
    """Load handwritten digits: 1797 images of 8 × 8 pixels.

    Returns
    -------
    Dataset
        X of shape (1797, 64), float64 holding the integers 0 to 16; ``X.reshape(-1, 8, 8)`` are
        the images, first row on top, and 16 is full ink. y: the digit.
    """
    X, y = _bundled("digits")
    return Dataset(
        X=X,
        y=y,
        features=tuple(f"pixel {row},{column}" for row in range(8) for column in range(8)),
        units=("of 16",) * 64,
        target="digit",
        classes=tuple("0123456789"),
        source=_from(
            "E. Alpaydin, C. Kaynak (1998), Cascading classifiers, Kybernetika 34(4), 369-374; UCI "
            "Machine Learning Repository, Optical Recognition of Handwritten Digits, the test part"
        ),
    )


def _bundled(name: str) -> tuple[np.ndarray, np.ndarray]:
    file = resources.files("bpcourse.basics") / "data" / f"{name}.npz"
    with file.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
        X, y = arrays["X"], arrays["y"]
    # The digits and all labels are stored as uint8, which would overflow at the first product.
    return X.astype(np.float64), y.astype(np.int64 if y.dtype == np.uint8 else np.float64)


def _from(citation: str) -> str:
    return f"{citation}. The values are those of the copy in scikit-learn (BSD 3-Clause)."
