// A layer's matrices as packed images, and the runner that executes them.
#pragma once

#include <string>

#include "golden/format/program_file.hpp"
#include "golden/layer/layer_run.hpp"

namespace mixvec::inline golden {

/// Appends the packed matrices of a layer to the program, for its format. The chains are dealt out in turn, the inputs
/// keep their order: a schedule changes no bit of a result. Throws InputError if the format cannot hold a matrix or the
/// matrices have other shapes than the layer.
void pack_layer(const PrunedLayer& layer, Program& program);

/// Runs the matrices "NAME.W_MA", … of a program by execute(). The program must outlive the runner, which throws
/// InputError for a matrix that the program does not hold.
MatrixRunner program_runner(const Program& program, const std::string& layer_name, int threads = 2);

}  // namespace mixvec::inline golden
