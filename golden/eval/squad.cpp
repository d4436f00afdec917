// Reads SQuAD files and scores answers.
#include "golden/eval/squad.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/files/input_file.hpp"
#include "golden/files/output.hpp"
#include "golden/text/unicode.hpp"

namespace mixvec::inline golden {

namespace {

using Json = nlohmann::json;

const Json& field_of(const Json& object, const char* name, Json::value_t type, const std::string& label) {
  if (!object.is_object()) fail_input("{}: found {}, expected an object", label, show_json(object));
  const auto found = object.find(name);
  const char* const expected = type == Json::value_t::array ? "a list" : "a string";
  if (found == object.end()) fail_input("{}: {}: found nothing, expected {}", label, name, expected);
  if (found->type() != type) fail_input("{}: {}: found {}, expected {}", label, name, show_json(*found), expected);
  return *found;
}

const Json& list_of(const Json& object, const char* name, const std::string& label) {
  return field_of(object, name, Json::value_t::array, label);
}

const std::string& text_of(const Json& object, const char* name, const std::string& label) {
  return field_of(object, name, Json::value_t::string, label).get_ref<const std::string&>();
}

Question question_of(const Json& qa, std::size_t context, const std::string& label) {
  Question question{text_of(qa, "id", label), text_of(qa, "question", label), context, {}, {}};
  const Json& answers = list_of(qa, "answers", label);
  for (const Json& answer : answers) {
    question.answers.push_back(text_of(answer, "text", label + ": answers"));
    const auto start = answer.find("answer_start");
    const bool known = start != answer.end() && start->is_number_unsigned();
    question.starts.push_back(known ? std::optional(start->get<std::size_t>()) : std::nullopt);
  }
  if (question.answers.empty()) {
    fail_input("{}: answers: found none for {}, expected one or more, as SQuAD v1.1 has them", label,
               quote(question.id));
  }
  return question;
}

bool is_word_character(char32_t c) { return is_letter(c) || is_number(c) || c == U'_'; }

bool is_ascii_punctuation(char32_t c) {
  return c > 0x20 && c < 0x7F && !(c >= U'0' && c <= U'9') && !(c >= U'a' && c <= U'z') && !(c >= U'A' && c <= U'Z');
}

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

double f1_of(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  std::map<std::string, std::size_t> left;
  for (const std::string& word : b) ++left[word];
  std::size_t common = 0;
  for (const std::string& word : a) {
    const auto found = left.find(word);
    if (found == left.end() || found->second == 0) continue;
    --found->second;
    ++common;
  }
  if (common == 0) return 0;
  const double precision = static_cast<double>(common) / static_cast<double>(a.size());
  const double recall = static_cast<double>(common) / static_cast<double>(b.size());
  return 2 * precision * recall / (precision + recall);
}

}  // namespace

QuestionFile read_squad(const std::filesystem::path& path, std::size_t limit) {
  const Json document = read_json(path);
  QuestionFile file;
  const std::string top = path.string();
  const Json& data = list_of(document, "data", top);
  for (std::size_t i = 0; i < data.size(); ++i) {
    const std::string article = fmt::format("{}: data[{}]", top, i);
    const Json& paragraphs = list_of(data[i], "paragraphs", article);
    for (std::size_t k = 0; k < paragraphs.size(); ++k) {
      const std::string label = fmt::format("{}.paragraphs[{}]", article, k);
      const std::string& context = text_of(paragraphs[k], "context", label);
      const Json& qas = list_of(paragraphs[k], "qas", label);
      for (std::size_t q = 0; q < qas.size(); ++q) {
        if (file.questions.size() == limit) return file;
        if (q == 0) file.contexts.push_back(context);
        file.questions.push_back(question_of(qas[q], file.contexts.size() - 1, fmt::format("{}.qas[{}]", label, q)));
      }
    }
  }
  if (file.questions.empty()) fail_input("{}: found no question, expected one or more", top);
  return file;
}

void write_squad(const std::filesystem::path& path, const QuestionFile& file, const std::string& title) {
  nlohmann::ordered_json paragraphs = nlohmann::ordered_json::array();
  for (const std::string& context : file.contexts) {
    paragraphs.push_back({{"context", context}, {"qas", nlohmann::ordered_json::array()}});
  }
  for (const Question& question : file.questions) {
    nlohmann::ordered_json answers = nlohmann::ordered_json::array();
    for (std::size_t i = 0; i < question.answers.size(); ++i) {
      answers.push_back({{"text", question.answers[i]}});
      if (question.starts[i]) answers.back()["answer_start"] = *question.starts[i];
    }
    paragraphs[question.context]["qas"].push_back(
        {{"id", question.id}, {"question", question.text}, {"answers", std::move(answers)}});
  }
  nlohmann::ordered_json article = {{"title", title}, {"paragraphs", std::move(paragraphs)}};
  nlohmann::ordered_json document = {{"version", "1.1"}, {"data", nlohmann::ordered_json::array()}};
  document["data"].push_back(std::move(article));
  write_json(path, document);
}

std::string normalised_answer(std::string_view answer) {
  std::u32string plain;
  for (std::size_t at = 0; at < answer.size();) {
    for (const char32_t c : lower_case(next_character(answer, at, "answer"))) {
      if (!is_ascii_punctuation(c)) plain.push_back(c);
    }
  }
  std::string result;
  bool gap = false;
  const auto append = [&](char32_t c) {
    if (gap && !result.empty()) result += ' ';
    gap = false;
    append_utf8(result, c);
  };
  for (std::size_t i = 0; i < plain.size();) {
    std::size_t end = i;
    while (end < plain.size() && is_word_character(plain[end])) ++end;
    const std::u32string word = plain.substr(i, end - i);
    if (word == U"a" || word == U"an" || word == U"the") {
      gap = true;
      i = end;
    } else if (word.empty()) {
      if (is_white_space(plain[i])) {
        gap = true;
      } else {
        append(plain[i]);
      }
      ++i;
    } else {
      for (const char32_t c : word) append(c);
      i = end;
    }
  }
  return result;
}

AnswerScore score_answer(std::string_view prediction, std::span<const std::string> answers) {
  const std::string found = normalised_answer(prediction);
  const std::vector<std::string> words = words_of(found);
  AnswerScore best;
  for (const std::string& answer : answers) {
    const std::string expected = normalised_answer(answer);
    best.exact = best.exact || found == expected;
    best.f1 = std::max(best.f1, f1_of(words, words_of(expected)));
  }
  return best;
}

}  // namespace mixvec::inline golden
