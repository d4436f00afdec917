// Checks what train_model prints on its way, and what it leaves beside a pruned model.
#include <gtest/gtest.h>

#include <algorithm>
#include <regex>

#include "golden/files/output.hpp"
#include "pruning/tests/program_fixture.hpp"
#include "pruning/train/trainer.hpp"

namespace mixvec::inline pruning {
namespace {

namespace fs = std::filesystem;

class TrainProgram : public ProgramTest {
 protected:
  TrainProgram() {
    std::string text;
    for (int i = 0; i < 200; ++i) text += i % 3 == 0 ? "the cat sat.\n" : "a dog ran, too. ";
    write_file(path("text.txt"), text);
    write_file(path("recipe.json"), R"({"pruning": {"every": 1, "search": 0.01}})");
  }

  [[nodiscard]] int train(const std::string& arguments) const {
    return run(MIXVEC_TRAIN_MODEL " --batch 1 --eval-every 2 --threads 1 --text " + path("text.txt") + " " + arguments);
  }
  [[nodiscard]] int train_dense() const {
    return train("--layers 1 --heads 1 --embd 8 --positions 8 --steps 6 --out " + path("dense"));
  }
};

TEST_F(TrainProgram, SaysHowLongItWillTakeAndDrawsNothingIntoAPipe) {
  ASSERT_EQ(train_dense(), 0) << output();
  const std::string text = output();
  EXPECT_EQ(text.find('\r'), std::string::npos);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  const std::regex line("step +[24]/6 .* ms/step  [0-9]+ s left\n");
  EXPECT_EQ(std::distance(std::sregex_iterator(text.begin(), text.end(), line), std::sregex_iterator()), 2);
  // Of the last step nothing is left.
  EXPECT_TRUE(std::regex_search(text, std::regex("step +6/6 .* ms/step\n")));
}

TEST_F(TrainProgram, PicturesOfMasksStandBesideAPrunedModel) {
  ASSERT_EQ(train_dense(), 0) << output();
  EXPECT_FALSE(fs::exists(path("dense/pictures")));
  const std::string prune = "--steps 3 --init " + path("dense") + " --prune vector:4 --ratio 0.5 --recipe " +
                            path("recipe.json") + " --tokens 16 --out " + path("pruned");
  ASSERT_EQ(train(prune), 0) << output();
  for (const char* name : {"W_MA", "W_MP", "W_F1", "W_F1.transposed", "W_F2"}) {
    const std::string svg = read_file(path("pruned/pictures/layer.0." + std::string(name) + ".svg"));
    EXPECT_NE(svg.find("weights kept"), std::string::npos) << name;
  }
  write_file(path("pruned/pictures/mine.svg"), "mine");
  ASSERT_EQ(train(prune + " --no-pictures"), 0) << output();
  EXPECT_FALSE(fs::exists(path("pruned/pictures/layer.0.W_MA.svg")));
  EXPECT_EQ(read_file(path("pruned/pictures/mine.svg")), "mine");
  EXPECT_EQ(train("--steps 1 --no-pictures --out " + path("m")), 2);
  EXPECT_NE(output().find("--no-pictures: found without --prune"), std::string::npos) << output();
}

TEST_F(TrainProgram, ACheckpointSaysItsVocabulary) {
  EXPECT_EQ(train("--init " + path("dense") + " --vocabulary 300 --out " + path("m")), 2);
  EXPECT_NE(output().find("--vocabulary: found beside --init, expected one of the two"), std::string::npos) << output();
}

TEST_F(TrainProgram, EveryStepIsToldAndWhatIsLeftFalls) {
  TrainOptions o;
  o.text = path("text.txt");
  o.out = path("m");
  o.layers = 1;
  o.heads = 1;
  o.embd = 8;
  o.positions = 8;
  o.recipe.steps = 5;
  o.recipe.batch = 1;
  std::vector<std::size_t> steps;
  double last = 1;
  mixvec::train(
      o, [](const TrainProgress&) {}, {},
      [&](std::size_t step, double seconds_left) {
        steps.push_back(step);
        EXPECT_EQ(seconds_left > 0, step < 5);
        last = seconds_left;
      });
  EXPECT_EQ(steps, (std::vector<std::size_t>{1, 2, 3, 4, 5}));
  EXPECT_EQ(last, 0);
}

}  // namespace
}  // namespace mixvec::inline pruning
