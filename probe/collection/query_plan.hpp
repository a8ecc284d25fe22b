// What to ask one server address about one name, and when to stop: a pure decision on a small value of fixed
// size. It is told how each question went and says what comes next; it sends nothing, records nothing and
// looks at no clock. When the attempts at a question leave is not its business, only how many there may be.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "probe/observation.hpp"

namespace dkimprobe::probe {

/// An error that a server gives to EDNS itself (FORMERR by RFC 6891 section 7, the others by RFC 2671 section
/// 5.3 and RFC 6891 section 6.1.3), so that the plain way is to be used from now on.
[[nodiscard]] bool refuses_edns(Rcode rcode);

/// How much a server is asked about a name.
enum class QuestionSet : std::uint8_t {
  full,  ///< the record in plain UDP, with EDNS and over TCP; the zone's SOA and NS, what is at `_domainkey`
  record_only,  ///< the record in the three ways: the zone was asked for another name
  glance,       ///< the record once, in plain UDP, and over TCP when that is truncated or malformed
};

struct PlanLimits {
  std::uint8_t attempts = 3;
  std::uint8_t exchanges = 24;  ///< for this server and name; more are left out
  std::chrono::milliseconds initial_timeout{400};
  std::chrono::milliseconds tcp_timeout{3'000};
  bool holds_domainkey =
      false;  ///< the zone holds `_domainkey`: `full` asks for it and for the sibling as well
};

/// A question to ask now, in several attempts where it is lost.
struct PlannedQuestion {
  Purpose purpose = Purpose::record_plain;
  Transport transport = Transport::udp;
  bool edns = false;
  bool last_without_edns = false;  ///< the last attempt, when there is more than one
  std::uint8_t attempts = 1;
  std::chrono::milliseconds first_wait{0};

  friend bool operator==(const PlannedQuestion&, const PlannedQuestion&) = default;
};

/// What the plan needs to know of a question that is over.
struct PlannedOutcome {
  Purpose purpose = Purpose::record_plain;
  Transport transport = Transport::udp;
  bool edns = false;  ///< of the attempt that decides
  Outcome outcome = Outcome::timed_out;
  bool met_malformed = false;    ///< by some attempt
  Rcode rcode = Rcode::noerror;  ///< when answered
  bool truncated = false;        ///< when answered
};

/// A list of at most as many questions as can be due at once.
class PlannedQuestions {
 public:
  void push_back(const PlannedQuestion& question) { questions_[size_++] = question; }
  [[nodiscard]] const PlannedQuestion* begin() const { return questions_.data(); }
  [[nodiscard]] const PlannedQuestion* end() const { return questions_.data() + size_; }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }

 private:
  std::array<PlannedQuestion, 8> questions_{};
  std::size_t size_ = 0;
};

/// The plan for one server and name. First the record is asked in plain UDP, with EDNS and over TCP at the
/// same time, and the SOA: a server that is dead costs the time of its tries once, and one that drops a
/// single way of asking is told from it. What is left follows in the way that has proved to work. The sibling
/// is the one question with DO=1, which no other has proved: where that fails, it is asked without EDNS. So
/// is the NS question where the record did not come with EDNS: the name in mixed case or the size may have
/// been the cause.
class QueryPlan {
 public:
  QueryPlan(QuestionSet set, const PlanLimits& limits) : set_(set), limits_(limits) {}

  /// The zone's SOA was asked for in plain UDP before the plan began, which so need not.
  void soa_was_asked(Outcome outcome);
  /// What to ask now: called once at the start and after each outcome.
  [[nodiscard]] PlannedQuestions next();
  /// Whether one more attempt may be made at a question, which then counts among the exchanges.
  [[nodiscard]] bool may_repeat();
  void finished(const PlannedOutcome& outcome);

  [[nodiscard]] bool done() const { return under_way_ == 0 && begun_; }
  /// Something was left out because the number of exchanges was used up.
  [[nodiscard]] bool cut_short() const { return cut_short_; }

 private:
  /// How far the asking for one purpose has come.
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
  std::array<Track, 7> tracks_{};  ///< by purpose
  std::uint8_t under_way_ = 0;
  std::uint8_t sent_ = 0;
  bool begun_ = false;
  bool second_stage_ = false;
  bool edns_works_ = false;
  bool needs_tcp_ = false;  ///< the record came truncated or malformed over UDP
  bool cut_short_ = false;
};

}  // namespace dkimprobe::probe
