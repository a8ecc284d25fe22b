// Observations with few words, for the tests of what is kept over time.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "probe/observation.hpp"

namespace dkimprobe::tests {

using Texts = std::vector<std::vector<std::string>>;

/// What one server said. The same number is the same server.
struct Said {
  int server = 1;
  probe::Rcode rcode = probe::Rcode::noerror;
  Texts texts{};
  std::optional<std::string> alias{};
  std::uint32_t ttl_seconds = 3600;
  bool silent = false;
  std::uint32_t serial = 0;  ///< of the SOA beside an absence
};

/// `second` of the year 2026 (UTC).
[[nodiscard]] probe::WallTime at_second(std::int64_t second);

/// Server N is `nsN.<domain>` at 192.0.2.N; `nameservers` are the parent's and the zone's own, by number.
[[nodiscard]] probe::Observation sample_probe(const std::string& domain, const std::string& selector,
                                              probe::WallTime time, const std::vector<Said>& said,
                                              const std::vector<int>& nameservers = {});

/// A leg of the same zone, for chains and for the signing practices.
[[nodiscard]] probe::Hop hop(const std::string& owner, const std::string& zone, const std::vector<Said>& said,
                             const std::vector<int>& nameservers = {});

}  // namespace dkimprobe::tests
