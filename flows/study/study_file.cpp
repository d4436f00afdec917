// Reads a study.
#include "flows/study/study_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>

#include "golden/base/text.hpp"
#include "golden/files/input_file.hpp"
#include "golden/files/json_fields.hpp"

namespace mixvec::inline flows {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMost = std::numeric_limits<std::int32_t>::max();

class Reader {
 public:
  Reader(const fs::path& source, StudyFile& study) : source_(source), study_(study) {}

  void read(JsonFields& fields, const std::string& plan) {
    if (fields.has("what")) (void)fields.text("what");
    study_.tokens = least_one(fields, "tokens");
    fields.each("models", [&](JsonFields& item) { read_model(item); });
    fields.each("accelerators", [&](JsonFields& item) { read_accelerator(item); });
    fields.each("methods", [&](JsonFields& item) { read_method(item); });
    bool found = false;
    std::string names;
    fields.each_member("plans", [&](const std::string& name, JsonFields& item) {
      names += (names.empty() ? "" : ", ") + name;
      // All are read, so that a fault in one is noticed before its turn comes.
      const StudyPlan one = read_plan(name, item);
      if (name != plan) return;
      study_.plan = one;
      found = true;
    });
    if (!found) fields.fail("plans", names.empty() ? "none" : names, "one named " + quote(plan));
    if (fields.has("published")) {
      fields.each("published", [&](JsonFields& item) {
        study_.published.push_back({item.text("method"), item.number("ratio", 0, 1), item.number("f1", 0, 100),
                                    item.number("perplexity", 1, 1e9)});
      });
    }
    fields.refuse_others();
  }

 private:
  static std::size_t least_one(JsonFields& fields, const char* name) {
    const std::size_t value = fields.count(name, kMost);
    if (value == 0) fields.fail(name, "0", "at least 1");
    return value;
  }

  /// A path of the source tree that exists.
  fs::path path_of(JsonFields& fields, const char* name) const {
    const std::string text = fields.text(name);
    fs::path path = source_ / text;
    std::error_code error;
    if (!fs::exists(path, error)) fields.fail(name, quote(text), "a path from the top of the sources that exists");
    return path;
  }

  template <typename Item>
  static std::string new_name(JsonFields& fields, const std::vector<Item>& others) {
    std::string name = fields.text("name");
    const bool taken = std::any_of(others.begin(), others.end(), [&](const Item& one) { return one.name == name; });
    if (taken) fields.fail("name", quote(name), "a name of its own");
    return name;
  }

  template <typename Item>
  static std::size_t find(JsonFields& fields, const char* field, const std::string& name,
                          const std::vector<Item>& among) {
    const auto found = std::find_if(among.begin(), among.end(), [&](const Item& one) { return one.name == name; });
    if (found != among.end()) return static_cast<std::size_t>(found - among.begin());
    std::string names;
    for (const Item& one : among) names += (names.empty() ? "" : ", ") + one.name;
    fields.fail(field, quote(name), "one of " + names);
  }

  void read_model(JsonFields& fields) {
    StudyModel model;
    model.name = new_name(fields, study_.models);
    if (fields.has("trained")) {
      if (fields.has("checkpoint")) fields.fail("checkpoint", "it beside trained", "one of the two");
      JsonFields trained = fields.object("trained");
      model.recipe = path_of(trained, "recipe");
      model.arguments = trained.texts("arguments");
      trained.refuse_others();
    } else {
      model.checkpoint = path_of(fields, "checkpoint");
    }
    if (fields.has("text")) model.text = path_of(fields, "text");
    if (const std::string measure = fields.text("measure"); measure != "perplexity") {
      fields.fail("measure", quote(measure), "perplexity");
    }
    model.step_seconds = fields.number("step_seconds", 1e-3, 1e4);
    study_.models.push_back(std::move(model));
  }

  void read_accelerator(JsonFields& fields) {
    StudyAccelerator accelerator;
    accelerator.name = new_name(fields, study_.accelerators);
    accelerator.full_rate = static_cast<int>(least_one(fields, "full_rate"));
    study_.accelerators.push_back(std::move(accelerator));
  }

  void read_method(JsonFields& fields) {
    StudyMethod method;
    method.name = new_name(fields, study_.methods);
    if (fields.has("pattern")) method.pattern = fields.text("pattern");
    if (!method.is_dense()) method.reach = fields.number("reach", 1e-3, 1, 1);
    if (fields.has("recipe") || !method.is_dense()) method.recipe = path_of(fields, "recipe");
    for (const std::string& name : fields.texts("accelerators")) {
      method.accelerators.push_back(find(fields, "accelerators", name, study_.accelerators));
    }
    study_.methods.push_back(std::move(method));
  }

  PlannedMethod read_planned(JsonFields& fields, const StudyPlan& plan) const {
    PlannedMethod planned;
    planned.models = plan.models;
    if (fields.has("models")) {
      planned.models.clear();
      for (const std::string& name : fields.texts("models")) {
        const std::size_t model = find(fields, "models", name, study_.models);
        if (std::find(plan.models.begin(), plan.models.end(), model) == plan.models.end()) {
          fields.fail("models", quote(name), "models of the plan");
        }
        planned.models.push_back(model);
      }
    }
    planned.method = find(fields, "method", fields.text("method"), study_.methods);
    const StudyMethod& method = study_.methods[planned.method];
    if (!method.is_dense()) {
      planned.ratios = fields.numbers("ratios", 0, method.reach);
    } else if (fields.has("ratios")) {
      fields.fail("ratios", "ratios", "none: " + method.name + " prunes nothing");
    }
    if (fields.has("recipe")) {
      if (!method.is_trained()) fields.fail("recipe", "recipe", "none: " + method.name + " is not trained");
      planned.recipe = path_of(fields, "recipe");
    }
    return planned;
  }

  StudyCheck read_check(JsonFields& fields, const StudyPlan& plan) const {
    StudyCheck check;
    check.method = find(fields, "method", fields.text("method"), study_.methods);
    check.against = find(fields, "against", fields.text("against"), study_.methods);
    check.ratios = fields.numbers("ratios", 0, 1);
    if (fields.has("against_ratio")) check.against_ratio = fields.number("against_ratio", 0, 1);
    check.at_most = fields.number("at_most", 1e-3, 1e3);
    for (const double ratio : check.ratios) {
      const double other = check.against_ratio.value_or(ratio);
      if (std::any_of(plan.models.begin(), plan.models.end(), [&](std::size_t model) {
            return plan.has(model, check.method, ratio) && plan.has(model, check.against, other);
          })) {
        continue;
      }
      fields.fail("ratios", fmt::format("{:g}", ratio), "ratios that the plan has of both methods");
    }
    return check;
  }

  StudyPlan read_plan(const std::string& name, JsonFields& fields) const {
    StudyPlan plan;
    plan.name = name;
    if (fields.has("what")) (void)fields.text("what");
    if (fields.has("text")) plan.text = path_of(fields, "text");
    if (fields.has("recipe")) plan.recipe = path_of(fields, "recipe");
    if (fields.has("steps")) plan.steps = least_one(fields, "steps");
    plan.checkpoint_every = least_one(fields, "checkpoint_every");
    for (const std::string& model : fields.texts("models")) {
      plan.models.push_back(find(fields, "models", model, study_.models));
    }
    for (const double seed : fields.numbers("seeds", 0, kMost)) {
      if (seed != static_cast<double>(static_cast<std::uint64_t>(seed))) {
        fields.fail("seeds", fmt::format("{:g}", seed), "whole numbers");
      }
      plan.seeds.push_back(static_cast<std::uint64_t>(seed));
    }
    std::set<std::pair<std::size_t, std::size_t>> taken;
    fields.each("methods", [&](JsonFields& item) {
      plan.methods.push_back(read_planned(item, plan));
      for (const std::size_t model : plan.methods.back().models) {
        if (taken.insert({plan.methods.back().method, model}).second) continue;
        item.fail("method", "it a second time", "each method once for a model, with all its ratios");
      }
    });
    if (fields.has("checks")) {
      fields.each("checks", [&](JsonFields& item) { plan.checks.push_back(read_check(item, plan)); });
    }
    return plan;
  }

  const fs::path& source_;
  StudyFile& study_;
};

}  // namespace

bool StudyPlan::has(std::size_t model, std::size_t method, double ratio) const {
  return std::any_of(methods.begin(), methods.end(), [&](const PlannedMethod& one) {
    return one.method == method && std::find(one.models.begin(), one.models.end(), model) != one.models.end() &&
           std::find(one.ratios.begin(), one.ratios.end(), ratio) != one.ratios.end();
  });
}

StudyFile read_study(const fs::path& path, const std::string& plan, const fs::path& source) {
  const nlohmann::json document = read_json(path);
  JsonFields fields(document, path.string(), "");
  StudyFile study;
  Reader(source, study).read(fields, plan);
  return study;
}

}  // namespace mixvec::inline flows
