#include "checks/answers/silence.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>
#include <utility>

namespace dkimprobe::checks {
namespace {

using config::DomainName;
using probe::Exchange;
using probe::IgnoreReason;
using probe::Outcome;
using probe::Purpose;
using probe::Rcode;
using probe::RecordType;
using probe::Transport;
using std::chrono::microseconds;

constexpr std::uint32_t small_answer_bytes = 512;
/// Loss counts as the cause if it leaves a question unanswered with at least this probability.
constexpr double unlikely = 0.02;
constexpr std::uint32_t plain_loss = 2;        ///< queries, while other questions got no response
constexpr std::uint32_t noticeable_loss = 3;   ///< queries
constexpr std::uint32_t noticeable_share = 5;  ///< one query in this many

/// A question of one form over UDP (name, type, case, EDNS), with all its queries.
struct Question {
  const Exchange* first = nullptr;
  bool is_mixed = false;
  bool is_own = false;  ///< asked of this server as a server of the name, not during the delegation walk
  std::uint32_t asked = 0;
  std::uint32_t lost = 0;
  std::uint32_t overtaken = 0;  ///< superseded queries that had had enough time for a response
  bool was_unreachable = false;
  bool got_nonsense = false;
  bool answered = false;
  bool refused = false;
  std::uint32_t bytes = 0;  ///< of the largest response
  microseconds answer_started{0};
  std::vector<microseconds> starts{};

  /// Queries whose result is known or can be estimated.
  [[nodiscard]] std::uint32_t queries() const { return asked + overtaken; }
  [[nodiscard]] bool is_silent() const { return queries() > 0 && !answered && !got_nonsense; }
  [[nodiscard]] bool is_for_record() const {
    return is_own && (first->purpose == Purpose::record_plain || first->purpose == Purpose::record_edns);
  }
};

bool is_nonsense(const probe::IgnoredMessages& ignored) {
  for (const IgnoreReason reason :
       {IgnoreReason::wrong_source, IgnoreReason::wrong_id, IgnoreReason::wrong_question,
        IgnoreReason::wrong_class, IgnoreReason::wrong_opcode, IgnoreReason::not_a_response,
        IgnoreReason::no_question, IgnoreReason::malformed}) {
    if (ignored[reason] > 0) return true;
  }
  return false;
}

/// All UDP queries to one address.
class Interview {
 public:
  void add(const Exchange& exchange, bool is_own) {
    // Exchanges of an earlier probe do not count.
    if (exchange.transport != Transport::udp || exchange.started < microseconds{0}) return;
    if (is_ours(exchange.outcome) && exchange.outcome != Outcome::superseded) return;
    Question& question = place(exchange);
    if (std::ranges::find(question.starts, exchange.started) != question.starts.end()) return;
    question.starts.push_back(exchange.started);
    question.is_own = question.is_own || is_own;
    count(question, exchange);
  }

  void add_walk(const probe::Delegation& delegation, const config::ServerAddress& address) {
    for (const auto& walked : delegation.exchanges) {
      if (walked.server == address) add(walked.exchange, false);
    }
  }

  /// The queries to the server of `answer` for another name than that of `answer`.
  void add_other_names(const probe::Hop& hop, const ServerAnswer& answer) {
    for (const auto& server : hop.servers) {
      if (server.address != answer.id.address || &server == answer.server) continue;
      for (const Exchange& exchange : server.exchanges) add(exchange, false);
    }
  }

  /// The questions to compare. Unanswered queries of the delegation walk show nothing about the zone.
  [[nodiscard]] std::vector<Question> questions() const {
    std::vector<Question> kept;
    for (Question question : questions_) {
      if (question.is_silent() && !question.is_own) continue;
      if (question.got_nonsense && !question.answered) continue;
      if (question.queries() > 0) kept.push_back(std::move(question));
    }
    return kept;
  }

 private:
  Question& place(const Exchange& exchange) {
    const bool mixed = mixes_case(exchange);
    const auto same = std::ranges::find_if(questions_, [&](const Question& known) {
      return known.first->question_name == exchange.question_name && known.is_mixed == mixed &&
             known.first->question_type == exchange.question_type &&
             known.first->edns_sent == exchange.edns_sent;
    });
    if (same != questions_.end()) return *same;
    Question question;
    question.first = &exchange;
    question.is_mixed = mixed;
    return questions_.emplace_back(std::move(question));
  }

  static void count(Question& question, const Exchange& exchange) {
    if (exchange.outcome == Outcome::superseded) {
      // A later query was answered, perhaps over another transport. This one counts as lost if it had enough
      // time.
      if (!question.answered && exchange.took > std::chrono::milliseconds{300}) ++question.overtaken;
      return;
    }
    ++question.asked;
    question.got_nonsense = question.got_nonsense || is_nonsense(exchange.ignored);
    if (exchange.outcome == Outcome::answered || exchange.outcome == Outcome::malformed) {
      question.answered = true;
      question.refused = exchange.response && exchange.response->rcode == Rcode::refused;
      question.bytes = std::max(question.bytes, exchange.bytes_received);
      question.answer_started = exchange.started;
      // A response that came after the timeout of its attempt was not lost.
      const std::uint32_t late = std::min(exchange.ignored[IgnoreReason::late], question.lost);
      question.lost -= late;
      question.asked -= late;
      // With a slow server, the response to a superseded query may still have been on its way.
      if (exchange.took > std::chrono::milliseconds{200}) question.overtaken = 0;
      return;
    }
    question.was_unreachable = question.was_unreachable || exchange.outcome == Outcome::unreachable;
    ++question.lost;
  }

  std::vector<Question> questions_{};
};

Interview gather(const probe::Observation& observation, const DomainName& zone, const ServerAnswer& answer) {
  Interview interview;
  for (const Exchange& exchange : answer.server->exchanges) interview.add(exchange, true);
  for (const probe::Chain* chain : {&observation.key, &observation.adsp}) {
    for (const probe::Hop& hop : chain->hops) {
      interview.add_walk(hop.delegation, answer.id.address);
      // Another zone on the same server does not count.
      if (hop.delegation.zone == zone) interview.add_other_names(hop, answer);
    }
  }
  return interview;
}

/// Splits the questions of one server by whether they got a response, and derives the cause.
class Diagnosis {
 public:
  Diagnosis(const ServerAnswer& answer, std::vector<Question> questions, bool pinned)
      : answer_(answer), pinned_(pinned) {
    for (Question& question : questions) {
      silence_.asked += question.asked;
      silence_.lost += question.was_unreachable ? 0 : question.lost;
      (question.is_silent() ? silent_ : answered_).push_back(std::move(question));
    }
    silence_.all_came = silent_.empty();
    leave_out_signed_denial();
  }

  [[nodiscard]] Silence result() {
    silence_.cause = cause();
    return silence_;
  }

 private:
  /// DO=1 makes the denial of the wildcard probe large, and some servers drop it; the probe is repeated
  /// without DO.
  void leave_out_signed_denial() {
    if (answer_.wildcard_probe.response() == nullptr) return;
    std::erase_if(silent_, [](const Question& question) {
      return question.first->purpose == Purpose::wildcard_probe && question.first->edns_sent;
    });
  }

  SilenceCause cause() {
    if (silent_.empty()) {
      if (is_limited([](const Question& question) { return question.refused; })) {
        silence_.refused = true;
        return SilenceCause::limit;
      }
      return is_noticeable() ? SilenceCause::loss : SilenceCause::none;
    }
    if (answered_.empty()) {
      const bool over_tcp = answer_.tcp.response() != nullptr || !is_silent_over_tcp();
      return over_tcp ? SilenceCause::udp : SilenceCause::dead;
    }
    if (loss_explains()) return SilenceCause::loss;
    if (is_large()) return SilenceCause::large_udp;
    if (is_case()) return SilenceCause::mixed_case;
    if (is_edns()) return SilenceCause::edns;
    // Questions that were not repeated do not show that the server is silent.
    if (answer_.server->cut_short) return SilenceCause::none;
    if (is_type()) return SilenceCause::type;
    if (is_name()) return SilenceCause::name;
    // One silent question at the end, or loss before it, is not a rate limit.
    if (silent_.size() > 1 && !lost_before() && is_limited([](const Question&) { return false; }))
      return SilenceCause::limit;
    if (std::ranges::any_of(silent_, &Question::was_unreachable)) return SilenceCause::none;
    return SilenceCause::loss;
  }

  [[nodiscard]] bool is_silent_over_tcp() const { return checks::is_silent(answer_.tcp); }

  [[nodiscard]] bool is_noticeable() const {
    std::uint32_t overtaken = 0;
    for (const Question& question : answered_) overtaken += question.overtaken;
    const std::uint32_t missing = silence_.lost + overtaken;
    return !answer_.server->cut_short && missing >= noticeable_loss &&
           missing * noticeable_share >= silence_.asked + overtaken;
  }

  /// Whether the loss rate of the answered questions explains that the other questions got no response.
  [[nodiscard]] bool loss_explains() const {
    std::uint32_t asked = 0;
    std::uint32_t lost = 0;
    for (const Question& question : answered_) {
      asked += question.queries();
      lost += question.lost + question.overtaken;
    }
    if (lost == 0) return false;
    // A filter in addition to a network with high loss is rare.
    if (lost >= plain_loss && lost * noticeable_share >= asked) return true;
    std::uint32_t queries = 0;
    for (const Question& question : silent_) queries += question.queries();
    // Laplace's estimate: a few queries do not prove a loss rate of 0 or 1.
    const double share = (lost + 1.0) / (asked + 2.0);
    return std::pow(share, queries) >= unlikely;
  }

  [[nodiscard]] bool lost_before() const {
    return std::ranges::any_of(
        answered_, [](const Question& question) { return question.lost + question.overtaken > 0; });
  }

  template <class Holds>
  [[nodiscard]] bool all_silent(Holds holds) const {
    return std::ranges::all_of(silent_, std::move(holds));
  }
  template <class Holds>
  [[nodiscard]] bool any_answered(Holds holds) const {
    return std::ranges::any_of(answered_, std::move(holds));
  }

  [[nodiscard]] bool is_large() const {
    const auto plain = std::ranges::find_if(answered_, [](const Question& question) {
      return question.is_for_record() && !question.first->edns_sent;
    });
    const bool plain_came = plain != answered_.end();
    const bool is_long =
        answer_.plain.outcome == ServerOutcome::tcp_failed ||
        (is_whole(answer_.tcp.outcome) && answer_.tcp.deciding->bytes_received > small_answer_bytes);
    const auto arrives = [](bool edns) {
      return [edns](const Question& question) { return question.first->edns_sent == edns; };
    };
    if (!is_long || !all_silent(std::mem_fn(&Question::is_for_record))) return false;
    // Without a small answer with EDNS, EDNS itself may be dropped; without any answer over UDP, UDP may be.
    return any_answered(arrives(true)) && (plain_came || any_answered(arrives(false))) &&
           std::ranges::none_of(answered_,
                                [](const Question& question) { return question.bytes > small_answer_bytes; });
  }

  [[nodiscard]] bool is_case() const {
    return all_silent(std::mem_fn(&Question::is_mixed)) && any_answered([](const Question& question) {
             return question.first->edns_sent && !question.is_mixed;
           });
  }

  [[nodiscard]] bool is_edns() const {
    const auto has_edns = [](const Question& question) { return question.first->edns_sent; };
    return all_silent(has_edns) && !any_answered(has_edns);
  }

  [[nodiscard]] bool is_type() {
    std::vector<RecordType> types;
    for (const Question& question : silent_) {
      if (std::ranges::find(types, question.first->question_type) == types.end())
        types.push_back(question.first->question_type);
    }
    const auto is_of_them = [&](const Question& question) {
      return std::ranges::find(types, question.first->question_type) != types.end();
    };
    if (any_answered(is_of_them)) return false;
    // With several types, exclude that the server just stopped answering over UDP.
    if (types.size() > 1 && !answers_go_on() && !is_silent_over_tcp()) return false;
    silence_.types = std::move(types);
    return true;
  }

  [[nodiscard]] bool is_name() const {
    return all_silent(std::mem_fn(&Question::is_for_record)) &&
           !any_answered(std::mem_fn(&Question::is_for_record)) && any_answered([](const Question& question) {
             return question.first->question_type == RecordType::txt;
           });
  }

  /// Whether a question that was asked after the first silent one got a response.
  [[nodiscard]] bool answers_go_on() const {
    const auto first = first_start(silent_);
    return any_answered([&](const Question& question) { return question.answer_started > first; });
  }

  [[nodiscard]] static microseconds first_start(const std::vector<Question>& questions) {
    microseconds first = microseconds::max();
    for (const Question& question : questions) first = std::min(first, question.starts.front());
    return first;
  }

  /// Whether it answered at first and then no more, and the unanswered questions have a type that it had
  /// answered before, or several types.
  template <class Refuses>
  [[nodiscard]] bool is_limited(Refuses refuses) {
    std::vector<Question> without = silent_;
    std::vector<Question> with;
    for (const Question& question : answered_) {
      // Servers given by the operator may not have the zone of that name, and may refuse its SOA query.
      const bool may_refuse = pinned_ && (question.first->purpose == Purpose::zone_soa ||
                                          question.first->purpose == Purpose::zone_ns);
      // Another zone on the same server does not count.
      if (refuses(question) && (may_refuse || !question.is_own)) continue;
      (refuses(question) ? without : with).push_back(question);
    }
    if (without.empty() || with.empty()) return false;
    const auto first = std::ranges::min_element(
        without, {}, [](const Question& question) { return question.starts.front(); });
    const auto went_on = [&](const Question& question) {
      return question.answer_started > first->starts.front();
    };
    if (std::ranges::any_of(with, went_on)) return false;
    silence_.question = first->first->question_name.to_string();
    const auto had_answered = [&](const Question& question) {
      return std::ranges::any_of(with, [&](const Question& earlier) {
        if (silent_.empty() && !earlier.is_own) return false;
        return earlier.first->question_type == question.first->question_type;
      });
    };
    const auto is_other_type = [&](const Question& question) {
      return question.first->question_type != first->first->question_type;
    };
    return std::ranges::any_of(without, had_answered) ||
           (!silent_.empty() && std::ranges::any_of(without, is_other_type));
  }

  const ServerAnswer& answer_;
  bool pinned_ = false;
  std::vector<Question> silent_{};
  std::vector<Question> answered_{};
  Silence silence_{};
};

/// False for most servers: they answer every query.
bool needs_diagnosis(const ServerAnswer& answer) {
  return std::ranges::any_of(answer.server->exchanges, [](const Exchange& exchange) {
    return exchange.transport == Transport::udp &&
           (exchange.outcome != Outcome::answered || !exchange.response ||
            exchange.response->rcode == Rcode::refused);
  });
}

}  // namespace

bool is_silent(const TransportAttempts& attempts) {
  return attempts.failed() && !is_nonsense(attempts.ignored);
}

std::vector<std::vector<Silence>> read_silences(const probe::Observation& observation,
                                                const ChainAnswers& answers) {
  std::vector<std::vector<Silence>> all;
  for (const HopAnswers& hop : answers.hops) {
    auto& of_hop = all.emplace_back();
    const bool pinned = hop.hop->delegation.outcome == probe::DiscoveryOutcome::pinned;
    for (const ServerAnswer& answer : hop.servers) {
      of_hop.emplace_back();
      if (needs_diagnosis(answer))
        of_hop.back() =
            Diagnosis{answer, gather(observation, hop.hop->delegation.zone, answer).questions(), pinned}
                .result();
    }
  }
  return all;
}

}  // namespace dkimprobe::checks
