# Every command is a thin line over one that CONTRIBUTING.md documents.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: book serve test check bench clean
.DEFAULT_GOAL := book

.venv/ready: requirements.txt pyproject.toml package-lock.json
	$(PYTHON) tools/setup.py
	@touch $@

book: .venv/ready
	$(BIN)/python tools/book.py

serve: .venv/ready
	$(BIN)/python tools/serve.py

test: .venv/ready
	$(BIN)/python tools/test.py

check: .venv/ready
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/npx --no-install pyright && $(BIN)/pytest -q -n 2 --dist loadscope --ignore=tests/site --ignore=tests/book

clean:
	rm -rf _build
