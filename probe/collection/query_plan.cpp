#include "probe/collection/query_plan.hpp"

#include <algorithm>

namespace dkimprobe::probe {
namespace {

constexpr std::array all_purposes = {Purpose::record_plain, Purpose::record_edns,   Purpose::record_tcp,
                                     Purpose::zone_soa,     Purpose::zone_ns,       Purpose::wildcard_probe,
                                     Purpose::domainkey,    Purpose::record_dnssec, Purpose::zone_dnskey};

}  // namespace

bool refuses_edns(Rcode rcode) {
  return rcode == Rcode::formerr || rcode == Rcode::notimp || rcode == Rcode::servfail ||
         rcode == Rcode::badvers;
}

bool QueryPlan::settled(Purpose purpose) {
  const Progress progress = track(purpose).progress;
  return progress == Progress::idle || progress == Progress::answered || progress == Progress::failed;
}

void QueryPlan::begin(Purpose purpose, Transport transport, bool edns) {
  const std::uint8_t attempts = transport == Transport::tcp ? 1 : limits_.attempts;
  track(purpose) = {Progress::due, attempts, transport, edns};
}

void QueryPlan::soa_was_asked(Outcome outcome) {
  track(Purpose::zone_soa).progress = outcome == Outcome::answered ? Progress::answered : Progress::failed;
}

PlannedQuestions QueryPlan::next() {
  if (!begun_) {
    begun_ = true;
    begin(Purpose::record_plain, Transport::udp, false);
    if (set_ != QuestionSet::quick) {
      begin(Purpose::record_edns, Transport::udp, true);
      begin(Purpose::record_tcp, Transport::tcp, false);
    }
    const bool wants_soa = set_ == QuestionSet::full && track(Purpose::zone_soa).progress == Progress::idle;
    if (wants_soa) begin(Purpose::zone_soa, Transport::udp, false);
  } else if (!second_stage_ && settled(Purpose::record_plain) && settled(Purpose::record_edns) &&
             settled(Purpose::record_tcp) && settled(Purpose::zone_soa)) {
    second_stage_ = true;
    begin_second_stage();
  }
  PlannedQuestions questions;
  for (const Purpose purpose : all_purposes) {
    if (track(purpose).progress == Progress::due) ask(purpose, questions);
  }
  return questions;
}

/// Which transports work is known now.
void QueryPlan::begin_second_stage() {
  const bool udp_works =
      succeeded(Purpose::record_plain) || succeeded(Purpose::record_edns) || succeeded(Purpose::zone_soa);
  if (set_ == QuestionSet::quick) {
    if (needs_tcp_) begin(Purpose::record_tcp, Transport::tcp, false);
    return;
  }
  if (!udp_works && !succeeded(Purpose::record_tcp)) return;
  const Transport transport = udp_works ? Transport::udp : Transport::tcp;
  if (limits_.is_signed) begin(Purpose::record_dnssec, transport, true);
  if (set_ != QuestionSet::full) return;
  if (limits_.is_signed) begin(Purpose::zone_dnskey, transport, true);
  // Unless the SOA was already asked for over TCP, after a truncated answer.
  if (!udp_works && track(Purpose::zone_soa).transport == Transport::udp)
    begin(Purpose::zone_soa, transport, false);
  // Where the record query with EDNS failed, this small answer shows whether EDNS was the cause.
  begin(Purpose::zone_ns, transport, udp_works);
  if (!limits_.holds_domainkey) return;
  begin(Purpose::wildcard_probe, transport, edns_works_ && udp_works);
  begin(Purpose::domainkey, transport, edns_works_ && udp_works);
}

bool QueryPlan::take_exchange() {
  if (sent_ >= limits_.exchanges) {
    cut_short_ = true;
    return false;
  }
  ++sent_;
  return true;
}

bool QueryPlan::may_repeat() {
  return take_exchange();
}

void QueryPlan::ask(Purpose purpose, PlannedQuestions& questions) {
  Track& due = track(purpose);
  if (!take_exchange()) {
    due.progress = Progress::failed;
    return;
  }
  due.progress = Progress::under_way;
  ++under_way_;
  // The last attempt goes without EDNS: it shows whether EDNS, DO=1 or the size of the answer caused the
  // silence.
  const bool is_test = purpose == Purpose::wildcard_probe || (purpose == Purpose::zone_ns && !edns_works_);
  const bool last_without_edns = is_test && due.edns && due.transport == Transport::udp && due.attempts > 1;
  questions.push_back({purpose, due.transport, due.edns, last_without_edns, due.attempts,
                       due.transport == Transport::tcp ? limits_.tcp_timeout : limits_.initial_timeout});
}

void QueryPlan::finished(const PlannedOutcome& outcome) {
  --under_way_;
  Track& asked = track(outcome.purpose);
  const bool about_record =
      outcome.purpose == Purpose::record_plain || outcome.purpose == Purpose::record_edns;
  if (about_record && (outcome.truncated || outcome.met_malformed)) needs_tcp_ = true;
  if (outcome.outcome != Outcome::answered) {
    asked.progress = Progress::failed;
    return;
  }
  asked.progress = Progress::answered;
  if (outcome.purpose == Purpose::wildcard_probe && outcome.transport == Transport::udp && outcome.edns) {
    return wildcard_probe_with_dnssec_answered(outcome);
  }
  if (outcome.purpose == Purpose::zone_ns && outcome.edns && refuses_edns(outcome.rcode))
    return begin(Purpose::zone_ns, Transport::udp, false);
  if (outcome.purpose == Purpose::record_edns) edns_works_ = !refuses_edns(outcome.rcode);
  // A truncated answer about the zone is asked for again over TCP; the record has its TCP exchange anyway.
  if (outcome.truncated && !about_record && outcome.transport == Transport::udp) {
    begin(outcome.purpose, Transport::tcp, is_about_dnssec(outcome.purpose));
  }
}

void QueryPlan::wildcard_probe_with_dnssec_answered(const PlannedOutcome& outcome) {
  Track& wildcard_probe = track(Purpose::wildcard_probe);
  // Signatures can make an answer too large for UDP. Where TCP does not work, the smaller answer without them
  // is wanted.
  if (outcome.truncated && succeeded(Purpose::record_tcp)) {
    begin(Purpose::wildcard_probe, Transport::tcp, true);
  } else if (outcome.truncated || refuses_edns(outcome.rcode)) {
    // The server does answer, so fewer attempts suffice, and all questions fit into the allowed exchanges.
    const int attempts = std::max(1, limits_.attempts - 1);
    wildcard_probe = {Progress::due, static_cast<std::uint8_t>(attempts), Transport::udp, false};
  }
}

}  // namespace dkimprobe::probe
