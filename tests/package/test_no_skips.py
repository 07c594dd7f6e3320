"""Where CI=true a skipped test is a failed test."""

from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

CONFTEST = Path(__file__).resolve().parents[1] / "conftest.py"

SKIPS = {
    "mark": "import pytest\n@pytest.mark.skip(reason='later')\ndef test_it():\n    pass\n",
    "call": "import pytest\ndef test_it():\n    pytest.skip('later')\n",
    "module": "import pytest\npytest.importorskip('no_such_module', reason='later')\n",
    "fixture": (
        "import pytest\n@pytest.fixture\ndef f():\n    pytest.skip('later')\n"
        "def test_it(f):\n    pass\n"
    ),
    "xfail": "import pytest\n@pytest.mark.xfail(reason='later')\ndef test_it():\n    assert 0\n",
}


@pytest.mark.parametrize("source", SKIPS.values(), ids=list(SKIPS))
def test_skips_fail_in_ci_and_only_there(source, pytester, monkeypatch):
    pytester.makeconftest(CONFTEST.read_text(encoding="utf-8"))
    pytester.makepyfile(source)
    monkeypatch.setenv("CI", "true")
    assert pytester.runpytest("-p", "no:cacheprovider").ret != 0
    monkeypatch.delenv("CI")
    assert pytester.runpytest("-p", "no:cacheprovider").ret in (0, 5)
