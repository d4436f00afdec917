// tokenizer.json, in which Hugging Face's tokenizers library keeps a whole tokenizer.
#pragma once

#include <filesystem>
#include <memory>

#include "golden/text/tokenizer.hpp"

namespace mixvec::inline golden {

/// Opens byte pairs (model BPE behind the pre-tokenizer ByteLevel) or word pieces (model WordPiece behind BERT's). What
/// frames a sequence is the task's, so `post_processor` and `added_tokens` are not read. Throws InputError naming the
/// field: another model, or a step that Mixvec does not have.
std::unique_ptr<Tokenizer> open_tokenizer_json(const std::filesystem::path& path, std::size_t size);

/// Reads do_lower_case, strip_accents and tokenize_chinese_chars of tokenizer_config.json, if it is there, and opens
/// vocab.txt.
std::unique_ptr<Tokenizer> open_word_pieces(const std::filesystem::path& folder, std::size_t size);
/// Reads add_prefix_space of tokenizer_config.json, if it is there, and opens vocab.json and merges.txt.
std::unique_ptr<Tokenizer> open_byte_pairs(const std::filesystem::path& folder, std::size_t size);

}  // namespace mixvec::inline golden
