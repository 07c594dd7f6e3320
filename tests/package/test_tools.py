"""The commands say in one sentence what is missing, and do nothing twice."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def load(name):
    spec = importlib.util.spec_from_file_location(f"tools_{name}", ROOT / "tools" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up by name
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def setup(tmp_path, monkeypatch):
    """tools/setup.py, at work in an empty folder."""
    module = load("setup")
    for name in module.INPUTS:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(f"the content of {name}\n")
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(module, "BIN", tmp_path / ".venv/bin")
    monkeypatch.setattr(module, "READY", tmp_path / ".venv/ready")
    monkeypatch.setattr(module, "LOG", tmp_path / ".venv/setup.log")
    return module


@pytest.fixture
def steps(setup, monkeypatch):
    """What setup would run, without running it."""
    seen = []

    def make_venv():
        seen.append("venv")
        setup.BIN.mkdir(parents=True)
        (setup.BIN / "python").touch()

    def run(what, command):
        seen.append(Path(command[0]).name)
        (setup.ROOT / "node_modules").mkdir(exist_ok=True)

    monkeypatch.setattr(setup, "make_venv", make_venv)
    monkeypatch.setattr(setup, "run", run)
    return seen


def test_setup_works_once(setup, steps):
    setup.main()
    assert steps == ["venv", "python", "python", "npm"]
    setup.main()
    assert len(steps) == 4


@pytest.mark.parametrize("name", ["requirements.txt", "pyproject.toml", "package-lock.json"])
def test_setup_updates_in_place_when_a_file_changes(name, setup, steps):
    setup.main()
    steps.clear()
    (setup.ROOT / name).write_text("something else\n")
    setup.main()
    assert steps == ["python", "python", "npm"]


@pytest.mark.parametrize("damage", ["stamp", "garbage", "python", "modules", "version"])
def test_setup_recovers(damage, setup, steps, monkeypatch):
    setup.main()
    steps.clear()
    if damage == "stamp":  # an interrupted run has removed it, or never wrote it
        setup.READY.unlink()
    elif damage == "garbage":
        setup.READY.write_text("{")
    elif damage == "python":
        (setup.BIN / "python").unlink()
    elif damage == "modules":
        (setup.ROOT / "node_modules").rmdir()
    else:  # the system's Python was upgraded
        setup.READY.write_text(json.dumps({**setup.wanted_state(), "python": "3.4"}))
    monkeypatch.setattr(setup, "make_venv", lambda: steps.append("venv"))
    setup.main()
    assert steps == ["venv", "python", "python", "npm"]


def test_setup_offline_is_one_sentence(setup):
    complaint = "Failed to establish a new connection: [Errno -2] Name or service not known"
    code = f"import sys; print({complaint!r}); sys.exit(1)"
    with pytest.raises(setup.SetupError, match=r"^the package index cannot be reached; connect"):
        setup.run("installing", [sys.executable, "-c", code])


def test_setup_shows_what_failed(setup, capsys):
    with pytest.raises(setup.SetupError, match="failed at: packing\nno room left\nThe whole log"):
        setup.run("packing", [sys.executable, "-c", "import sys; sys.exit('no room left')"])
    assert capsys.readouterr().out == "setup: packing\n"


def test_setup_without_ensurepip(setup, monkeypatch):
    commands = []
    monkeypatch.setattr(setup, "run", lambda what, command: commands.append(command))
    monkeypatch.setattr(setup.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(setup.SetupError, match="apt-get install python3-venv"):
        setup.make_venv()
    assert not commands
    monkeypatch.setattr(
        setup.importlib.util, "find_spec", lambda name: name if name == "pip" else None
    )
    setup.make_venv()
    assert "--without-pip" in commands[0]
    assert "--python" in commands[1]


def test_missing_programs_are_named_with_the_cure(monkeypatch, capsys, tmp_path):
    test = load("test")
    for program in ("chromium", "bwrap"):
        (tmp_path / program).touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert test.missing_packages() == []
    monkeypatch.setenv("PATH", "")
    assert test.main() == 1
    said = capsys.readouterr().out
    assert said == (
        "test: chromium and bubblewrap cannot be found and the tests need them; "
        "run: apt-get install chromium bubblewrap\n"
    )


def test_every_step_is_run_and_a_failure_is_kept(monkeypatch, capsys):
    test = load("test")
    good = ["python", "-c", "print('== 12 passed in 0.50s ==')"]
    bad = ["python", "-c", "print('== 1 failed, 2 passed in 1.25s =='); raise SystemExit(1)"]
    monkeypatch.setattr(test, "missing_packages", list)
    monkeypatch.setattr(test, "STEPS", {"code": bad, "site": good})
    assert test.main() == 1
    said = capsys.readouterr().out
    assert "FAILED (exit code 1)" in said
    monkeypatch.setattr(test, "STEPS", {"site": good})
    assert test.main() == 0
    assert "12 passed in 0.50s" in capsys.readouterr().out.splitlines()[-4]


def test_new_code_drops_the_cached_outputs(tmp_path, monkeypatch):
    book = load("book")
    (tmp_path / "bpcourse").mkdir()
    code = tmp_path / "bpcourse/learning.py"
    code.write_text("lr = 0.1\n")
    build = tmp_path / "_build"
    build.mkdir()
    monkeypatch.setattr(book, "ROOT", tmp_path)
    monkeypatch.setattr(book, "BUILD", build)
    book.forget_outputs_of_old_code()

    (build / ".jupyter_cache").mkdir()
    (build / ".doctrees").mkdir()
    book.forget_outputs_of_old_code()
    assert (build / ".jupyter_cache").exists()
    assert (build / ".doctrees").exists()
    code.write_text("lr = 0.2\n")
    book.forget_outputs_of_old_code()
    assert not (build / ".jupyter_cache").exists()
    assert not (build / ".doctrees").exists()


def test_make_runs_the_commands_that_are_documented():
    documented = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = makefile.split(".PHONY:")[1].split("\n")[0].split()
    for target in targets:
        assert f"`make {target}`" in documented
        plan = subprocess.run(
            ["make", "--dry-run", target], cwd=ROOT, capture_output=True, text=True, check=True
        )
        for line in plan.stdout.splitlines():
            tool = line.split("tools/")[-1].split()[0] if "tools/" in line else None
            assert tool is None or (ROOT / "tools" / tool).exists()
