#include "config/names/special_purpose.hpp"

#include <string>
#include <string_view>

#include "tests/catch.hpp"

namespace {

using namespace dkimprobe::config;

std::string purpose(std::string_view address) {
  return std::string(special_purpose(Address::parse(address).value()));
}

struct Range {
  std::string_view first;
  std::string_view last;
  std::string_view name;
};

// Each network of the IANA IPv4 and IPv6 Special-Purpose Address Registries, and of the multicast registries.
constexpr Range ranges[] = {
    {"0.0.0.0", "0.255.255.255", "unspecified"},
    {"10.0.0.0", "10.255.255.255", "private"},
    {"100.64.0.0", "100.127.255.255", "shared"},
    {"127.0.0.0", "127.255.255.255", "loopback"},
    {"169.254.0.0", "169.254.255.255", "link-local"},
    {"172.16.0.0", "172.31.255.255", "private"},
    {"192.0.0.9", "192.0.0.9", ""},
    {"192.0.0.10", "192.0.0.10", ""},
    {"192.0.0.0", "192.0.0.255", "reserved"},
    {"192.0.2.0", "192.0.2.255", "documentation"},
    {"192.31.196.0", "192.31.196.255", ""},
    {"192.52.193.0", "192.52.193.255", ""},
    {"192.88.99.0", "192.88.99.255", "a 6to4 address"},
    {"192.168.0.0", "192.168.255.255", "private"},
    {"192.175.48.0", "192.175.48.255", ""},
    {"198.18.0.0", "198.19.255.255", "benchmarking"},
    {"198.51.100.0", "198.51.100.255", "documentation"},
    {"203.0.113.0", "203.0.113.255", "documentation"},
    {"224.0.0.0", "239.255.255.255", "multicast"},
    {"240.0.0.0", "255.255.255.255", "reserved"},
    {"::", "::", "unspecified"},
    {"::1", "::1", "loopback"},
    {"::ffff:0:0", "::ffff:ffff:ffff", "IPv4-mapped"},
    {"::2", "::ffff:ffff", "reserved"},  // after `::` and `::1`
    {"64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff", "private"},
    {"100::", "100::ffff:ffff:ffff:ffff", "discard-only"},
    {"100:0:0:1::", "100::1:ffff:ffff:ffff:ffff", "reserved"},
    {"2001:1::1", "2001:1::1", ""},
    {"2001:1::2", "2001:1::2", ""},
    {"2001:1::3", "2001:1::3", ""},
    {"2001:3::", "2001:3:ffff:ffff:ffff:ffff:ffff:ffff", ""},
    {"2001:4:112::", "2001:4:112:ffff:ffff:ffff:ffff:ffff", ""},
    {"2001:20::", "2001:2f:ffff:ffff:ffff:ffff:ffff:ffff", ""},
    {"2001:30::", "2001:3f:ffff:ffff:ffff:ffff:ffff:ffff", ""},
    {"2001::", "2001:0:ffff:ffff:ffff:ffff:ffff:ffff", "a Teredo address"},
    {"2001:2::", "2001:2:0:ffff:ffff:ffff:ffff:ffff", "benchmarking"},
    {"2001:10::", "2001:1f:ffff:ffff:ffff:ffff:ffff:ffff", "an ORCHID"},
    {"2001:1::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", "reserved"},
    {"2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "documentation"},
    {"2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "a 6to4 address"},
    {"2620:4f:8000::", "2620:4f:8000:ffff:ffff:ffff:ffff:ffff", ""},
    {"3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", "documentation"},
    {"5f00::", "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "reserved for segment routing"},
    {"fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "private"},
    {"fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "link-local"},
    {"fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "site-local"},
    {"ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "multicast"},
};

}  // namespace

TEST_CASE("the first and the last address of each special-purpose network have its purpose") {
  for (const Range& range : ranges) {
    INFO(range.first);
    CHECK(purpose(range.first) == range.name);
    CHECK(purpose(range.last) == range.name);
  }
}

TEST_CASE("the neighbours of the special-purpose networks may be asked") {
  for (const auto* address :
       {"1.0.0.0",         "9.255.255.255",   "11.0.0.0",        "100.63.255.255", "100.128.0.0",
        "126.255.255.255", "128.0.0.0",       "169.253.255.255", "169.255.0.0",    "172.15.255.255",
        "172.32.0.0",      "191.255.255.255", "192.0.1.0",       "192.0.1.255",    "192.0.3.0",
        "192.88.98.255",   "192.88.100.0",    "192.167.255.255", "192.169.0.0",    "198.17.255.255",
        "198.20.0.0",      "198.51.99.255",   "198.51.101.0",    "203.0.112.255",  "203.0.114.0",
        "223.255.255.255", "64:ff9a:ffff::",  "64:ff9b:2::",     "2001:200::",     "2001:db7:ffff::",
        "2001:db9::",      "2001:ffff::",     "2003::",          "3ffe:ffff::",    "3fff:1000::",
        "5eff:ffff::",     "5f01::",          "fbff:ffff::"}) {
    INFO(address);
    CHECK(purpose(address).empty());
  }
}

TEST_CASE("a translated IPv4 address has the purpose of the IPv4 address") {
  CHECK(purpose("64:ff9b::7f00:1") == "loopback");
  CHECK(purpose("64:ff9b::a00:1") == "private");
  CHECK(purpose("64:ff9b::c000:201") == "documentation");
  CHECK(purpose("64:ff9b::808:808").empty());
}
