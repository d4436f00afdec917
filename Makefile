# The front door: installs what is missing, configures, builds, runs. All work is done by CMake, CTest and flows/.
#
#   make demo       prune, generate, pack and simulate the example models; results in build/demo
#   make test       build everything and run all tests
#   make verilate   build ./tb_layer for the default accelerator (or ACCEL=DIR, a folder that gen_accel wrote)
#   make build      build only          make bench    run the micro-benchmarks
#   make lint       check the RTL       make format   format the C++ sources
#   make deps       install the Debian packages, those of the trainer too
#   make clean      remove build products

ACCEL ?= accel_pe64_mixed
JOBS  ?= $(shell nproc)

gen_accel := build/bin/gen_accel

.PHONY: demo test verilate accel path build lint format bench deps clean configure
.DEFAULT_GOAL := build

# cmake/dependencies.sh installs packages only if one is missing, and stamps the set that it found complete.
build/.packages: cmake/packages.txt cmake/dependencies.sh
	@cmake/dependencies.sh needed

configure: build/.packages
	@test -f build/build.ninja || cmake --preset release > build/configure.log 2>&1 || { cat build/configure.log; false; }

build: configure
	@cmake --build build -j $(JOBS)

demo: build
	@flows/demo.sh

test: build
	@ctest --test-dir build -j 2 --output-on-failure

# As it was typed, for the shell: make itself would read $ and # in it.
export ACCEL_FOLDER := $(value ACCEL)
ifeq ($(ACCEL_FOLDER),accel_pe64_mixed)
# Generated each time: gen_accel leaves a folder alone that is what it would write.
accel: path configure
	@cmake --build build -j $(JOBS) --target gen_accel
	@$(gen_accel) --pe 64 --vec mixed
else
accel:
	@test -f "$$ACCEL_FOLDER/config.json" || { printf 'ACCEL=%s: found no config.json there, expected a folder that gen_accel wrote: %s --out FOLDER ...\n' \
	  "$$ACCEL_FOLDER" $(gen_accel) >&2; false; }
endif

path:
	@sh generator/templates/check_tools.sh path

verilate: accel
	+@$(MAKE) --no-print-directory -C "$$ACCEL_FOLDER" verilate JOBS=$(JOBS)
	@cp "$$ACCEL_FOLDER/tb_layer" .

lint: path configure
	@cmake --build build -j $(JOBS) --target gen_accel test_generator
	@.ci/lint

format:
	@git ls-files '*.cpp' '*.hpp' '*.h' | xargs clang-format -i

bench: build
	@found=no; for program in build/bin/bench_*; do \
	  if test -x $$program; then found=yes; $$program || exit 1; fi; \
	done; test $$found = yes || { echo "build/bin/bench_*: no benchmark was built; install libbenchmark-dev (make deps)"; false; }

deps:
	@cmake/dependencies.sh all

clean:
	rm -rf build build-asan build-coverage tb_layer
