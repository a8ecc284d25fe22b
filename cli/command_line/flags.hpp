// The flags of one command: declared, found among its arguments, and listed in its help. What stands in them
// is text here; who declared a flag understands its value. The only place that speaks to CLI11.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/basics/result.hpp"

namespace dkimprobe::cli {

class Flags {
 public:
  Flags();
  ~Flags();
  Flags(const Flags&) = delete;
  Flags& operator=(const Flags&) = delete;

  /// The words that belong to no flag go into `words`. What is declared must outlive this.
  void positionals(std::vector<std::string>& words);
  /// Each flag below is declared by its name with the dashes, where its text goes, `value_word` that stands
  /// for the value in the help, its meaning, and the group of the help under which it stands, in the order of
  /// declaration; with an empty group the help does not show it.
  void toggle(const std::string& name, bool& given, const std::string& meaning, const std::string& group);
  void value(const std::string& name, std::string& text, const std::string& value_word,
             const std::string& meaning, const std::string& group);
  /// May be repeated: the last one counts.
  void last_value(const std::string& name, std::string& text, const std::string& value_word,
                  const std::string& meaning, const std::string& group);
  /// May be repeated: all of them count.
  void values(const std::string& name, std::vector<std::string>& texts, const std::string& value_word,
              const std::string& meaning, const std::string& group);

  /// Puts the arguments into the places that were declared. `command` is named in what is told of a mistake.
  [[nodiscard]] config::Result<void> read(std::string_view command, std::span<const std::string> arguments);
  /// Whether it was among the arguments, whatever its value. Of flags that were declared.
  [[nodiscard]] bool given(const std::string& name) const;

  /// `start`, then the flags, by their groups, in 80 columns.
  [[nodiscard]] std::string help(std::string_view start) const;

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace dkimprobe::cli
