// The servers at which discovery starts: the built-in root servers, or those of a root hints file. Whether
// they are up to date is not checked.
#pragma once

#include <filesystem>
#include <vector>

#include "config/basics/result.hpp"
#include "config/settings.hpp"

namespace dkimprobe::config {

/// The thirteen root servers with their IPv4 and IPv6 addresses, one entry per address.
[[nodiscard]] std::vector<NamedServer> builtin_root_servers();

/// Reads a root hints file in the form of a zone file (RFC 1035 section 5.1) of at most 1 MiB, one entry per
/// address. Errors, each with its file and line: lines that cannot be read, no nameserver of the root, a
/// nameserver without an address.
[[nodiscard]] Result<std::vector<NamedServer>> read_root_hints(const std::filesystem::path& path);

}  // namespace dkimprobe::config
