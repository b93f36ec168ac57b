# `make` lists the targets. Each makes what it needs first and nothing that stands.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
PROTOS := $(wildcard protos/restock/v1/*.proto)

.DEFAULT_GOAL := help
.PHONY: help run test test-docker durability evaluate lint format protos bench image clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

$(VENV)/.installed: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || (echo "Restock needs Python 3.11: make PYTHON=/path/to/python3.11" && exit 1)
	$(PYTHON) -m venv $(VENV)
	@echo "Installing what Restock needs into $(VENV): some minutes, and quiet"
	$(BIN)/pip install --quiet --disable-pip-version-check -e '.[train,local,dev]'
	@touch $@

restock/v1/.made: $(PROTOS) $(VENV)/.installed
	@mkdir -p restock/v1
	$(BIN)/python -m grpc_tools.protoc --proto_path=protos \
	    --proto_path="$$($(BIN)/python -c 'import google.rpc, pathlib; print(pathlib.Path(list(google.rpc.__path__)[0]).parents[1])')" \
	    --python_out=. --grpc_python_out=. --mypy_out=quiet:. --mypy_grpc_out=quiet:. \
	    --plugin=protoc-gen-mypy=$(BIN)/protoc-gen-mypy --plugin=protoc-gen-mypy_grpc=$(BIN)/protoc-gen-mypy_grpc \
	    $(PROTOS)
	@printf '"""Generated from protos/restock/v1 by `make protos`."""\n' > restock/v1/__init__.py
	@touch $@

protos: restock/v1/.made ## generate the Python code of the wire

run: restock/v1/.made ## train on the sample data, start everything, print a recommendation; Ctrl-C stops
	$(BIN)/restock up --sample

test: restock/v1/.made ## everything that needs no Docker
	$(BIN)/python -m pytest -m "not docker"

test-docker: restock/v1/.made ## what needs a Docker engine
	$(BIN)/python -m pytest -m docker || [ $$? -eq 5 ] # 5: no such test

ROUNDS ?= 100
durability: restock/v1/.made ## kill profile_store and Redis ROUNDS times under load, take Redis away for 30 s
	ROUNDS=$(ROUNDS) $(BIN)/python -m pytest -s -m durability tests/durability

lint: restock/v1/.made ## ruff, mypy --strict, buf
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	deploy/buf.sh lint
	deploy/buf.sh breaking

format: $(VENV)/.installed ## rewrite the code in the house format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

evaluate: restock/v1/.made ## recommendation quality on the sample data, into docs/quality.md
	$(BIN)/restock evaluate --sample --out docs/quality --page docs/quality.md

bench: restock/v1/.made ## the suite beside a bare star of empty services
	$(BIN)/python -m benchmarks.star

image: ## build the four service images and the trainer's
	deploy/images.sh

clean: ## forget everything that was made, the state of `make run` included
	rm -rf $(VENV) restock/v1 .restock *.egg-info .pytest_cache .mypy_cache .ruff_cache
