// Checks that a pruned matrix is what its pattern says.
#include "golden/matrix/pruned_matrix.hpp"

#include <algorithm>
#include <bit>

#include "golden/base/error.hpp"

namespace mixvec::inline golden {

namespace {

void validate_sizes(const PrunedMatrix& m) {
  if (m.out == 0 || m.in == 0) {
    fail_input("{}: found shape [{}, {}], expected at least one output and one input", m.name, m.out, m.in);
  }
  if (m.out > UINT32_MAX || m.in > UINT32_MAX || m.out > SIZE_MAX / m.in) {
    fail_input("{}: found shape [{}, {}], expected fewer than 2^32 outputs and inputs", m.name, m.out, m.in);
  }
  const std::size_t elements = m.out * m.in;
  if (m.weight.size() != elements) {
    fail_input("{}: found {} weights, expected {} x {} = {}", m.name, m.weight.size(), m.out, m.in, elements);
  }
  if (m.mask.size() != elements) {
    fail_input("{}: found {} mask values, expected {} x {} = {}", m.name, m.mask.size(), m.out, m.in, elements);
  }
  if (!m.bias.empty() && m.bias.size() != m.out) {
    fail_input("{}: found {} bias values, expected {} or none", m.name, m.bias.size(), m.out);
  }
}

void validate_pattern(const PrunedMatrix& m) {
  const bool row = m.pattern.direction == Direction::kRow;
  const std::size_t dimension = row ? m.in : m.out;
  const char* what = row ? "input" : "output";
  std::vector<bool> seen(dimension, false);
  std::size_t covered = 0;
  for (std::size_t s = 0; s < m.pattern.strips.size(); ++s) {
    const Strip& strip = m.pattern.strips[s];
    if (strip.length < 1 || !std::has_single_bit(static_cast<unsigned>(strip.length))) {
      fail_input("{}: strip {}: found length {}, expected a power of two", m.name, s, strip.length);
    }
    if (strip.index.empty() || strip.index.size() > static_cast<std::size_t>(strip.length)) {
      fail_input("{}: strip {}: found {} indices, expected 1 to its length {}", m.name, s, strip.index.size(),
                 strip.length);
    }
    for (const std::uint32_t i : strip.index) {
      if (i >= dimension) {
        fail_input("{}: strip {}: found {} {}, expected one below {}", m.name, s, what, i, dimension);
      }
      if (seen[i]) fail_input("{}: strip {}: found {} {} a second time, expected it in one strip", m.name, s, what, i);
      seen[i] = true;
    }
    covered += strip.index.size();
  }
  if (covered != dimension) {
    const auto missing = std::find(seen.begin(), seen.end(), false) - seen.begin();
    fail_input("{}: found {} {}s in strips, expected all {} ({} {} is in none)", m.name, covered, what, dimension, what,
               missing);
  }
}

void validate_values(const PrunedMatrix& m) {
  for (std::size_t o = 0; o < m.out; ++o) {
    for (std::size_t i = 0; i < m.in; ++i) {
      const std::uint8_t mask = m.mask[o * m.in + i];
      const Half weight = m.weight[o * m.in + i];
      if (mask > 1) fail_input("{}: mask[{}][{}]: found {}, expected 0 or 1", m.name, o, i, mask);
      if (mask == 0 && weight.bits != 0) {
        fail_input("{}: weight[{}][{}]: found {}, expected +0 because the mask prunes it", m.name, o, i,
                   to_float(weight));
      }
      if (!is_finite(weight)) {
        fail_input("{}: weight[{}][{}]: found {}, expected a finite value", m.name, o, i, to_float(weight));
      }
    }
  }
  for (std::size_t o = 0; o < m.bias.size(); ++o) {
    if (!is_finite(m.bias[o])) {
      fail_input("{}: bias[{}]: found {}, expected a finite value", m.name, o, to_float(m.bias[o]));
    }
  }
}

// Every mask value must equal the one at the first index of its vector.
void validate_vectors(const PrunedMatrix& m) {
  for (std::size_t s = 0; s < m.pattern.strips.size(); ++s) {
    const std::vector<std::uint32_t>& index = m.pattern.strips[s].index;
    if (m.pattern.direction == Direction::kColumn) {
      const std::uint8_t* first = &m.mask[index[0] * m.in];
      for (const std::uint32_t o : index) {
        const std::uint8_t* row = &m.mask[o * m.in];
        const auto [at, ignored] = std::mismatch(first, first + m.in, row);
        if (at != first + m.in) {
          const auto i = at - first;
          fail_input(
              "{}: strip {}, input {}: mask[{}][{}] is {} but mask[{}][{}] is {}; a vector is kept or pruned whole",
              m.name, s, i, index[0], i, *at, o, i, row[i]);
        }
      }
    } else {
      for (std::size_t o = 0; o < m.out; ++o) {
        const std::uint8_t* row = &m.mask[o * m.in];
        for (const std::uint32_t i : index) {
          if (row[i] != row[index[0]]) {
            fail_input(
                "{}: strip {}, output {}: mask[{}][{}] is {} but mask[{}][{}] is {}; a vector is kept or pruned whole",
                m.name, s, o, o, index[0], row[index[0]], o, i, row[i]);
          }
        }
      }
    }
  }
}

}  // namespace

void validate(const PrunedMatrix& matrix) {
  validate_sizes(matrix);
  validate_pattern(matrix);
  validate_values(matrix);
  validate_vectors(matrix);
}

}  // namespace mixvec::inline golden
