// What a request for `/probe` asks for and whether that is allowed: combines its parameters with the watch
// list. Nothing here asks a server.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "cli/daemon/watch_list.hpp"
#include "exporters/http/http_server.hpp"

namespace dkimprobe::cli {

struct ProbeRequest {
  config::DomainName domain{};
  std::vector<config::Selector> selectors{};        ///< at least one
  std::vector<checks::Expectation> expectations{};  ///< one for each selector
  WatchedFacts facts{};
  config::ModuleSettings module{};  ///< its timeout is that of the probe
  bool debug = false;               ///< return a readable log instead of the metrics
};

struct ProbeRefusal {
  unsigned status = 400;
  std::string message{};  ///< escaped
  bool unknown_module = false;
};

/// `offset` is subtracted from a scraper's timeout, so that the answer arrives before the scraper gives up.
[[nodiscard]] tl::expected<ProbeRequest, ProbeRefusal> read_probe_request(const exporters::Request& request,
                                                                          const WatchList& list,
                                                                          std::chrono::milliseconds offset);

}  // namespace dkimprobe::cli
