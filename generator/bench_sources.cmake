# Which C++ sources an accelerator folder carries, so that it builds elsewhere with Verilator and a compiler only.

# Programs of the bench, each with a main() of its own. What they include goes along: for each quoted #include below the
# project's root the header, and beside a header x.hpp also x.cpp and x_avx2.cpp.
set(MIXVEC_BENCH_PROGRAMS verif/tb_layer.cpp verif/tb_engine.cpp)

# Sources that implement a part of a header but are not named after it.
set(MIXVEC_BENCH_EXTRAS golden/version.cpp golden/packed_layout.cpp
  golden/image_header.cpp golden/model_config.cpp golden/model_writer.cpp golden/safetensors_writer.cpp
  golden/tensor_view.cpp)
