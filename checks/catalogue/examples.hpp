// An example of each fault of the catalogue: a record that has it, or how the servers behave. For people who
// read about a check; judging needs none of it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace dkimprobe::checks {

struct Example {
  /// Whether `text` is a record that has the fault, escaped as all foreign bytes are; else it is a sentence.
  bool is_record = false;
  std::string text{};
};

/// Nothing for a check without an example.
[[nodiscard]] std::optional<Example> example_of(std::string_view check);

}  // namespace dkimprobe::checks
