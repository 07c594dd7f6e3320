# Every command is a thin line over one that CONTRIBUTING.md documents.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: book serve test check bench clean setup
.DEFAULT_GOAL := book

setup:
	@$(PYTHON) tools/setup.py

book: setup
	@$(BIN)/python tools/book.py

serve: setup
	@$(BIN)/python tools/serve.py

test: setup
	@$(BIN)/python tools/test.py

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/npx --no-install pyright
	$(BIN)/pytest -q -n 2 --dist loadscope --ignore=tests/site --ignore=tests/book

bench: setup
	$(BIN)/python -m benchmarks

clean:
	rm -rf _build
