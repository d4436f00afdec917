# Which C++ programs an accelerator folder carries, so that it builds elsewhere with Verilator and a compiler only.
# What they need goes along: every header below the project's root that they include, and beside each header the sources
# whose first quoted #include is that header and that have no main(). So this list names programs only.
set(MIXVEC_BENCH_PROGRAMS verif/layer/tb_layer.cpp verif/accel/tb_engine.cpp verif/accel/tb_attention.cpp)
