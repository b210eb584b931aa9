# What developers run. Everything lives in .venv, which bootstrap.py makes and keeps up to date.
BIN := .venv/bin
TEMPLATES = $(shell find templates -name '*.html' 2>/dev/null)

.PHONY: check test format venv

venv:
	python3 bootstrap.py --dev

check: venv
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache
	$(BIN)/djhtml --check --tabwidth 2 $(TEMPLATES)
	$(BIN)/djade --target-version 5.2 --check $(TEMPLATES)
	python3 manage.py makemigrations --check --dry-run
	SECRET_KEY=for-reading-the-settings-only $(BIN)/mypy .

test:
	python3 manage.py test

format: venv
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/djade --target-version 5.2 $(TEMPLATES)
	$(BIN)/djhtml --tabwidth 2 $(TEMPLATES)
