#include "probe/resolver/resolver_probe.hpp"

#include <algorithm>
#include <chrono>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "probe/wire/query_message.hpp"
#include "probe/wire/response_reader.hpp"

namespace dkimprobe::probe {
namespace {

using config::DomainName;
using config::ServerAddress;
using std::chrono_literals::operator""s;

constexpr std::uint8_t recursion_desired_flag = 0x01;  // of the header's third octet
constexpr std::size_t longest_chain = 12;
// A resolver that has to recurse may wait for silent servers.
constexpr std::chrono::milliseconds public_question_time = 10s;

const SoaRecord* soa_of_denial(const Response& response, const DomainName& name) {
  for (const SoaRecord& soa : response.soa) {
    if (!soa.in_answer && name.is_at_or_below(soa.owner)) return &soa;
  }
  return nullptr;
}

/// Reads the end of the chain when it has no TXT.
void read_absence(const Response& response, const DomainName& name, bool is_probe, ResolverAnswer& answer) {
  const SoaRecord* const soa = soa_of_denial(response, name);
  if (response.rcode == Rcode::nxdomain || soa != nullptr) {
    answer.kind = ResolverAnswerKind::denial;
    if (soa == nullptr) return;
    std::uint32_t left = std::min(soa->ttl_seconds, soa->minimum_seconds);
    for (const AliasRecord& alias : answer.aliases) left = std::max(left, alias.ttl_seconds);
    answer.seconds_left = left;
    return;
  }
  const bool is_referral = std::ranges::any_of(
      response.referral, [&](const NsRecord& ns) { return name.is_at_or_below(ns.owner); });
  if (!is_probe) {
    // RFC 2308 section 2.2: an answer without SOA and NS denies the TXT, but does not say for how long.
    answer.kind = is_referral ? ResolverAnswerKind::unknown : ResolverAnswerKind::denial;
  } else {
    answer.kind =
        is_referral || !answer.aliases.empty() ? ResolverAnswerKind::nothing : ResolverAnswerKind::hidden;
  }
}

void read_answer(const ScannedMessage& message, const DomainName& name, bool is_probe,
                 ResolverAnswer& answer) {
  Response response = read_response(message, name, RecordType::txt);
  answer.rcode = response.rcode;
  // RD is copied from the query (RFC 1035 section 4.1.1), so the resolver set it on the query itself.
  answer.recursion_on_its_own = is_probe && (message.bytes[2] & recursion_desired_flag) != 0;
  if (response.truncated) return;
  if (response.rcode != Rcode::noerror && response.rcode != Rcode::nxdomain) {
    if (is_probe && response.rcode == Rcode::refused) answer.kind = ResolverAnswerKind::hidden;
    return;
  }
  DomainName end = name;
  while (response.txt.empty() && !response.oversized_txt && !response.aliases.empty()) {
    if (answer.aliases.size() == longest_chain) return;
    end = response.aliases.front().target;
    answer.aliases.push_back(std::move(response.aliases.front()));
    response = read_response(message, end, RecordType::txt);
  }
  if (response.oversized_txt) return;
  if (response.txt.empty()) return read_absence(response, end, is_probe, answer);
  answer.kind = ResolverAnswerKind::text;
  std::uint32_t left = 0;
  for (const AliasRecord& alias : answer.aliases) left = std::max(left, alias.ttl_seconds);
  for (const TxtRecord& txt : response.txt) left = std::max(left, txt.ttl_seconds);
  answer.seconds_left = left;
  answer.txt = std::move(response.txt);
}

std::string rcode_name(Rcode rcode) {
  switch (rcode) {
    case Rcode::noerror:
      return "an empty answer";
    case Rcode::formerr:
      return "FORMERR";
    case Rcode::servfail:
      return "SERVFAIL";
    case Rcode::nxdomain:
      return "NXDOMAIN";
    case Rcode::notimp:
      return "NOTIMP";
    case Rcode::refused:
      return "REFUSED";
    case Rcode::badvers:
      return "BADVERS";
    case Rcode::badcookie:
      return "BADCOOKIE";
  }
  return fmt::format("rcode {}", static_cast<unsigned>(rcode));  // a number from the wire
}

std::string outcome_text(const ResolverAnswer& answer) {
  switch (answer.outcome) {
    case Outcome::answered:
      return answer.rcode == Rcode::noerror || answer.rcode == Rcode::nxdomain
                 ? "its response is truncated, too large, a referral, or has too long a chain of aliases"
                 : fmt::format("it returned {}", rcode_name(answer.rcode.value_or(Rcode::servfail)));
    case Outcome::timed_out:
      return "it sent no response";
    case Outcome::malformed:
      return "its response is malformed";
    case Outcome::connection_refused:
    case Outcome::connection_reset:
    case Outcome::connection_closed:
      return "its response over UDP is truncated, and the connection over TCP failed";
    case Outcome::interrupted:
    case Outcome::superseded:
      return "the query was interrupted";
    case Outcome::unreachable:
    case Outcome::no_route:
    case Outcome::local_error:
      return std::generic_category().message(answer.system_error);
  }
  return {};
}

std::string left_text(const ResolverAnswer& answer) {
  return answer.seconds_left ? fmt::format("cached for another {} s", *answer.seconds_left)
                             : "cached for an unknown time";
}

}  // namespace

std::string sentence(const ResolverAnswer& answer) {
  const std::string who =
      answer.resolver.port == 53 ? answer.resolver.ip.to_string() : answer.resolver.to_string();
  std::string text;
  switch (answer.kind) {
    case ResolverAnswerKind::text:
      text = fmt::format("{} has a TXT record for the name, {}", who, left_text(answer));
      break;
    case ResolverAnswerKind::denial:
      text = fmt::format("{} answers that there is no such TXT record, {}", who, left_text(answer));
      break;
    case ResolverAnswerKind::nothing:
      text = fmt::format("{} has nothing in its cache for the name", who);
      break;
    case ResolverAnswerKind::hidden:
      text = fmt::format(
          "{} does not show its cache ({}), so what it holds is unknown; to show it, set `access-control: "
          "ADDRESS allow_snoop` (Unbound), `allow-no-rd` (PowerDNS Recursor) or `allow-query-cache` (BIND), "
          "or "
          "remove the module `refuse_nord` (Knot Resolver)",
          who, rcode_name(answer.rcode.value_or(Rcode::refused)));
      break;
    case ResolverAnswerKind::unknown:
      text = fmt::format("{} gave no conclusive answer: {}", who, outcome_text(answer));
      break;
  }
  if (answer.recursion_on_its_own) {
    text +=
        "; it recurses even for queries with RD=0 (as Unbound does with `allow_setrd`), so this probe may "
        "have "
        "filled its cache";
  }
  return text;
}

class ResolverQuestions::State final : public QueryHandler {
 public:
  State(std::optional<PublicQuestion> right, QueryEngine& engine, const config::ProbeSettings& settings,
        const std::vector<ServerAddress>& resolvers, DomainName name, WallTime now, Finished finished)
      : right_(std::move(right)),
        engine_(engine),
        settings_(settings),
        name_(std::move(name)),
        query_(build_query(name_, RecordType::txt, {})),
        began_(engine.now()),
        began_at_(now),
        finished_(std::move(finished)) {
    if (right_) query_[2] |= recursion_desired_flag;
    for (const ServerAddress& resolver : resolvers) answers_.push_back({.resolver = resolver});
    attempts_.resize(resolvers.size());
  }

  ~State() {
    finished_ = nullptr;
    engine_.interrupt(*this);
  }

  void start() {
    left_ = answers_.size();
    for (std::uint32_t at = 0; at < answers_.size(); ++at) ask(at);
    if (answers_.empty()) finish();
  }

  void interrupt() {
    engine_.interrupt(*this);
    finish();
  }

 private:
  void ask(std::uint32_t at) {
    QueryRequest request;
    request.server = answers_[at].resolver;
    request.transport = answers_[at].transport;
    request.query = query_;
    request.right_to_recursion = right_ ? &*right_ : nullptr;
    request.timeout = right_ ? public_question_time
                      : request.transport == Transport::tcp
                          ? settings_.tcp_timeout
                          : settings_.initial_timeout * (1U << attempts_[at]);
    ++attempts_[at];
    engine_.start(request, *this, at);
  }

  void on_result(std::uint32_t at, const QueryResult& result) override {
    ResolverAnswer& answer = answers_[at];
    answer.outcome = result.outcome;
    answer.system_error = result.system_error;
    answer.seen = began_at_ + std::chrono::duration_cast<std::chrono::milliseconds>(result.started +
                                                                                    result.took - began_);
    if (result.message != nullptr) {
      const bool truncated = (result.message->bytes[2] & truncation_flag) != 0;
      if (truncated && answer.transport == Transport::udp) {
        answer.transport = Transport::tcp;
        return ask(at);
      }
      read_answer(*result.message, name_, !right_, answer);
    } else if (!right_ && answer.transport == Transport::udp && attempts_[at] < settings_.attempts &&
               (result.outcome == Outcome::timed_out || result.outcome == Outcome::malformed ||
                result.outcome == Outcome::unreachable)) {
      return ask(at);
    }
    if (--left_ == 0) finish();
  }
  void on_timer(std::uint32_t) override {}  // sets no timer

  void finish() {
    if (finished_) std::exchange(finished_, nullptr)(std::move(answers_));
  }

  static constexpr std::uint8_t truncation_flag = 0x02;

  std::optional<PublicQuestion> right_;
  QueryEngine& engine_;
  const config::ProbeSettings& settings_;
  DomainName name_;
  std::vector<std::uint8_t> query_;
  MonotonicTime began_;
  WallTime began_at_;
  Finished finished_;
  std::vector<ResolverAnswer> answers_{};
  std::vector<std::uint32_t> attempts_{};
  std::size_t left_ = 0;
};

ResolverQuestions::ResolverQuestions(QueryEngine& engine, const config::ProbeSettings& settings,
                                     const std::vector<ServerAddress>& resolvers, DomainName name,
                                     WallTime now, Finished finished)
    : state_(std::make_unique<State>(std::nullopt, engine, settings, resolvers, std::move(name), now,
                                     std::move(finished))) {}
ResolverQuestions::ResolverQuestions(PublicQuestion right, QueryEngine& engine,
                                     const config::ProbeSettings& settings,
                                     const std::vector<ServerAddress>& resolvers, DomainName name,
                                     WallTime now, Finished finished)
    : state_(std::make_unique<State>(std::move(right), engine, settings, resolvers, std::move(name), now,
                                     std::move(finished))) {}
ResolverQuestions::~ResolverQuestions() = default;
void ResolverQuestions::start() {
  state_->start();
}
void ResolverQuestions::interrupt() {
  state_->interrupt();
}

ResolverProbe::ResolverProbe(const config::ProbeSettings& settings, std::function<WallTime()> wall_now)
    : settings_(settings), wall_now_(std::move(wall_now)) {}

template <class... Right>
std::vector<ResolverAnswer> ResolverProbe::run(const std::vector<ServerAddress>& resolvers,
                                               const DomainName& name, Right... right) {
  std::vector<ResolverAnswer> answers;
  ResolverQuestions questions(std::move(right)..., engine_, settings_, resolvers, name, wall_now_(),
                              [&](std::vector<ResolverAnswer> all) {
                                answers = std::move(all);
                                loop_.stop();
                              });
  questions_ = &questions;
  loop_.run([&] { questions.start(); });
  questions_ = nullptr;
  return answers;
}

std::vector<ResolverAnswer> ResolverProbe::read_caches(const std::vector<ServerAddress>& resolvers,
                                                       const DomainName& name) {
  return run(resolvers, name);
}

std::vector<ResolverAnswer> ResolverProbe::ask_public(PublicQuestion right,
                                                      const std::vector<ServerAddress>& resolvers,
                                                      const DomainName& name) {
  return run(resolvers, name, std::move(right));
}

void ResolverProbe::interrupt() {
  loop_.post([this] {
    if (questions_ != nullptr) questions_->interrupt();
  });
}

}  // namespace dkimprobe::probe
