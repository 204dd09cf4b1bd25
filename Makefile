# crossframe: everything there is to do with this checkout. `make` alone lists it.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# Programs run against what is installed here: .venv before PATH, .rlib before R's own libraries.
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export R_LIBS := $(CURDIR)/.rlib
export CROSSFRAME_CONFORMANCE := $(CURDIR)/tests/conformance
unexport PYTHONPATH PYTHONHOME VIRTUAL_ENV

# Without a locale R takes text for ASCII; a machine that names none gets the plainest UTF-8 one.
ifeq ($(LC_ALL)$(LC_CTYPE)$(LANG),)
export LANG := C.UTF-8
endif

# What the parts are built from: a change here is what makes `make setup` build again.
cpp_sources := python/CMakeLists.txt $(shell find python/src -type f 2>/dev/null)
r_sources := $(shell find r-package -type f -not -path '*/tests/*' -not -name '*.o' -not -name '*.so')
version = $(shell sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# --- set-up ------------------------------------------------------------------------------------

.PHONY: setup
setup: .venv/.stamp-package .rlib/.stamp ## install what is missing and build both packages

.PHONY: system
system:
	@tools/setup.sh system

.venv/.stamp-venv: pyproject.toml tools/setup.sh tools/requirements.py | system
	@tools/setup.sh venv
	@touch $@

.venv/.stamp-package: .venv/.stamp-venv $(cpp_sources)
	@tools/setup.sh package
	@touch $@

.rlib/.stamp: $(r_sources) tools/setup.sh | system
	@tools/setup.sh r
	@touch $@

# --- to use ------------------------------------------------------------------------------------

.PHONY: demo
demo: setup ## the story of a lab: R and Python share a folder, then a bucket
	@python examples/demo.py

.PHONY: bench
bench: setup ## time everything beside its peers, as ratios: files, batches, transfers, the live bridge
	@for one in tests/benchmarks/bench*.py; do python $$one || exit 1; done

# --- to check ----------------------------------------------------------------------------------

.PHONY: test
test: setup ## every test in both languages; the last line is the count
	@python tools/run_tests.py

.PHONY: faults
faults: setup ## break stores in every way and write down what happens (tests/faults/README.md)
	@python -m pytest -q -p no:randomly --write-faults tests/faults

.PHONY: lint
lint: setup check-sync ## linters, types, layers, copies
	@tools/lint.sh

.PHONY: format
format: setup ## bring the sources into the one form
	@tools/lint.sh --fix

.PHONY: sync
sync: .venv/.stamp-venv ## copy the shared tables to both packages and into the README
	@python tools/sync.py

.PHONY: check-sync
check-sync: .venv/.stamp-venv ## fail where a copy of a shared table, or a version, differs
	@python tools/sync.py --check

.PHONY: man
man: setup ## write the R help pages and NAMESPACE from the comments (roxygen2)
	@Rscript --vanilla -e 'if (!requireNamespace("roxygen2", quietly = TRUE)) stop("install r-cran-roxygen2")' \
		-e 'roxygen2::roxygenise("r-package", load_code = "installed")'

.PHONY: check-r
check-r: setup ## R CMD build and R CMD check --as-cran; its log must be clean
	@tools/check_r.sh

.PHONY: check-r45
check-r45: ## the same with R 4.5, in a folder with Debian trixie; needs root and the network
	@mkdir -p build && tools/check_r45.sh

.PHONY: fuzz
fuzz: setup ## hostile bytes for every reader, FUZZ_SECONDS=600 each; needs clang
	@tests/fuzz/fuzz.sh

.PHONY: sanitize
sanitize: setup ## the native codec's tests under ASan and UBSan
	@tests/fuzz/sanitize.sh

# --- to give away ------------------------------------------------------------------------------

.PHONY: dist
dist: setup ## sdist and wheel in dist/, the wheel tried in a clean environment
	@rm -rf dist
	@python -m build --no-isolation --outdir dist
	@tools/smoke_wheel.sh dist/crossframe-$(version)-*.whl

.PHONY: clean
clean: ## remove everything that make made
	rm -rf .venv .rlib build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
	rm -rf r-package/src/*.o r-package/src/*.so
