# What is done in one word. Nothing at run time needs make: see `ungxu --help`.

PYTHON ?= python3
BIN := .venv/bin

.PHONY: chat test lint types imports suite soak bench eval rights clean

chat: .venv/ready
	@$(BIN)/ungxu chat

test: lint types imports suite

lint: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/ready
	$(BIN)/mypy

imports: .venv/ready
	$(BIN)/lint-imports

# Three at a time on two cores: many tests wait for servers and processes. Those that compare times come by themselves.
# What fails once is run a second time and named in the summary as RERUN: see CONTRIBUTING.md.
suite: .venv/ready
	$(BIN)/pytest -n 3 --dist worksteal -m "not alone" --reruns 1 --cov --cov-report=
	$(BIN)/pytest -m alone --reruns 1 --cov --cov-append --cov-report=term

# The slow proofs at their full size, about an hour; SOAK_MINUTES says how long the one lasts that only waits.
soak: .venv/ready
	$(BIN)/pytest --soak -s $(SOAKED)

SOAKED := \
	tests/test_kill.py \
	tests/test_zalo_kill.py \
	tests/test_zalo_soak.py \
	tests/test_report_kill.py \
	tests/test_forward_kill.py \
	tests/test_flooded_chat.py \
	tests/test_backup.py \
	tests/test_roster_command.py \
	tests/test_broadcast_kill.py \
	tests/test_quiz_kill.py \
	tests/test_broadcast_list.py

bench: .venv/ready
	$(BIN)/python -m benchmarks $(ARGS)

eval: .venv/ready
	$(BIN)/python -m benchmarks.questions $(ARGS)

# The table of who may do what, for the administrators' guide.
rights: .venv/ready
	$(BIN)/ungxu rights > docs/quyen-han.md

clean:
	rm -rf .venv build dist .coverage .mypy_cache .pytest_cache .ruff_cache .import_linter_cache

# Built anew when the project's requirements change.
.venv/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@
