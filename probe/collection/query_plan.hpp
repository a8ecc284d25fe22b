// Decides what to ask one server address about one name, and when to stop. Pure, of small fixed size: it gets
// the outcome of each question and returns the next ones. It sends nothing, records nothing and reads no
// clock. It sets how many attempts a question may have, not when they are sent.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "probe/observation.hpp"

namespace dkimprobe::probe {

/// Whether this is the error of a server that rejects EDNS itself (FORMERR: RFC 6891 section 7; the others:
/// RFC 2671 section 5.3 and RFC 6891 section 6.1.3), so that queries should go without EDNS from now on.
[[nodiscard]] bool refuses_edns(Rcode rcode);

/// How much a server is asked about a name.
enum class QuestionSet : std::uint8_t {
  full,         ///< the record over plain UDP, with EDNS and over TCP; the zone's SOA and NS; `_domainkey`
  record_only,  ///< the record in these three ways; another probe asks about the zone
  quick,        ///< the record once over plain UDP, and over TCP when that answer is truncated or malformed
};

struct PlanLimits {
  std::uint8_t attempts = 3;
  std::uint8_t exchanges = 24;  ///< for this server and name; further ones are left out
  std::chrono::milliseconds initial_timeout{400};
  std::chrono::milliseconds tcp_timeout{3'000};
  bool holds_domainkey =
      false;  ///< the zone holds `_domainkey`: `full` also asks for it and for the wildcard probe
  bool is_signed = false;  ///< the zone is to be validated: the record and the zone's keys with DO=1
};

/// A question to ask now, with further attempts if it is lost.
struct PlannedQuestion {
  Purpose purpose = Purpose::record_plain;
  Transport transport = Transport::udp;
  bool edns = false;
  bool last_without_edns = false;  ///< applies to the last attempt, when there is more than one
  std::uint8_t attempts = 1;
  std::chrono::milliseconds first_wait{0};

  friend bool operator==(const PlannedQuestion&, const PlannedQuestion&) = default;
};

/// What the plan needs to know about a finished question.
struct PlannedOutcome {
  Purpose purpose = Purpose::record_plain;
  Transport transport = Transport::udp;
  bool edns = false;  ///< of the deciding attempt
  Outcome outcome = Outcome::timed_out;
  bool met_malformed = false;    ///< some attempt got a malformed response
  Rcode rcode = Rcode::noerror;  ///< when answered
  bool truncated = false;        ///< when answered
};

/// A list with room for as many questions as can be due at once.
class PlannedQuestions {
 public:
  void push_back(const PlannedQuestion& question) { questions_[size_++] = question; }
  [[nodiscard]] const PlannedQuestion* begin() const { return questions_.data(); }
  [[nodiscard]] const PlannedQuestion* end() const { return questions_.data() + size_; }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }

 private:
  std::array<PlannedQuestion, 10> questions_{};
  std::size_t size_ = 0;
};

/// The plan for one server and name. First, at the same time: the record over plain UDP, with EDNS and over
/// TCP, and the SOA. So a dead server costs the time of its attempts only once, and is distinguished from one
/// that drops a single transport. The rest follows over a transport that has worked. The wildcard probe is
/// the only question with DO=1, which nothing has tested before: if it fails, it is asked again without EDNS.
/// So is the NS question where the record query with EDNS failed: the mixed case of the name or the size of
/// the answer may have been the cause.
class QueryPlan {
 public:
  QueryPlan(QuestionSet set, const PlanLimits& limits) : set_(set), limits_(limits) {}

  /// The zone's SOA was asked for over plain UDP before the plan began, so the plan skips it.
  void soa_was_asked(Outcome outcome);
  /// What to ask now. Call it once at the start and after each outcome.
  [[nodiscard]] PlannedQuestions next();
  /// Whether one more attempt at a question may be sent; it then counts as an exchange.
  [[nodiscard]] bool may_repeat();
  void finished(const PlannedOutcome& outcome);

  [[nodiscard]] bool done() const { return under_way_ == 0 && begun_; }
  /// Something was left out because the budget of exchanges was used up.
  [[nodiscard]] bool cut_short() const { return cut_short_; }

 private:
  /// The state of the question for one purpose.
  enum class Progress : std::uint8_t { idle, due, under_way, answered, failed };

  struct Track {
    Progress progress = Progress::idle;
    std::uint8_t attempts = 1;
    Transport transport = Transport::udp;
    bool edns = false;
  };

  [[nodiscard]] Track& track(Purpose purpose) { return tracks_[static_cast<std::size_t>(purpose)]; }
  [[nodiscard]] bool settled(Purpose purpose);
  [[nodiscard]] bool succeeded(Purpose purpose) { return track(purpose).progress == Progress::answered; }
  void begin(Purpose purpose, Transport transport, bool edns);
  void begin_second_stage();
  void ask(Purpose purpose, PlannedQuestions& questions);
  [[nodiscard]] bool take_exchange();
  void wildcard_probe_with_dnssec_answered(const PlannedOutcome& outcome);

  QuestionSet set_;
  PlanLimits limits_;
  std::array<Track, 9> tracks_{};  ///< by purpose
  std::uint8_t under_way_ = 0;
  std::uint8_t sent_ = 0;
  bool begun_ = false;
  bool second_stage_ = false;
  bool edns_works_ = false;
  bool needs_tcp_ = false;  ///< the record was truncated or malformed over UDP
  bool cut_short_ = false;
};

}  // namespace dkimprobe::probe
