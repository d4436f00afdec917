// The formats in which a model is evaluated.
#pragma once

#include <cstdint>
#include <string_view>

namespace mixvec::inline golden {

/// kGolden: the accelerator's, bit for bit; embeddings and what stands behind the layers are the host's, in binary64.
/// The others compute all in that format. All take the binary16 values of all parameters.
enum class Arithmetic : std::uint8_t { kBinary32, kGolden, kDouble };
const char* name_of(Arithmetic arithmetic);  ///< "binary32", "golden", "double"
/// Throws InputError that lists the names; `where` begins the message.
Arithmetic find_arithmetic(std::string_view where, std::string_view name);

}  // namespace mixvec::inline golden
