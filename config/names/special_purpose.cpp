#include "config/names/special_purpose.hpp"

#include <algorithm>
#include <vector>

namespace dkimprobe::config {
namespace {

struct SpecialPurpose {
  std::string_view network;
  std::string_view name;  ///< empty for a network that the registries call globally reachable
};

// The registries of RFC 6890, with multicast and the site-local networks. Narrower networks come first. The
// comments name where each is reserved.
constexpr SpecialPurpose special_purposes[] = {
    {"0.0.0.0/8", "unspecified"},                   // RFC 791 section 3.2
    {"10.0.0.0/8", "private"},                      // RFC 1918
    {"100.64.0.0/10", "shared"},                    // RFC 6598
    {"127.0.0.0/8", "loopback"},                    // RFC 1122 section 3.2.1.3
    {"169.254.0.0/16", "link-local"},               // RFC 3927
    {"172.16.0.0/12", "private"},                   // RFC 1918
    {"192.0.0.9/32", ""},                           // RFC 7723
    {"192.0.0.10/32", ""},                          // RFC 8155
    {"192.0.0.0/24", "reserved"},                   // RFC 6890 section 2.1, RFC 7335, RFC 7600, RFC 8880
    {"192.0.2.0/24", "documentation"},              // RFC 5737
    {"192.31.196.0/24", ""},                        // RFC 7535
    {"192.52.193.0/24", ""},                        // RFC 7450
    {"192.88.99.0/24", "a 6to4 address"},           // RFC 7526
    {"192.168.0.0/16", "private"},                  // RFC 1918
    {"192.175.48.0/24", ""},                        // RFC 7534
    {"198.18.0.0/15", "benchmarking"},              // RFC 2544
    {"198.51.100.0/24", "documentation"},           // RFC 5737
    {"203.0.113.0/24", "documentation"},            // RFC 5737
    {"224.0.0.0/4", "multicast"},                   // RFC 5771
    {"240.0.0.0/4", "reserved"},                    // RFC 1112 section 4, RFC 8190
    {"::/128", "unspecified"},                      // RFC 4291 section 2.5.2
    {"::1/128", "loopback"},                        // RFC 4291 section 2.5.3
    {"::ffff:0:0/96", "IPv4-mapped"},               // RFC 4291 section 2.5.5.2
    {"::/96", "reserved"},                          // RFC 4291 section 2.5.5.1
    {"64:ff9b:1::/48", "private"},                  // RFC 8215
    {"100::/64", "discard-only"},                   // RFC 6666
    {"100:0:0:1::/64", "reserved"},                 // RFC 9780
    {"2001:1::1/128", ""},                          // RFC 7723
    {"2001:1::2/128", ""},                          // RFC 8155
    {"2001:1::3/128", ""},                          // RFC 9665
    {"2001:3::/32", ""},                            // RFC 7450
    {"2001:4:112::/48", ""},                        // RFC 7535
    {"2001:20::/28", ""},                           // RFC 7343
    {"2001:30::/28", ""},                           // RFC 9374
    {"2001::/32", "a Teredo address"},              // RFC 4380
    {"2001:2::/48", "benchmarking"},                // RFC 5180
    {"2001:10::/28", "an ORCHID"},                  // RFC 4843
    {"2001::/23", "reserved"},                      // RFC 2928
    {"2001:db8::/32", "documentation"},             // RFC 3849
    {"2002::/16", "a 6to4 address"},                // RFC 3056
    {"2620:4f:8000::/48", ""},                      // RFC 7534
    {"3fff::/20", "documentation"},                 // RFC 9637
    {"5f00::/16", "reserved for segment routing"},  // RFC 9602
    {"fc00::/7", "private"},                        // RFC 4193
    {"fe80::/10", "link-local"},                    // RFC 4291 section 2.5.6
    {"fec0::/10", "site-local"},                    // RFC 3879
    {"ff00::/8", "multicast"},                      // RFC 4291 section 2.7
};

/// RFC 6052 section 2.1: the last four octets are an IPv4 address.
constexpr std::string_view translated = "64:ff9b::/96";

}  // namespace

std::string_view special_purpose(const Address& address) {
  struct Row {
    Network network;
    std::string_view name;
  };
  static const std::vector<Row> rows = [] {
    std::vector<Row> parsed;
    for (const auto& row : special_purposes)
      parsed.push_back({Network::parse(row.network).value(), row.name});
    return parsed;
  }();
  static const Network translation = Network::parse(translated).value();
  if (translation.contains(address)) return special_purpose(*Address::from_octets(address.octets().last(4)));
  const auto row =
      std::find_if(rows.begin(), rows.end(), [&](const Row& r) { return r.network.contains(address); });
  return row == rows.end() ? std::string_view{} : row->name;
}

}  // namespace dkimprobe::config
