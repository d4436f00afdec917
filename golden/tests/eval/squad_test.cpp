// Tests of questions and answers: SQuAD's form, and its official script's scores on answers worked by hand.
#include "golden/eval/squad.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "golden/cli/cli.hpp"
#include "golden/tests/helpers.hpp"
#include "golden/tests/temporary_folder.hpp"

namespace mixvec::inline golden {
namespace {

using Json = nlohmann::json;

TEST(Squad, AnswersAreNormalisedAsTheScriptDoes) {
  for (const auto& [answer, expected] : {std::pair{"The Cat", "cat"},
                                         {"an apple, a day", "apple day"},
                                         {"  U.S.  Army\t", "us army"},
                                         {"theatre of Anna", "theatre of anna"},
                                         {"a", ""},
                                         {"A-Team's \"the\" end", "ateams end"},
                                         {"\u201CThe\u201D \u00C9t\u00E9", "\u201C \u201D \u00E9t\u00E9"},
                                         {"the_cat", "thecat"},
                                         {"a\u2013b the\u00A0end", "\u2013b end"},
                                         {"$5.50", "550"},
                                         {"", ""}}) {
    EXPECT_EQ(normalised_answer(answer), expected) << answer;
  }
}

TEST(Squad, ScoresAreThoseOfTheBestAnswer) {
  const auto score = [](const char* prediction, const std::vector<std::string>& answers) {
    return score_answer(prediction, answers);
  };
  EXPECT_TRUE(score("The Denver Broncos!", {"Carolina", "Denver Broncos"}).exact);
  EXPECT_DOUBLE_EQ(score("The Denver Broncos!", {"Denver Broncos"}).f1, 1);
  // Two of three words, of two: precision 2/3, recall 1.
  const AnswerScore part = score("old Denver Broncos", {"Denver Broncos", "Broncos"});
  EXPECT_FALSE(part.exact);
  EXPECT_DOUBLE_EQ(part.f1, 0.8);
  // Words count as often as they are in both: 1 of 3 and 1 of 2.
  EXPECT_DOUBLE_EQ(score("no no no", {"no way"}).f1, 0.4);
  EXPECT_DOUBLE_EQ(score("cat", {"dog"}).f1, 0);
  EXPECT_DOUBLE_EQ(score("", {"dog"}).f1, 0);
  EXPECT_TRUE(score("the", {"a"}).exact);
  EXPECT_DOUBLE_EQ(score("the", {"a"}).f1, 0);
}

Json squad() {
  return Json::parse(R"({"version": "1.1", "data": [{"title": "x", "paragraphs": [
    {"context": "c one", "qas": []},
    {"context": "c two", "qas": [
      {"id": "1", "question": "q1", "answers": [{"text": "two", "answer_start": 2}, {"text": "c two", "answer_start": 0}]},
      {"id": "2", "question": "q2", "answers": [{"text": "c"}]}]}]},
    {"title": "y", "paragraphs": [{"context": "d", "qas": [{"id": "3", "question": "q3", "answers": [{"text": "d"}]}]}]}]})");
}

TEST(Squad, ReadsItsForm) {
  const TemporaryTestFolder folder;
  const std::filesystem::path path = folder.path / "squad.json";
  write_file(path, squad().dump());
  const QuestionFile file = read_squad(path, 100);
  EXPECT_EQ(file.contexts, (std::vector<std::string>{"c two", "d"}));
  ASSERT_EQ(file.questions.size(), 3U);
  EXPECT_EQ(file.questions[0].answers, (std::vector<std::string>{"two", "c two"}));
  EXPECT_EQ(file.questions[1].text, "q2");
  EXPECT_EQ(file.questions[2].id, "3");
  EXPECT_EQ(file.questions[2].context, 1U);
  EXPECT_EQ(read_squad(path, 2).questions.size(), 2U);
}

TEST(Squad, RefusesOtherForms) {
  const TemporaryTestFolder folder;
  const std::filesystem::path path = folder.path / "squad.json";
  const auto refused = [&](const char* pointer, const Json& value, const std::string& part) {
    Json document = squad();
    document[Json::json_pointer(pointer)] = value;
    write_file(path, document.dump());
    const std::string message = message_of([&] { (void)read_squad(path, 100); });
    EXPECT_NE(message.find("squad.json: " + part), std::string::npos) << message;
  };
  refused("/data", 3, "data: found 3, expected a list");
  refused("/data", Json::array(), "found no question, expected one or more");
  refused("/data/0", "x", "data[0]: found \"x\", expected an object");
  refused("/data/1/paragraphs", nullptr, "data[1]: paragraphs: found null, expected a list");
  refused("/data/0/paragraphs/1/context", 1, "data[0].paragraphs[1]: context: found 1, expected a string");
  refused("/data/0/paragraphs/1/qas/0/id", 5, "data[0].paragraphs[1].qas[0]: id: found 5, expected a string");
  refused("/data/0/paragraphs/1/qas/1/answers", Json::array(),
          "data[0].paragraphs[1].qas[1]: answers: found none for \"2\", expected one or more, as SQuAD v1.1 has them");
  refused("/data/0/paragraphs/1/qas/1/answers/0", Json::object(), "data[0].paragraphs[1].qas[1]: answers: text: found");
  write_file(path, "[]");
  EXPECT_NE(message_of([&] { (void)read_squad(path, 1); }).find("squad.json: found an array, expected an object"),
            std::string::npos);
}

}  // namespace
}  // namespace mixvec::inline golden
