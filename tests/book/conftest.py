"""What the tests of the book's pages share."""

import os

import pytest


@pytest.fixture(scope="session")
def shared(tmp_path_factory):
    """A folder that all workers of this test session share."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
