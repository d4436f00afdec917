// The table of element types.
#include "golden/safetensors/dtype.hpp"

#include <algorithm>
#include <iterator>

namespace mixvec::inline golden {

namespace {

struct DtypeInfo {
  std::string_view name;
  std::size_t bits;
};

constexpr DtypeInfo kDtypes[] = {{"F64", 64},    {"F32", 32},    {"F16", 16},        {"BF16", 16},       {"I64", 64},
                                 {"I32", 32},    {"I16", 16},    {"I8", 8},          {"U64", 64},        {"U32", 32},
                                 {"U16", 16},    {"U8", 8},      {"BOOL", 8},        {"C64", 64},        {"F8_E4M3", 8},
                                 {"F8_E5M2", 8}, {"F8_E8M0", 8}, {"F8_E4M3FNUZ", 8}, {"F8_E5M2FNUZ", 8}, {"F6_E2M3", 6},
                                 {"F6_E3M2", 6}, {"F4", 4}};
static_assert(std::size(kDtypes) == static_cast<std::size_t>(kLastDtype) + 1);

}  // namespace

std::string_view name_of(Dtype dtype) { return kDtypes[static_cast<std::size_t>(dtype)].name; }
std::size_t bits_of(Dtype dtype) { return kDtypes[static_cast<std::size_t>(dtype)].bits; }
bool is_number(Dtype dtype) { return dtype <= kLastNumberDtype; }

std::string all_dtype_names() {
  std::string names;
  for (const DtypeInfo& info : kDtypes) names.append(names.empty() ? "" : " ").append(info.name);
  return names;
}

std::optional<Dtype> find_dtype(std::string_view name) {
  const auto* const found =
      std::find_if(std::begin(kDtypes), std::end(kDtypes), [&](const DtypeInfo& info) { return info.name == name; });
  if (found == std::end(kDtypes)) return std::nullopt;
  return static_cast<Dtype>(found - std::begin(kDtypes));
}

}  // namespace mixvec::inline golden
