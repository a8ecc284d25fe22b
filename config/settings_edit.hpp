// Changes selectors in the text of a settings file, for a rotation. Everything else stays as it is: comments,
// order, quotation marks and line ends. The result is read again before it is returned. Writes no file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/basics/result.hpp"
#include "config/basics/timestamp.hpp"
#include "config/names/domain_name.hpp"
#include "config/names/selector.hpp"
#include "config/settings_file.hpp"

namespace dkimprobe::config {

/// An expected key as the settings give it.
struct ExpectedKeyText {
  enum class Form : std::uint8_t { sha256, record, public_key, private_key };

  Form form = Form::sha256;
  std::string text{};  ///< the fingerprint, the record, or the name of the file
};

/// The keys of a selector that can be changed.
enum class SelectorKey : std::uint8_t { role, since, last_signature, never_used, compromised, expected_key };

/// A change of one selector. A selector that the domain does not have yet is added.
struct SelectorChange {
  Selector selector{};
  bool leaves = false;  ///< it is removed from the settings; the rest of the change is then empty
  // New values; a key without one stays as it is.
  std::optional<Role> role{};
  std::optional<Timestamp> since{};
  std::optional<Timestamp> last_signature{};
  std::optional<bool> never_used{};
  std::optional<bool> compromised{};
  std::optional<ExpectedKeyText> expected_key{};
  std::vector<SelectorKey>
      removed{};  ///< unless they have a new value; what a group or a default says then holds
};

/// Returns the new text of the settings file at `path`, whose text is `text`, after changes of different
/// selectors. Errors: the settings cannot be read, before or after the change; they do not list the domain,
/// or a target file gives it; or the YAML has a form that cannot be edited, and the error says what to change
/// on which lines.
[[nodiscard]] Result<std::string> edit_settings(std::string_view text, const std::filesystem::path& path,
                                                const Vocabulary& vocabulary, const DomainName& domain,
                                                std::span<const SelectorChange> changes);

/// The changes as lines for a settings file, to be copied by hand, from `domains:` on. Comments name the keys
/// to be removed.
[[nodiscard]] std::string selector_yaml(const DomainName& domain, std::span<const SelectorChange> changes);

}  // namespace dkimprobe::config
