"""Collect every registered equation of a test module as a test named by its label."""

import pytest

from tests.equations.registry import REGISTRY, CheckFailed


class EquationItem(pytest.Item):
    """The test of one equation; what it measured travels in its report."""

    def __init__(self, *, check, **kwargs):
        super().__init__(**kwargs)
        self.check = check

    def runtest(self):
        self.user_properties.append(("equation", self.check.record(self.check.run())))

    def repr_failure(self, excinfo, style=None):
        if excinfo.errisinstance(CheckFailed):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self):
        return self.check.file, self.check.line - 1, self.check.label


class EquationModule(pytest.Module):
    """A test module with its equations."""

    def collect(self):
        yield from super().collect()
        for check in list(REGISTRY.values()):
            if check.module == self.obj.__name__:
                yield EquationItem.from_parent(self, name=check.label, check=check)


def pytest_pycollect_makemodule(module_path, parent):
    return EquationModule.from_parent(parent, path=module_path)
