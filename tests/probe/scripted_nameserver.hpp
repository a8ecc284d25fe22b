// A nameserver without a network: it answers messages from records in text form, as an authoritative server
// should (RFC 1034 section 4.3.2), with a few optional faults. It knows no time and no transport.
#pragma once

#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "config/names/address.hpp"
#include "config/names/domain_name.hpp"
#include "probe/observation.hpp"
#include "tests/probe/transport/scripted_sockets.hpp"

namespace dkimprobe::tests {

class ScriptedNameserver {
 public:
  bool silent = false;
  bool lame = false;  ///< answers without AA

  /// One record as `OWNER TYPE DATA` (SOA, NS, A, TXT, CNAME or DNAME; the SOA's data is its MNAME). The
  /// server is authoritative for the names with a SOA. Throws for an invalid text.
  void add(std::string_view text);
  /// The response to a query; nothing when the server is silent.
  [[nodiscard]] std::optional<Bytes> answer(const Bytes& query) const;

 private:
  struct Record {
    config::DomainName owner{};
    probe::RecordType type = probe::RecordType::txt;
    Bytes rdata{};
    std::optional<config::DomainName> target{};  ///< of NS, CNAME and DNAME
  };
  std::vector<Record> records_{};
};

/// The question of a query in wire form.
struct AskedQuestion {
  config::DomainName name{};
  probe::RecordType type = probe::RecordType::txt;
};
[[nodiscard]] AskedQuestion question_of(const Bytes& query);

}  // namespace dkimprobe::tests
