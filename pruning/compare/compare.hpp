// prune_model --compare: several settings in one run, and the folder that it writes.
#pragma once

#include "golden/cli/cli.hpp"
#include "pruning/pipeline/arguments.hpp"

namespace mixvec::inline pruning {

/// Adds --compare, --at, and --ratio, which lists may be given for.
void add_compare_options(CommandLine& command, Arguments& arguments);

/// Throws InputError for what only --compare takes: several ratios, --at.
void refuse_lists(const Arguments& arguments);

/// Compares and writes --out: compare.json, README.md, compare.svg. Returns the exit code; throws InputError.
int compare(const Arguments& arguments);

}  // namespace mixvec::inline pruning
