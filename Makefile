# The front door: installs what is missing, configures, builds, runs. All work is done by CMake, CTest and flows/.
# `make help` prints what stands behind ## below.

ACCEL ?= accel_pe64_mixed
JOBS  ?= $(shell nproc)
# Tests at a time.
TESTS ?= $(JOBS)

gen_accel := build/bin/gen_accel
programs  := gen_accel prune_model pack_model sim_accel eval_model gen_vectors make_checkpoint mask_study run_synth \
             run_regress run_mutation run_study check_bins
build     := JOBS=$(JOBS) flows/build.sh build

.PHONY: help demo quickstart test smoke nightly verilate accel path build programs lint format bench deps clean configure
.DEFAULT_GOAL := build

help: ## print this
	@sed -n 's/^\([a-z]*\):[^#]*## /  make \1|/p' Makefile | awk -F'|' '{ printf "%-18s %s\n", $$1, $$2 }'

# cmake/dependencies.sh installs packages only if one is missing, and stamps the set that it found complete.
build/.packages: cmake/packages.txt cmake/dependencies.sh
	@cmake/dependencies.sh needed

configure: build/.packages
	@test -f build/build.ninja || cmake --preset release > build/configure.log 2>&1 || { cat build/configure.log; false; }

demo: configure ## prune, generate, pack and simulate the example model; results in build/demo
	@JOBS=$(JOBS) flows/demo.sh

quickstart: configure ## the same on 16 PEs x 16 lanes and one layer: the shortest way to a result
	@JOBS=$(JOBS) flows/demo.sh --quick

test: build ## build everything and run the tests
	@ctest --test-dir build -j $(TESTS) -LE nightly --output-on-failure

# docs/regression.md. REGRESS: further options of run_regress, say REGRESS=--resume.
smoke: build ## build everything and run a few tests of everything, with new seeds: some minutes
	@build/bin/run_regress --list smoke --out build/smoke $(REGRESS)

nightly: build ## the same with all tests, configurations, checks and sanitizers, 100 seeds a test: hours; build/nightly/report.html
	@build/bin/run_regress --list nightly --out build/nightly $(REGRESS)

build: configure ## build everything, tests too
	@$(build)

programs: configure ## build the programs only, into build/bin
	@$(build) $(programs)

# As it was typed, for the shell: make itself would read $ and # in it.
export ACCEL_FOLDER := $(value ACCEL)
ifeq ($(ACCEL_FOLDER),accel_pe64_mixed)
# Generated each time: gen_accel leaves a folder alone that is what it would write.
accel: path configure
	@$(build) gen_accel mixvec_sim
	@$(gen_accel) --pe 64 --vec mixed
# Built of the same sources as the benches of that folder.
libraries := ../build/sim/libmixvec_sim.a ../build/generator/libmixvec_generator.a ../build/golden/libmixvec_golden.a
else
accel:
	@test -f "$$ACCEL_FOLDER/config.json" || { printf 'ACCEL=%s: found no config.json there, expected a folder that gen_accel wrote: %s --out FOLDER ...\n' \
	  "$$ACCEL_FOLDER" $(gen_accel) >&2; false; }
endif

path:
	@sh generator/templates/check_tools.sh path

verilate: accel ## build ./tb_layer for the default accelerator (or ACCEL=DIR, a folder that gen_accel wrote)
	+@$(MAKE) --no-print-directory -C "$$ACCEL_FOLDER" verilate JOBS=$(JOBS) LIBRARIES="$(libraries)"
	@cp "$$ACCEL_FOLDER/tb_layer" .

lint: path configure ## check the RTL with Verilator, Icarus and Yosys
	@$(build) gen_accel test_generator
	@.ci/lint

format: ## format the C++ sources
	@git ls-files '*.cpp' '*.hpp' '*.h' | xargs clang-format -i

bench: build ## run the micro-benchmarks
	@found=no; for program in build/bin/bench_*; do \
	  if test -x $$program; then found=yes; $$program || exit 1; fi; \
	done; test $$found = yes || { echo "build/bin/bench_*: no benchmark was built; install libbenchmark-dev (make deps)"; false; }

deps: ## install the Debian packages, those of the trainer too
	@cmake/dependencies.sh all

clean: ## remove build products
	rm -rf build build-by-file build-asan build-coverage tb_layer
