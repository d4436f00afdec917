// The fuzz targets of what describes models, accelerators and packed models: each stands in a file of its own.
#pragma once

#include <string>
#include <vector>

#include "flows/fuzz/target.hpp"

namespace mixvec::inline flows::fuzz {

std::vector<Target> model_targets();

Target accel_config_target();
Target accel_manifest_target();
Target checkpoint_target();
Target earlier_result_target();
Target image_target();
Target instructions_target();
Target json_target();
Target mask_target();
Target model_config_target();
Target program_target();
Target pruning_file_target();
Target safetensors_target();
Target text_target();
Target tokenizer_target();
Target vocabulary_target();
Target weight_index_target();

}  // namespace mixvec::inline flows::fuzz
