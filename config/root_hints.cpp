#include "config/root_hints.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "config/basics/escape.hpp"
#include "config/basics/regular_file.hpp"
#include "config/master_file.hpp"

namespace dkimprobe::config {
namespace {

struct RootServer {
  std::string_view name;
  std::string_view ipv4;
  std::string_view ipv6;
};

// The root zone of April 2024 (2024041801); the last change of an address was b.root-servers.net in 2023.
constexpr RootServer root_servers[] = {
    {"a.root-servers.net", "198.41.0.4", "2001:503:ba3e::2:30"},
    {"b.root-servers.net", "170.247.170.2", "2801:1b8:10::b"},
    {"c.root-servers.net", "192.33.4.12", "2001:500:2::c"},
    {"d.root-servers.net", "199.7.91.13", "2001:500:2d::d"},
    {"e.root-servers.net", "192.203.230.10", "2001:500:a8::e"},
    {"f.root-servers.net", "192.5.5.241", "2001:500:2f::f"},
    {"g.root-servers.net", "192.112.36.4", "2001:500:12::d0d"},
    {"h.root-servers.net", "198.97.190.53", "2001:500:1::53"},
    {"i.root-servers.net", "192.36.148.17", "2001:7fe::53"},
    {"j.root-servers.net", "192.58.128.30", "2001:503:c27::2:30"},
    {"k.root-servers.net", "193.0.14.129", "2001:7fd::1"},
    {"l.root-servers.net", "199.7.83.42", "2001:500:9f::42"},
    {"m.root-servers.net", "202.12.27.33", "2001:dc3::35"},
};

constexpr std::size_t most_addresses = 64;  // of one nameserver; the others are left out

std::span<const std::uint8_t> bytes_of(const ldns_rdf* field) {
  return {ldns_rdf_data(field), ldns_rdf_size(field)};
}

struct NamedLine {
  DomainName name{};
  int line = 0;
};

struct Hints {
  std::vector<NamedLine> nameservers{};
  std::map<DomainName, std::vector<Address>> addresses{};  ///< in the order of the file, without duplicates
};

/// Takes one record; types other than NS, A and AAAA are ignored.
void take(const ldns_rr& record, int line, Hints& hints) {
  const auto owner = DomainName::from_wire(bytes_of(ldns_rr_owner(&record)));
  if (!owner || ldns_rr_rd_count(&record) != 1) return;
  const std::span<const std::uint8_t> data = bytes_of(ldns_rr_rdf(&record, 0));
  const ldns_rr_type type = ldns_rr_get_type(&record);
  if (type == LDNS_RR_TYPE_NS && owner->is_root()) {
    if (const auto name = DomainName::from_wire(data)) hints.nameservers.push_back({*name, line});
  } else if (type == LDNS_RR_TYPE_A || type == LDNS_RR_TYPE_AAAA) {
    const auto address = Address::from_octets(data);
    if (!address) return;
    auto& known = hints.addresses[*owner];
    if (known.size() < most_addresses && std::ranges::find(known, *address) == known.end())
      known.push_back(*address);
  }
}

}  // namespace

std::vector<NamedServer> builtin_root_servers() {
  std::vector<NamedServer> servers;
  for (const RootServer& server : root_servers) {
    const DomainName name = DomainName::parse(server.name).value();
    servers.push_back({name, Address::parse(server.ipv4).value(), {}});
    servers.push_back({name, Address::parse(server.ipv6).value(), {}});
  }
  return servers;
}

Result<std::vector<NamedServer>> read_root_hints(const std::filesystem::path& path) {
  auto text = read_regular_file(path, longest_master_file, "root hints", "root hints");
  if (!text) return tl::unexpected(std::move(text.error()));
  const std::string place = escape_text(path.string());
  Errors errors;
  Hints hints;
  read_master_lines(*text, place, errors,
                    [&](const ldns_rr& record, int line) { config::take(record, line, hints); });

  std::vector<NamedServer> servers;
  std::set<DomainName> added;
  for (const NamedLine& nameserver : hints.nameservers) {
    const auto known = hints.addresses.find(nameserver.name);
    if (known == hints.addresses.end()) {
      if (errors.size() == most_errors) break;
      errors.push_back({fmt::format("{}:{}", place, nameserver.line),
                        fmt::format("the nameserver {} has no A or AAAA record in this file",
                                    nameserver.name.to_string())});
    } else if (added.insert(nameserver.name).second) {
      for (const Address& address : known->second) servers.push_back({nameserver.name, address, {}});
    }
  }
  if (hints.nameservers.empty() && errors.empty()) {
    errors.push_back({place, "there is no NS record of the root (\".\") in this file"});
  }
  if (!errors.empty()) return tl::unexpected(std::move(errors));
  return servers;
}

}  // namespace dkimprobe::config
