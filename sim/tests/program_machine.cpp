// Executes programs by golden's arithmetic.
#include "program_machine.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "golden/base/error.hpp"
#include "golden/execute/executor.hpp"
#include "golden/math/attention.hpp"
#include "golden/math/layer_norm.hpp"
#include "golden/math/softmax.hpp"
#include "golden/math/vector_math.hpp"

namespace mixvec::inline sim {
namespace {

constexpr Half kStale{0x7E55};

Half apply(ResultOperation operation, Half y, Half x) {
  switch (operation) {
    case ResultOperation::kRelu:
      return relu(y);
    case ResultOperation::kGeluErf:
      return gelu(y, GeluForm::kErf);
    case ResultOperation::kGeluTanh:
      return gelu(y, GeluForm::kTanh);
    case ResultOperation::kAdd:
      return add(x, y);
    default:
      return y;
  }
}

}  // namespace

ProgramMachine::ProgramMachine(const LayerPlan& plan)
    : plan_(plan),
      activation_(static_cast<std::size_t>(plan.accel().depth) * groups() * tokens(), kStale),
      vector_(static_cast<std::size_t>(plan.accel().vector_rows) * groups() * tokens(), kStale),
      kv_(static_cast<std::size_t>(plan.accel().kv_depth) * lanes() * tokens(), kStale),
      softmax_{std::vector<Statistics>(groups() * tokens()), std::vector<Statistics>(groups() * tokens())},
      norm_columns_(groups() * tokens()) {}

void ProgramMachine::write_x(std::span<const Half> x, std::size_t all, std::size_t first_column,
                             const TileProgram& program) {
  const std::size_t d = x.size() / all;
  for (std::size_t c = 0; c < d; ++c) {
    for (std::size_t t = 0; t < groups() * tokens(); ++t) {
      const bool inside = t >= program.low && t < program.high;
      // Lanes that are not compared hold what they like.
      vector_value(plan_.map().x + c, 0, t) = inside ? x[c * all + first_column + t - program.low] : Half{0x3C00};
    }
  }
}

std::vector<Half> ProgramMachine::read_x(const TileProgram& program) const {
  std::vector<Half> x;
  for (std::size_t c = 0; c < plan_.layers().front().layer->hidden; ++c) {
    for (std::size_t t = program.low; t < program.high; ++t) x.push_back(vector_value(plan_.map().x + c, 0, t));
  }
  return x;
}

bool ProgramMachine::masked(std::size_t key, bool causal, std::size_t valid, std::size_t g, std::size_t lane) const {
  return key >= valid || (causal && key > program_.first + g * tokens() + lane);
}

void ProgramMachine::to_table(std::uint32_t entry, std::uint32_t row, std::size_t g, std::span<const Half> values,
                              Access& access) {
  const std::size_t position = row * lanes() + plan_.positions().at(entry);
  for (std::size_t bank = g; bank < groups(); bank += std::size_t{1} << program_.groups_log2) {
    for (std::size_t lane = 0; lane < tokens(); ++lane) activation(bank, position, lane) = values[lane];
  }
  access.writes.insert({kActivation, static_cast<std::uint32_t>(position)});
}

void ProgramMachine::matrix(const ArrayInstruction& i, Access& access) {
  const PackedMatrix* packed = nullptr;
  for (std::size_t l = 0; l < plan_.layers().size(); ++l) {
    for (const auto& [which, unused] : plan_.layers()[l].matrices) {
      if (plan_.matrix(l, which).first_beat == i.first_beat) packed = plan_.matrix(l, which).packed;
    }
  }
  if (packed == nullptr) fail_input("no image at beat {}", i.first_beat);
  const std::size_t used = std::size_t{1} << program_.groups_log2;
  const std::size_t all = used * tokens();
  const std::size_t positions = packed->in_order.size();
  std::vector<Half> x(positions * all);
  for (std::size_t p = 0; p < positions; ++p) {
    access.reads.insert({kActivation, static_cast<std::uint32_t>(i.row * lanes() + p)});
    for (std::size_t t = 0; t < all; ++t) {
      x[p * all + t] = activation(t / tokens(), i.row * lanes() + p, t % tokens());
    }
  }
  std::vector<std::int32_t> identity(positions);
  std::iota(identity.begin(), identity.end(), 0);
  // By position: stale values where there is no input would show.
  const std::vector<Half> y = execute(packed->image, plan_.accel(), packed->out, positions, identity, x, all, 1).y;
  access.counter = 0;
  for (std::uint32_t o = 0; o < packed->out; ++o) {
    for (std::size_t g = 0; g < used; ++g) {
      ++access.beats;
      std::vector<Half> values(tokens());
      for (std::size_t lane = 0; lane < tokens(); ++lane) {
        const std::size_t t = g * tokens() + lane;
        const bool below = o < i.kv_from;
        const Half old =
            below && i.operation == ResultOperation::kAdd ? vector_value(i.vector_row + o, g, lane) : Half{};
        values[lane] =
            token(g, lane) ? apply(below ? i.operation : ResultOperation::kNone, y[o * all + t], old) : Half{};
        if (below && i.sums) {
          if (o == 0) norm_columns_[t].clear();
          norm_columns_[t].push_back(values[lane]);
          root_ = false;
          access.writes.insert({kNorm, 0});
        }
        if (below && i.to_vector) {
          vector_value(i.vector_row + o, g, lane) = values[lane];
          access.writes.insert({kVector, i.vector_row + o});
        }
        if (!below && t >= program_.low && t < program_.high) {
          const std::size_t c = o - i.kv_from;
          const bool is_key = c < i.key_channels;
          const std::size_t channel = is_key ? c : c - i.key_channels;
          const std::size_t word =
              (is_key ? i.key_word : i.value_word) + channel / lanes() * i.kv_stride + program_.first / tokens() + g;
          kv(word, channel % lanes(), lane) = values[lane];
          access.writes.insert({kKeyValue, static_cast<std::uint32_t>(word)});
        }
      }
      if (o < i.kv_from && i.to_activation) to_table(i.table_entry + o, i.result_row, g, values, access);
    }
  }
}

void ProgramMachine::job(const ArrayInstruction& i, Access& access) {
  const bool outputs = i.kind == ArrayKind::kOutputs;
  const std::size_t keys = (i.key_strips - 1) * lanes() + i.last_keys;
  const std::size_t channels = (i.channel_strips - 1) * lanes() + i.last_channels;
  const std::size_t base = program_.first / tokens();
  const std::size_t inputs = outputs ? keys : channels;
  for (std::size_t g = 0; g <= program_.last_group; ++g) {
    // Causal: keys of later groups than the tokens' take no part.
    const std::size_t seen = i.causal ? std::min(keys, (base + g + 1) * tokens()) : keys;
    std::vector<Half> weights;  // outputs: channels × seen, scores: channels × seen
    for (std::size_t c = 0; c < channels; ++c) {
      for (std::size_t j = 0; j < seen; ++j) {
        const std::size_t word = i.word + c / lanes() * i.word_stride + j / tokens();
        weights.push_back(kv(word, c % lanes(), j % tokens()));
        access.reads.insert({kKeyValue, static_cast<std::uint32_t>(word)});
      }
    }
    std::vector<Half> x;
    for (std::size_t n = 0; n < (outputs ? seen : inputs); ++n) {
      const std::size_t position = (i.row + g * i.row_stride) * lanes() + n;
      access.reads.insert({kActivation, static_cast<std::uint32_t>(position)});
      for (std::size_t lane = 0; lane < tokens(); ++lane) x.push_back(activation(g, position, lane));
    }
    const std::vector<Half> y = outputs ? attention_outputs(weights, x, channels, seen, tokens())
                                        : attention_scores(weights, x, channels, seen, tokens());
    for (std::size_t o = 0; o < (outputs ? channels : seen); ++o) {
      ++access.beats;
      std::vector<Half> values(tokens());
      for (std::size_t lane = 0; lane < tokens(); ++lane) {
        values[lane] = token(g, lane) ? y[o * tokens() + lane] : Half{};
      }
      const auto index = static_cast<std::uint32_t>(i.index + o);
      if (outputs) {
        access.counter = 3;
        to_table(i.table_entry + index - kOutputIndex, i.result_row, g, values, access);
        continue;
      }
      const std::size_t key = index & ((1U << i.key_bits) - 1U);
      const std::size_t buffer = (index >> i.key_bits) & 1U;
      access.counter = 1 + static_cast<int>(buffer);
      access.writes.insert({kVector, i.vector_row + index});
      access.writes.insert({kSoftmax, static_cast<std::uint32_t>(buffer)});
      for (std::size_t lane = 0; lane < tokens(); ++lane) {
        Statistics& row = softmax_[buffer][g * tokens() + lane];
        if (key == 0) row = Statistics{};
        if (!masked(key, i.causal, i.valid_keys, g, lane)) {
          if (is_nan(row.largest) || is_nan(values[lane])) {
            row.largest = kCanonicalNan;
          } else if (to_float(row.largest) < to_float(values[lane])) {
            row.largest = values[lane];
          }
        }
        vector_value(i.vector_row + index, g, lane) = values[lane];
      }
    }
  }
}

void ProgramMachine::pass(const VectorInstruction& i, Access& access) {
  const std::size_t base = program_.first / tokens();
  if (i.operation == PassOperation::kNorm && !root_) fail_input("norm without a root");
  if (i.operation == PassOperation::kNorm) access.reads.insert({kNorm, 0});
  for (std::uint32_t r = 0; r < i.rows; ++r) {
    for (std::size_t g = 0; g <= program_.last_group; ++g) {
      if (i.keys && i.causal && r / tokens() > base + g) continue;
      std::vector<Half> values(tokens());
      for (std::size_t lane = 0; lane < tokens(); ++lane) {
        const std::size_t t = g * tokens() + lane;
        Statistics& row = softmax_[i.buffer ? 1 : 0][t];
        const Half a = i.zero ? Half{} : vector_value(i.read_row + r, g, lane);
        const bool hidden = i.keys && masked(r, i.causal, i.count, g, lane);
        Half y = a;
        if (i.operation == PassOperation::kExp) {
          y = exp_scaled(a, row.largest, program_.k);
          if (!hidden && i.sums) {
            if (is_nan(y)) row.nan = true;
            if (!is_nan(y)) row.sum += to_integer(y);
          }
        } else if (i.operation == PassOperation::kScale) {
          y = hidden ? kMaskedWeight : scale(a, row.factor);
        } else if (i.operation == PassOperation::kNorm && token(g, lane)) {
          const NormEntry& entry = plan_.norm_table().at(i.norm_entry + r);
          if (norm_columns_[t].size() != i.count || norm_columns_[t][r] != a) fail_input("norm: sums of another row");
          LayerNorm parameters;
          parameters.gamma.assign(i.count, entry.gamma);
          parameters.beta.assign(i.count, entry.beta);
          const double unit = static_cast<double>(i.count) * static_cast<double>(i.count) * 0x1p48;
          parameters.epsilon =
              (std::ldexp(static_cast<double>(i.epsilon_high), 64) + static_cast<double>(i.epsilon_low)) / unit;
          y = layer_norm(norm_columns_[t], 1, parameters)[r];
        }
        values[lane] = token(g, lane) ? y : Half{};
        if (i.sums && i.operation == PassOperation::kCopy) {
          if (r == 0) norm_columns_[t].clear();
          norm_columns_[t].push_back(values[lane]);
          root_ = false;
          access.writes.insert({kNorm, 0});
        }
      }
      if (!i.zero) access.reads.insert({kVector, i.read_row + r});
      if (i.operation == PassOperation::kExp) access.writes.insert({kSoftmax, i.buffer ? 1U : 0U});
      if (i.operation == PassOperation::kScale) access.reads.insert({kSoftmax, i.buffer ? 1U : 0U});
      if (i.to_vector) {
        access.writes.insert({kVector, i.write_row + r});
        for (std::size_t lane = 0; lane < tokens(); ++lane) vector_value(i.write_row + r, g, lane) = values[lane];
      }
      if (i.to_table) to_table(i.table_entry + r, i.row, g, values, access);
      if (i.to_attention) {
        const std::size_t position = (i.row + g * i.row_stride) * lanes() + r;
        access.writes.insert({kActivation, static_cast<std::uint32_t>(position)});
        for (std::size_t bank = 0; bank < groups(); ++bank) {
          for (std::size_t lane = 0; lane < tokens(); ++lane) activation(bank, position, lane) = values[lane];
        }
      }
    }
  }
}

void ProgramMachine::vector(const VectorInstruction& i, Access& access) {
  if (i.kind == VectorKind::kPass) {
    pass(i, access);
  } else if (i.kind == VectorKind::kRoot) {
    root_ = true;
    access.writes.insert({kNorm, 0});
  } else {
    access.writes.insert({kSoftmax, i.buffer ? 1U : 0U});
    for (Statistics& row : softmax_[i.buffer ? 1 : 0]) {
      row.factor = row.nan ? std::nanf("") : row.sum == 0 ? 0.0F : reciprocal(static_cast<float>(row.sum) * 0x1p-24F);
    }
  }
}

std::string ProgramMachine::run(const TileProgram& program, Random& order) {
  program_ = program;
  array_access_.assign(program.array.size() - 1, {});
  vector_access_.assign(program.vector.size() - 1, {});
  std::size_t array_next = 0;
  std::size_t vector_next = 0;
  std::uint64_t counters[4] = {};
  while (array_next < array_access_.size() || vector_next < vector_access_.size()) {
    const ArrayInstruction a = decode_array(encode(program.array[array_next]));
    const VectorInstruction v = decode_vector(encode(program.vector[vector_next]));
    const bool array_ready = array_next < array_access_.size() && vector_next >= a.wait;
    const bool vector_ready =
        vector_next < vector_access_.size() && counters[static_cast<std::size_t>(v.counter)] >= v.value;
    if (!array_ready && !vector_ready) {
      return fmt::format("nothing can begin: array {}: {}; vector {}: {}", array_next, describe(a), vector_next,
                         describe(v));
    }
    if (array_ready && (!vector_ready || order.below(2) == 0)) {
      Access& access = array_access_[array_next++];
      if (a.kind == ArrayKind::kMatrix) {
        matrix(a, access);
      } else {
        job(a, access);
      }
      counters[access.counter] += access.beats;
    } else {
      vector(v, vector_access_[vector_next++]);
    }
  }
  return {};
}

std::string ProgramMachine::find_races() const {
  const std::size_t arrays = array_access_.size();
  const std::size_t all = arrays + vector_access_.size();
  // Node 2n: instruction n begins, 2n + 1: it has ended. An edge: happens before.
  std::vector<std::vector<char>> before(2 * all, std::vector<char>(2 * all, 0));
  const auto access = [&](std::size_t n) -> const Access& {
    return n < arrays ? array_access_[n] : vector_access_[n - arrays];
  };
  for (std::size_t n = 0; n < all; ++n) before[2 * n][2 * n + 1] = 1;
  for (std::size_t n = 0; n < arrays; ++n) {
    const ArrayInstruction& i = program_.array[n];
    for (std::size_t w = 0; w < i.wait; ++w) before[2 * (arrays + w) + 1][2 * n] = 1;
    for (std::size_t m = 0; m < n; ++m) {
      before[2 * m][2 * n] = 1;
      if (i.kind == ArrayKind::kMatrix || program_.array[m].kind == ArrayKind::kMatrix) before[2 * m + 1][2 * n] = 1;
    }
  }
  for (std::size_t n = arrays; n < all; ++n) {
    if (n > arrays) before[2 * (n - 1) + 1][2 * n] = 1;
    const VectorInstruction& i = program_.vector[n - arrays];
    std::uint64_t sum = 0;
    for (std::size_t m = 0; m < arrays; ++m) {
      if (access(m).counter != static_cast<int>(i.counter)) continue;
      sum += access(m).beats;
      if (sum <= i.value) before[2 * m + 1][2 * n] = 1;
    }
  }
  for (std::size_t k = 0; k < 2 * all; ++k) {
    for (std::size_t a = 0; a < 2 * all; ++a) {
      if (before[a][k] == 0) continue;
      for (std::size_t b = 0; b < 2 * all; ++b) before[a][b] = static_cast<char>(before[a][b] | before[k][b]);
    }
  }
  const auto meet = [](const std::set<std::pair<int, std::uint32_t>>& a,
                       const std::set<std::pair<int, std::uint32_t>>& b) {
    return std::find_first_of(a.begin(), a.end(), b.begin(), b.end()) != a.end();
  };
  const auto name = [&](std::size_t n) {
    return n < arrays ? fmt::format("array {}: {}", n, describe(program_.array[n]))
                      : fmt::format("vector {}: {}", n - arrays, describe(program_.vector[n - arrays]));
  };
  for (std::size_t a = 0; a < all; ++a) {
    for (std::size_t b = a + 1; b < all; ++b) {
      if (before[2 * a + 1][2 * b] != 0 || before[2 * b + 1][2 * a] != 0) continue;
      // Scores of a head and the next one have statistics of their own, and so on: by address.
      if (meet(access(a).writes, access(b).writes) || meet(access(a).writes, access(b).reads) ||
          meet(access(a).reads, access(b).writes)) {
        return name(a) + " meets " + name(b);
      }
    }
  }
  // A counter tells that certain instructions have ended only if no later one may have counted already.
  for (std::size_t n = arrays; n < all; ++n) {
    const VectorInstruction& i = program_.vector[n - arrays];
    std::uint64_t sum = 0;
    for (std::size_t m = 0; m < arrays && i.value > 0; ++m) {
      if (access(m).counter != static_cast<int>(i.counter)) continue;
      sum += access(m).beats;
      if (sum > i.value && before[2 * n][2 * m] == 0) return name(n) + " may count beats of " + name(m);
    }
  }
  return {};
}

}  // namespace mixvec::inline sim
