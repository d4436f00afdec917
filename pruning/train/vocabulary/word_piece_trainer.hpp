// Makes a vocabulary of word pieces from a text.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace mixvec::inline pruning {

/// Tokens in the order of their ids: [PAD], [UNK], [CLS], [SEP], [MASK], the characters that begin words and, behind
/// "##", those that go on, then pieces. Pieces are made as byte pairs are (Sennrich 2016), which is how Hugging Face's
/// trainer of word pieces works: the pair that is most frequent inside the words becomes one piece, until there are
/// `size` tokens or no pair occurs twice. Of pairs that are as frequent the first by its bytes. Words are those of
/// WordPieceTokenizer's defaults. Throws InputError that begins with `label`: no UTF-8, no room for the characters.
std::vector<std::string> train_word_pieces(std::string_view text, std::size_t size, const std::string& label);

}  // namespace mixvec::inline pruning
