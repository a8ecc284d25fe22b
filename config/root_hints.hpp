// The servers where discovery starts: the root servers built in, or those of a root hints file. It asks
// nobody whether they are still right.
#pragma once

#include <filesystem>
#include <vector>

#include "config/basics/result.hpp"
#include "config/settings.hpp"

namespace dkimprobe::config {

/// The thirteen root servers with their IPv4 and IPv6 addresses, one entry an address.
[[nodiscard]] std::vector<NamedServer> builtin_root_servers();

/// Reads a root hints file in the form of a zone file (RFC 1035 section 5.1), one entry an address. Errors,
/// each with its file and line: what cannot be read, no nameserver of the root at all, a nameserver without
/// an address.
[[nodiscard]] Result<std::vector<NamedServer>> read_root_hints(const std::filesystem::path& path);

}  // namespace dkimprobe::config
