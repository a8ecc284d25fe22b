#include "probe/collection/questioner.hpp"
#include "probe/discovery/interception.hpp"

#include <algorithm>
#include <span>
#include <utility>

#include "probe/collection/query_plan.hpp"
#include "probe/wire/query_message.hpp"
#include "probe/wire/response_reader.hpp"

namespace dkimprobe::probe {
namespace {

using config::DomainName;
using config::ServerAddress;

/// How much an outcome says about the server. `again`: sending the same query again may help; it does not
/// after a local failure or a refused connection.
struct Meaning {
  int weight = 0;
  bool again = false;
};

Meaning meaning(Outcome outcome) {
  switch (outcome) {
    case Outcome::answered:
      return {4, false};
    case Outcome::malformed:
      return {3, true};
    case Outcome::unreachable:
      return {2, true};
    case Outcome::connection_refused:
    case Outcome::connection_reset:
    case Outcome::connection_closed:
      return {2, false};
    case Outcome::timed_out:
      return {1, true};
    case Outcome::no_route:
    case Outcome::local_error:
    case Outcome::interrupted:
    case Outcome::superseded:
      return {0, false};
  }
  return {};
}

}  // namespace

// ---- Asking ----

std::uint32_t Questioner::ask(const Question& question) {
  const std::uint32_t number = next_number_++;
  // Up to a tenth longer, so that the attempts of many probes do not coincide.
  const auto wait = question.first_wait + question.first_wait * context_.random.below(101) / 1000;
  questions_.emplace(number, Asked{.question = question, .attempts = Attempts(question.attempts, wait)});
  advance(number);
  return number;
}

void Questioner::advance(std::uint32_t number) {
  Asked& asked = questions_.at(number);
  if (asked.attempts.due(context_.engine.now())) {
    if (asked.attempts.is_first() || asker_.may_repeat(number)) {
      begin_attempt(number, asked);
    } else {
      asked.attempts.stop();
    }
  }
  if (asked.attempts.over()) finish(number);
}

void Questioner::begin_attempt(std::uint32_t number, Asked& asked) {
  const Question& question = asked.question;
  const std::uint32_t token = next_token_++;
  Attempt& attempt = attempts_[token];
  attempt.question = number;
  Exchange& exchange = attempt.exchange;
  exchange.attempt = asked.attempts.begin();
  exchange.purpose = question.purpose;
  exchange.question_name = question.name;
  exchange.question_type = question.type;
  exchange.transport = question.transport;
  const bool shows_maintenance =
      question.last_without_edns && exchange.attempt > 1 && asked.attempts.is_last(exchange.attempt);
  exchange.edns_sent = question.edns && !shows_maintenance;
  asked.open.push_back(token);
  if (context_.turns.take(question.server, *this, context_.urgency, token)) send(token);
}

void Questioner::on_turn(std::uint32_t token) {
  send(token);
}

void Questioner::send(std::uint32_t token) {
  Attempt& attempt = attempts_.at(token);
  Asked& asked = questions_.at(attempt.question);
  attempt.sent = true;
  const MonotonicTime now = context_.engine.now();
  const std::vector<std::uint8_t> message = message_of(attempt.exchange);
  QueryRequest request;
  request.server = asked.question.server;
  request.transport = asked.question.transport;
  request.query = message;
  request.timeout = asked.attempts.open_for(attempt.exchange.attempt);
  attempt.sent_at = now;
  attempt.ticket = context_.engine.start(request, *this, token);
  asked.attempts.sent(now);
  Load& load = loads_.try_emplace(asked.question.server, Load{0, now}).first->second;
  ++load.sent;
  set_timer(attempt.question, asked);
}

std::vector<std::uint8_t> Questioner::message_of(Exchange& exchange) const {
  QueryOptions options;
  options.edns = exchange.edns_sent;
  options.nsid = exchange.edns_sent;
  // DO=1 for the wildcard probe: its NSEC or NSEC3 records show how long caches may deny the selector. DO=1
  // for a referral: it returns the DS records of the zone below.
  options.dnssec_ok =
      exchange.purpose == Purpose::wildcard_probe ||
      (exchange.edns_sent && (exchange.purpose == Purpose::cut || is_about_dnssec(exchange.purpose)));
  options.payload_bytes = context_.settings.edns_payload_bytes;
  std::vector<std::uint8_t> message = build_query(exchange.question_name, exchange.question_type, options);
  // Only one query has mixed case, so that the other answers show how the server behaves without it.
  if (context_.settings.mixed_case && exchange.purpose == Purpose::record_edns) {
    mix_case(message, {context_.random.bits64(), context_.random.bits64(), context_.random.bits64(),
                       context_.random.bits64()});
  }
  exchange.question_name =
      *DomainName::from_wire(std::span(message).subspan(12, exchange.question_name.wire_size()));
  return message;
}

void Questioner::set_timer(std::uint32_t number, Asked& asked) {
  forget_timer(asked);
  const auto due = asked.attempts.next_due();
  if (!due) return;
  const std::uint32_t token = next_token_++;
  timers_.emplace(token, number);
  asked.timer = context_.engine.call_at(*due, *this, token);
  asked.timer_token = token;
}

void Questioner::forget_timer(const Asked& asked) {
  context_.engine.end(asked.timer, Outcome::interrupted);
  timers_.erase(asked.timer_token);
}

void Questioner::on_timer(std::uint32_t token) {
  const auto timer = timers_.extract(token);
  if (!timer.empty()) advance(timer.mapped());
}

// ---- How it goes ----

void Questioner::on_result(std::uint32_t token, const QueryResult& result) {
  Attempt attempt = std::move(attempts_.extract(token).mapped());
  Asked& asked = questions_.at(attempt.question);
  Exchange& exchange = attempt.exchange;
  exchange.started = std::chrono::duration_cast<std::chrono::microseconds>(result.started - began_);
  exchange.took = result.took;
  exchange.bytes_sent = result.bytes_sent;
  exchange.bytes_received = result.bytes_received;
  exchange.outcome = result.outcome;
  exchange.system_error = result.system_error;
  exchange.ignored = result.ignored;
  if (result.message != nullptr) {
    const bool shows_signatures =
        exchange.purpose == Purpose::cut || exchange.purpose == Purpose::wildcard_probe;
    const bool keeps_sets =
        is_about_dnssec(exchange.purpose) || (shows_signatures && context_.settings.collects_signatures);
    exchange.response = read_response(*result.message, exchange.question_name, exchange.question_type,
                                      keeps_sets ? KeepSets::yes : KeepSets::no);
    if (!exchange.question_name.same_octets(asked.question.name)) lower_case_names(*exchange.response);
  }
  if (context_.totals != nullptr) context_.totals->count(exchange);
  remember(asked.question, exchange);
  std::erase(asked.open, token);
  asked.attempts.ended();
  if (exchange.outcome == Outcome::answered) return answered(attempt.question, std::move(exchange));
  if (!meaning(exchange.outcome).again) asked.attempts.stop();
  asked.so_far.exchanges.push_back(std::move(exchange));
  if (!asked.closing) advance(attempt.question);
}

void Questioner::answered(std::uint32_t number, Exchange exchange) {
  Asked& asked = questions_.at(number);
  close(asked, Outcome::superseded);
  asked.so_far.exchanges.push_back(std::move(exchange));
  if (fall_back(asked, asked.so_far.exchanges.back())) return advance(number);
  finish(number);
}

bool Questioner::fall_back(Asked& asked, const Exchange& exchange) {
  Question& question = asked.question;
  if (!question.falls_back || question.transport == Transport::tcp) return false;
  if (exchange.response->truncated) {
    question.transport = Transport::tcp;
    question.attempts = 1;
    question.first_wait = context_.settings.tcp_timeout;
  } else if (!exchange.edns_sent || !refuses_edns(exchange.response->rcode)) {
    return false;
  }
  remember_edns(asked);
  question.edns = is_about_dnssec(question.purpose) && exchange.response->truncated;
  asked.attempts = Attempts(question.attempts, question.first_wait);
  asked.way_began = asked.so_far.exchanges.size();
  asked.closing = false;
  return true;
}

/// Ends all open attempts of a question. Those that were never sent are dropped when another attempt was
/// answered, and are otherwise reported with `outcome`.
void Questioner::close(Asked& asked, Outcome outcome) {
  asked.closing = true;
  const std::vector<std::uint32_t> open = asked.open;
  for (const std::uint32_t token : open) {
    const auto found = attempts_.find(token);
    const Attempt& attempt = found->second;
    if (attempt.sent) {
      // An attempt whose own wait is over timed out, whatever ended the question.
      const bool waited =
          context_.engine.now() - attempt.sent_at >= asked.attempts.own_wait(attempt.exchange.attempt);
      const bool was_silent = outcome == Outcome::interrupted && waited;
      context_.engine.end(attempt.ticket, was_silent ? Outcome::timed_out : outcome);
      continue;
    }
    context_.turns.leave(asked.question.server, *this, context_.urgency, token);
    Exchange& exchange = found->second.exchange;
    exchange.outcome = outcome;
    exchange.started = std::chrono::duration_cast<std::chrono::microseconds>(context_.engine.now() - began_);
    if (outcome != Outcome::superseded) asked.so_far.exchanges.push_back(std::move(exchange));
    attempts_.erase(found);
    std::erase(asked.open, token);
  }
  asked.attempts.stop();
  forget_timer(asked);
}

void Questioner::give_up(std::uint32_t question) {
  const auto found = questions_.find(question);
  if (found == questions_.end() || found->second.closing) return;
  close(found->second, Outcome::interrupted);
  finish(question);
}

void Questioner::give_up_all() {
  std::vector<std::uint32_t> numbers;
  for (const auto& [number, asked] : questions_) numbers.push_back(number);
  for (const std::uint32_t number : numbers) give_up(number);
}

void Questioner::finish(std::uint32_t number) {
  Asked asked = std::move(questions_.extract(number).mapped());
  forget_timer(asked);
  auto& exchanges = asked.so_far.exchanges;
  asked.so_far.deciding = asked.way_began;
  for (std::size_t i = asked.way_began; i < exchanges.size(); ++i) {
    const int weight = meaning(exchanges[i].outcome).weight;
    if (weight >= meaning(asked.so_far.answer().outcome).weight) asked.so_far.deciding = i;
  }
  if (asked.so_far.answer().outcome == Outcome::timed_out) {
    context_.servers.kept_silent(asked.question.server, kind_of(asked.question), context_.engine.now());
  }
  remember_edns(asked);
  asker_.on_asked(number, std::move(asked.so_far));
}

// ---- What is remembered ----

/// Remembers what an exchange shows about its server and about this machine's routes.
void Questioner::remember(const Question& question, const Exchange& exchange) {
  const MonotonicTime now = context_.engine.now();
  if (exchange.outcome == Outcome::no_route) context_.zones.put_no_route(question.server.ip.family(), now);
  if (!exchange.response) return;
  QuestionKind kind = kind_of(question);
  kind.edns = exchange.edns_sent;
  if (exchange.response->rcode == Rcode::refused) {
    context_.servers.refused(question.server, kind, now);
  } else {
    context_.servers.answered(question.server, kind, now);
  }
  remember_resolver(question, *exchange.response);
}

void Questioner::remember_resolver(const Question& question, const Response& response) {
  if (!question.name.is_at_or_below(question.zone)) return;
  if (response.authoritative) return context_.servers.put_server_of(question.server, question.zone);
  if (!answers_as_resolver(response, question.zone) ||
      !context_.servers.put_resolver_for(question.server, question.zone))
    return;
  // The zone in the cache is out of date: let the next walk find out who answers now.
  const bool of_walk = question.purpose == Purpose::cut || question.purpose == Purpose::host_address;
  if (!of_walk) context_.zones.forget_zone(question.zone);
}

/// Questions that fall back go to this server without EDNS for a while, if it refused EDNS or lost queries
/// with it.
void Questioner::remember_edns(const Asked& asked) {
  if (!asked.question.falls_back) return;
  const auto& exchanges = asked.so_far.exchanges;
  const bool plain_answered = std::any_of(exchanges.begin(), exchanges.end(), [](const Exchange& exchange) {
    return exchange.response && !exchange.edns_sent && exchange.transport == Transport::udp;
  });
  const bool refused_or_lost = std::any_of(exchanges.begin(), exchanges.end(), [&](const Exchange& exchange) {
    if (!exchange.edns_sent) return false;
    if (exchange.response) return refuses_edns(exchange.response->rcode);
    return exchange.outcome == Outcome::timed_out ||
           (exchange.outcome == Outcome::superseded && plain_answered);
  });
  if (!refused_or_lost) return;
  const MonotonicTime now = context_.engine.now();
  context_.servers.of(asked.question.server, now).plain_until = now + ServerMemory::plain_life;
}

std::optional<RateShortage> Questioner::rate_shortage() const {
  std::map<ServerAddress, std::uint32_t> waiting;
  for (const auto& [token, attempt] : attempts_) {
    if (!attempt.sent) ++waiting[questions_.at(attempt.question).question.server];
  }
  const MonotonicTime now = context_.engine.now();
  std::optional<RateShortage> longest;
  for (const auto& [server, queries] : waiting) {
    const auto known = loads_.find(server);
    const Load load = known == loads_.end() ? Load{0, now} : known->second;
    const std::uint32_t all = load.sent + queries;
    const QueryRate& rate = context_.servers.of(server, now).rate;
    const std::chrono::duration<double> at_rate{std::max(0.0, (all - rate.burst()) / rate.per_second())};
    // Other probes that ask the same address slow this one below the rate limit.
    const std::chrono::duration<double> as_it_went =
        std::chrono::duration<double>(now - load.first) / std::max(load.sent, 1U) * all;
    const std::chrono::duration<double> asking = std::max(at_rate, as_it_went);
    // Leave time for the answer to the last query.
    const auto needed = std::chrono::ceil<std::chrono::microseconds>(load.first - began_ + asking +
                                                                     context_.settings.initial_timeout);
    if (!longest || needed > longest->needed)
      longest = RateShortage{.server = server, .queries = all, .needed = needed};
  }
  return longest;
}

}  // namespace dkimprobe::probe
