// The accelerator's ports while nothing is asked of it.
#pragma once

#include <string>

class Vmv_accel;

namespace mixvec::inline verif {

/// No input asks for anything.
void rest_inputs(Vmv_accel& top);

/// The outputs that answer without being asked, as text to compare.
std::string resting_outputs(const Vmv_accel& top);

/// The first output that says that something was begun; nullptr: none.
const char* begun_output(const Vmv_accel& top);

}  // namespace mixvec::inline verif
