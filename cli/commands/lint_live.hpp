// What servers publish at the names of a file, for `lint --against live`.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "checks/rotation/file_comparison.hpp"
#include "cli/command_line/command_line.hpp"
#include "cli/io/exit_code.hpp"
#include "config/names/domain_name.hpp"
#include "config/names/selector.hpp"
#include "config/records/record_item.hpp"

namespace dkimprobe::cli {

/// The records of a file by the selectors at which they are published.
class LiveComparison {
 public:
  /// Keeps a record whose name is that of a selector, complete and without a wildcard. False if there are too
  /// many.
  [[nodiscard]] bool add(const config::FileRecord& record);
  [[nodiscard]] static std::size_t most_selectors();

  /// Takes how a server compares with the record at the place; false ends the comparison.
  using Take =
      std::function<bool(const config::FilePlace&, const config::DomainName&, const checks::ComparedServer&)>;

  /// Asks the servers domain by domain. Empty, or the exit code if that was interrupted.
  [[nodiscard]] tl::expected<std::optional<ExitCode>, Refusal> run(const AskOptions& ask,
                                                                   const Take& take) const;

 private:
  struct Kept {
    config::FilePlace place{};  ///< of the first record
    std::vector<std::string> texts{};
  };
  std::map<config::DomainName, std::map<config::Selector, Kept>> domains_{};
  std::size_t selectors_ = 0;
};

}  // namespace dkimprobe::cli
