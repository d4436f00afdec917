// What a BERT is calibrated on: stored hidden states, windows of a text, or the lines of labelled examples.
#pragma once

#include <filesystem>

#include "golden/checkpoint/model.hpp"
#include "pruning/pipeline/calibration_data.hpp"

namespace mixvec::inline pruning {

/// By the file's name: .safetensors holds hidden_states.0 (tokens × d or sequences × tokens × d), .tsv a line for each
/// example as eval_model classifies them (label TAB text, or label TAB text TAB text); anything else is a text, cut
/// into windows. Texts are framed, embedded and spread like those of GPT-2; no targets. Throws InputError naming the
/// file and what is missing, in the checkpoint too.
CalibrationData read_encoder_data(const Model& model, const std::filesystem::path& path, const WindowOptions& options);

}  // namespace mixvec::inline pruning
