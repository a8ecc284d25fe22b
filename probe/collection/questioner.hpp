// Asks one server one question until it is answered or its attempts have timed out. Queries to one address
// take turns with those of all other probes. It decides neither what to ask nor what an answer means.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <unordered_map>
#include <vector>

#include "config/names/address.hpp"
#include "config/names/domain_name.hpp"
#include "config/settings.hpp"
#include "probe/collection/attempts.hpp"
#include "probe/collection/exchange_totals.hpp"
#include "probe/collection/send_queue.hpp"
#include "probe/collection/server_cache.hpp"
#include "probe/discovery/zone_cache.hpp"
#include "probe/discovery/zone_survey.hpp"
#include "probe/observation.hpp"
#include "probe/transport/query_engine.hpp"
#include "probe/transport/random_bits.hpp"

namespace dkimprobe::probe {

/// What all probes of a process share.
struct ProbeContext {
  const config::ProbeSettings& settings;
  QueryEngine& engine;
  ZoneCache& zones;
  ServerMemories& servers;
  Turns& turns;
  RandomBits& random;
  RegistryUse registry_use = RegistryUse::all;
  ExchangeTotals* totals = nullptr;  ///< exchanges are counted here, unless null
  Urgency urgency = Urgency::awaited;
};

/// One question for one server.
struct Question {
  config::ServerAddress server{};
  config::DomainName zone{};  ///< the zone whose server is asked
  config::DomainName name{};
  RecordType type = RecordType::txt;
  Purpose purpose = Purpose::record_plain;
  Transport transport = Transport::udp;
  bool edns = false;
  /// Sends the last of several attempts without EDNS, to show whether EDNS caused the silence.
  bool last_without_edns = false;
  /// Asks again without EDNS when the server refuses it, and over TCP when the answer is truncated.
  bool falls_back = false;
  std::uint8_t attempts = 1;
  std::chrono::microseconds first_wait{0};  ///< after the first attempt; see `Attempts`
};

/// How a question went.
struct AskedQuestion {
  std::vector<Exchange> exchanges{};  ///< one for each attempt, in the order of their ends; never empty
  std::size_t deciding = 0;  ///< index of the answer, else of the exchange that says most about the server

  [[nodiscard]] const Exchange& answer() const { return exchanges[deciding]; }
};

/// Receives the results of questions.
class Asker {
 public:
  /// Whether one more attempt at a question may be sent.
  [[nodiscard]] virtual bool may_repeat(std::uint32_t question) = 0;
  /// Called once for each question; never from inside `ask`.
  virtual void on_asked(std::uint32_t question, AskedQuestion asked) = 0;

 protected:
  ~Asker() = default;
};

class Questioner final : private QueryHandler, private TurnTaker {
 public:
  /// Exchange times are relative to `began`.
  Questioner(const ProbeContext& context, MonotonicTime began, Asker& asker)
      : context_(context), began_(began), asker_(asker) {}
  Questioner(const Questioner&) = delete;
  Questioner& operator=(const Questioner&) = delete;

  /// Returns the number of the question, which `Asker` gets.
  std::uint32_t ask(const Question& question);
  /// Ends a question at once; its open attempts are interrupted. Calls the asker before it returns. Does
  /// nothing when the question is over.
  void give_up(std::uint32_t question);
  void give_up_all();

  /// The time that all questions, sent and queued, need at the address that needs the longest. Nothing when
  /// no query is queued, so the rate limit holds nothing back.
  [[nodiscard]] std::optional<RateShortage> rate_shortage() const;

 private:
  struct Asked {
    Question question{};
    Attempts attempts;
    AskedQuestion so_far{};
    std::size_t way_began = 0;          ///< index of the first exchange after the latest fallback
    std::vector<std::uint32_t> open{};  ///< tokens of its attempts, queued or sent
    EngineTicket timer{};
    std::uint32_t timer_token = 0;
    bool closing = false;
  };
  struct Attempt {
    std::uint32_t question = 0;
    bool sent = false;
    MonotonicTime sent_at{};
    EngineTicket ticket{};
    Exchange exchange{};
  };
  struct Load {
    std::uint32_t sent = 0;
    MonotonicTime first{};
  };

  void on_result(std::uint32_t token, const QueryResult& result) override;
  void on_timer(std::uint32_t token) override;
  void on_turn(std::uint32_t token) override;

  void advance(std::uint32_t number);
  void begin_attempt(std::uint32_t number, Asked& asked);
  void send(std::uint32_t token);
  void set_timer(std::uint32_t number, Asked& asked);
  void forget_timer(const Asked& asked);
  void answered(std::uint32_t number, Exchange exchange);
  /// Whether the question continues without EDNS or over TCP.
  bool fall_back(Asked& asked, const Exchange& exchange);
  void close(Asked& asked, Outcome outcome);
  void finish(std::uint32_t number);
  void remember(const Question& question, const Exchange& exchange);
  void remember_resolver(const Question& question, const Response& response);
  void remember_edns(const Asked& asked);
  [[nodiscard]] static QuestionKind kind_of(const Question& question) {
    return {question.zone, question.type, question.transport, question.edns};
  }
  [[nodiscard]] std::vector<std::uint8_t> message_of(Exchange& exchange) const;

  ProbeContext context_;
  MonotonicTime began_;
  Asker& asker_;
  std::unordered_map<std::uint32_t, Asked> questions_{};
  std::unordered_map<std::uint32_t, Attempt> attempts_{};      ///< by token
  std::unordered_map<std::uint32_t, std::uint32_t> timers_{};  ///< question by token
  std::map<config::ServerAddress, Load> loads_{};
  std::uint32_t next_number_ = 1;
  std::uint32_t next_token_ = 1;
};

}  // namespace dkimprobe::probe
