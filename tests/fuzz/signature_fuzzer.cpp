// Any octets as a message, its signatures judged against a record that has every flag, and printed: nothing
// may fail or come out that is not safe to print.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "checks/judgement/judge.hpp"
#include "exporters/json/report_json.hpp"
#include "exporters/terminal/signature_table.hpp"

namespace checks = dkimprobe::checks;
namespace exporters = dkimprobe::exporters;
namespace probe = dkimprobe::probe;

namespace {

void demand(bool holds) {
  if (!holds) std::abort();
}

void demand_printable(const std::string& text) {
  for (const char c : text) demand((c >= ' ' && c < 0x7f) || c == '\n');
}

/// One server that publishes a key for the name.
probe::Observation observation_of(const checks::SignatureField& field) {
  probe::Observation observation;
  observation.domain = *field.domain;
  observation.selector = *field.selector;
  observation.observed_at = probe::WallTime{std::chrono::seconds{1'767'225'600}};
  probe::Response response;
  response.authoritative = true;
  response.txt.push_back(
      {300, {"v=DKIM1; h=sha1; t=s; k=ed25519; p=9JhgWg2ZI4obYNpV7C7BcyXIsr3JczAv4gsPQoMAvmY="}});
  probe::Exchange exchange;
  exchange.purpose = probe::Purpose::record_plain;
  exchange.outcome = probe::Outcome::answered;
  exchange.response = response;
  probe::ServerObservation server;
  server.exchanges.push_back(exchange);
  server.names.emplace_back();
  observation.key.hops.push_back({field.selector->owner_name(*field.domain).value(), {}, {server}});
  return observation;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string message(reinterpret_cast<const char*>(data), size);
  const auto read = checks::read_signatures(message);
  demand(read.fields.size() <= checks::most_signatures && read.fields.size() <= read.count);
  std::vector<exporters::DomainReports> reports;
  for (const auto& field : read.fields) {
    demand(field.domain.has_value() == field.selector.has_value());
    demand(field.names_key() || !field.faults.empty());
    demand(field.line > 0);
    for (const auto& fault : field.faults) {
      demand_printable(fault.detail.str());
      demand_printable(fault.remedy.str());
    }
    // One key is enough: all fields are judged against it.
    if (!field.names_key() || !reports.empty()) continue;
    const auto observation = observation_of(field);
    const auto report = checks::judge(observation, {}, {}, read.fields).report;
    demand(report.record.record_class == checks::RecordClass::weak);
    reports.push_back({observation.domain, report.status, {report}});
  }
  demand_printable(exporters::signature_table(read.fields, "a message", {40, false, false}));
  demand_printable(exporters::message_json(checks::Status::ok, read.fields, reports));
  // What follows the header changes nothing.
  if (read.count > 0)
    demand(checks::read_signatures(message + "\n\nDKIM-Signature: v=1\n").count == read.count);
  return 0;
}
