// Writes what changed.
#include "verif/record/port_recorder.hpp"

#include <stdexcept>
#include <utility>

namespace mixvec::inline verif {

void PortRecorder::begin() {
  index_ = 0;
  changed_ = 0;
  values_.clear();
}

void PortRecorder::add(std::string value) {
  if (index_ == 64) throw std::logic_error("PortRecorder: found a 65th port, expected as many as the mask has bits");
  if (last_.size() <= index_) last_.emplace_back();
  if (last_[index_] != value) {
    changed_ |= std::uint64_t{1} << index_;
    values_ += " " + value;
    last_[index_] = std::move(value);
  }
  ++index_;
}

void PortRecorder::end() {
  text_ += fmt::format("{:x}{}\n", changed_, values_);
  ++cycles_;
}

std::string PortRecorder::text() const { return on() ? fmt::format("{}\n", cycles_) + text_ : std::string(); }

}  // namespace mixvec::inline verif
