// Short ways to write observations, for tests of the history.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "probe/observation.hpp"

namespace dkimprobe::tests {

using Texts = std::vector<std::vector<std::string>>;

/// The answer of one server; the same number is the same server.
struct Said {
  int server = 1;
  probe::Rcode rcode = probe::Rcode::noerror;
  Texts texts{};
  std::optional<std::string> alias{};
  std::uint32_t ttl_seconds = 3600;
  bool silent = false;
  std::uint32_t serial = 0;  ///< of the SOA in a negative answer
};

/// `second` of the year 2026 (UTC).
[[nodiscard]] probe::WallTime at_second(std::int64_t second);

/// Server N is `nsN.<domain>` at 192.0.2.N; `nameservers` are those of the parent and of the zone, by number.
[[nodiscard]] probe::Observation sample_probe(const std::string& domain, const std::string& selector,
                                              probe::WallTime time, const std::vector<Said>& said,
                                              const std::vector<int>& nameservers = {});

/// A hop in the same zone, for CNAME chains and for signing practices.
[[nodiscard]] probe::Hop hop(const std::string& owner, const std::string& zone, const std::vector<Said>& said,
                             const std::vector<int>& nameservers = {});

}  // namespace dkimprobe::tests
