// Reads the texts at `_adsp._domainkey` as signing practices (RFC 5617 section 4.2.1). Their tag lists allow
// white space but no folding. A record with a syntax error counts as no record (RFC 5617 section 4.1).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "checks/report/report.hpp"
#include "config/basics/escape.hpp"

namespace dkimprobe::checks {

enum class AdspFault : std::uint8_t {
  not_adsp,   ///< no `dkim` tag at all: another record, perhaps from a wildcard
  not_first,  ///< a `dkim` tag, but the text does not begin with `dkim`, lower case
  syntax,     ///< tags that the grammar does not allow
  duplicate_tag,
  unknown_value,  ///< counts as `unknown`
};

struct AdspRecord {
  AdspPolicy policy = AdspPolicy::none;
  std::string value{};  ///< raw, of `dkim=`
  struct Fault {
    AdspFault kind = AdspFault::syntax;
    std::size_t offset = 0;
    config::EscapedText detail{};  ///< one sentence
  };
  std::vector<Fault> faults{};

  [[nodiscard]] bool has(AdspFault kind) const;
};

[[nodiscard]] AdspRecord read_adsp_record(std::string_view text);

}  // namespace dkimprobe::checks
