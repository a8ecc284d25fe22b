// A nameserver without a network: it answers messages from records in text, as an authoritative server should
// (RFC 1034 section 4.3.2), with a few faults on demand. It knows no time and no transport.
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

  /// One record as `OWNER TYPE DATA` (SOA, NS, A, TXT, CNAME or DNAME; the SOA's data is its MNAME). Names
  /// with a SOA are the zones that this server is authoritative for. Throws when the text is wrong.
  void add(std::string_view text);
  /// The response to a query; nothing when the server keeps silent.
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

/// What was asked: the question of a query in wire form.
struct AskedQuestion {
  config::DomainName name{};
  probe::RecordType type = probe::RecordType::txt;
};
[[nodiscard]] AskedQuestion question_of(const Bytes& query);

}  // namespace dkimprobe::tests
