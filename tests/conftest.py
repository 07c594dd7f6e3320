"""What holds for every test: no skipping in CI, and the oracles only where they are installed."""

import importlib.util
import os

import hypothesis
import pytest

from tests.equations.recorder import Recorder

# On a busy machine the first example of a test can take any time.
hypothesis.settings.register_profile("course", deadline=None)
hypothesis.settings.load_profile("course")

ORACLES = {"dask": "distributed", "scikit-learn": "sklearn", "torch": "torch"}
MISSING = [name for name, module in ORACLES.items() if importlib.util.find_spec(module) is None]

# Each test in tests/oracles names its library in the file name: test_sklearn_….py, test_torch_….py
collect_ignore_glob = [f"oracles/test_{ORACLES[name]}_*.py" for name in MISSING]


def pytest_configure(config):
    """Record what the equation checks measure; with xdist, where all reports arrive."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Recorder(), "equation-recorder")


def pytest_terminal_summary(terminalreporter) -> None:
    """Say which comparisons with other libraries are not part of this run, also under -q."""
    if MISSING:
        names = ", ".join(MISSING)
        terminalreporter.write_line(
            f"tests/oracles: not compared here, because not installed: {names}"
        )


def in_ci() -> bool:
    """Tell whether this run must not skip anything."""
    return os.environ.get("CI", "").lower() in {"1", "true"}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Turn a skipped or expected failure into a failure where CI=true."""
    report = yield
    if in_ci() and report.outcome == "skipped":
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, and where CI=true nothing may be: {reason}"
        vars(report).pop("wasxfail", None)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    """The same for a module that skips itself while it is collected."""
    report = yield
    if in_ci() and report.outcome == "skipped":
        report.outcome = "failed"
        report.longrepr = f"{collector.nodeid} was skipped, and where CI=true nothing may be"
    return report
