// GPT-2's words: what a text is cut into before pairs of bytes are merged.
#pragma once

#include <functional>
#include <string_view>

namespace mixvec::inline golden {

/// Calls `see` with each word in order: the matches of GPT-2's pattern
///   's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
/// which together are the text. Throws InputError that begins with `label` where it is no UTF-8.
void for_each_gpt2_word(std::string_view text, std::string_view label,
                        const std::function<void(std::string_view word)>& see);

}  // namespace mixvec::inline golden
