// The flags of one command: declares them, finds them among the arguments and lists them in the help. Values
// stay text; the code that declared a flag parses its value. This is the only user of CLI11.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/basics/result.hpp"

namespace dkimprobe::cli {

/// Whether most people need the flag: the short help leaves out rare flags.
enum class FlagUse : std::uint8_t { common, rare };

class Flags {
 public:
  Flags();
  ~Flags();
  Flags(const Flags&) = delete;
  Flags& operator=(const Flags&) = delete;

  /// Arguments that belong to no flag go into `words`. All declared variables must outlive this object.
  void positionals(std::vector<std::string>& words);
  /// Each flag is declared by its name with the dashes, the variable for its text, `value_word` (the
  /// placeholder for the value in the help), its meaning, its group in the help, and its use. The help has
  /// groups and their flags in the order of declaration, and omits flags with an empty group.
  void toggle(const std::string& name, bool& given, const std::string& meaning, const std::string& group,
              FlagUse use = FlagUse::common);
  void value(const std::string& name, std::string& text, const std::string& value_word,
             const std::string& meaning, const std::string& group, FlagUse use = FlagUse::common);
  /// May be repeated: the last one counts.
  void last_value(const std::string& name, std::string& text, const std::string& value_word,
                  const std::string& meaning, const std::string& group, FlagUse use = FlagUse::common);
  /// May be repeated: all of them count.
  void values(const std::string& name, std::vector<std::string>& texts, const std::string& value_word,
              const std::string& meaning, const std::string& group, FlagUse use = FlagUse::common);

  /// Moves a declared flag to another group, as a common one.
  void feature(const std::string& name, const std::string& group);

  /// Stores the arguments in the declared variables. `command` is named in error messages and in the help.
  [[nodiscard]] config::Result<void> read(std::string_view command, std::span<const std::string> arguments);
  /// Whether the flag was given, whatever its value. The flag must be declared.
  [[nodiscard]] bool given(const std::string& name) const;

  /// The command that was read, with `words` in place of those on the command line and with the same flags,
  /// to paste into a shell.
  [[nodiscard]] std::string command_with(std::span<const std::string> words) const;

  /// `start`, then the common flags; after `--help all`, all flags by group. Within 80 columns.
  [[nodiscard]] std::string help(std::string_view start) const;

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace dkimprobe::cli
