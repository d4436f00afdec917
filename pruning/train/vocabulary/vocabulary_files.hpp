// The vocabulary of a trained model as Hugging Face's library writes those of GPT-2 and BERT.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "pruning/train/vocabulary/byte_pair_trainer.hpp"

namespace mixvec::inline pruning {

/// Files of a tokenizer, whatever its kind. Where a model is written over an earlier one, those of the earlier that it
/// does not have itself must go: a reader would take them for its own.
inline constexpr const char* kTokenizerFiles[] = {
    "tokenizer.json", "tokenizer_config.json",   "vocab.json",        "merges.txt",
    "vocab.txt",      "special_tokens_map.json", "added_tokens.json", "tokenizer.model"};

/// Writes vocab.json: a character for each id.
void write_characters(const std::filesystem::path& folder, const std::vector<std::string>& characters);

/// Writes tokenizer.json, vocab.json, merges.txt, tokenizer_config.json and special_tokens_map.json. `positions`:
/// tokens of the longest sequence.
void write_byte_pairs(const std::filesystem::path& folder, const BytePairVocabulary& vocabulary, std::size_t positions);

/// Writes BERT's files of train_word_pieces(): tokenizer.json, vocab.txt, tokenizer_config.json and
/// special_tokens_map.json.
void write_word_pieces(const std::filesystem::path& folder, const std::vector<std::string>& tokens,
                       std::size_t positions);

}  // namespace mixvec::inline pruning
