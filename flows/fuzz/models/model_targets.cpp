// Lists the targets of models.
#include "flows/fuzz/models/model_targets.hpp"

namespace mixvec::inline flows::fuzz {

std::vector<Target> model_targets() {
  return {accel_config_target(), accel_manifest_target(), checkpoint_target(),   earlier_result_target(),
          image_target(),        instructions_target(),   json_target(),         mask_target(),
          model_config_target(), program_target(),        pruning_file_target(), safetensors_target(),
          text_target(),         tokenizer_target(),      vocabulary_target(),   weight_index_target()};
}

}  // namespace mixvec::inline flows::fuzz
