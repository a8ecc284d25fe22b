// One question to a zone, put to one of its servers after the other until one gives an answer of use, or to
// all of them. It is told what happened and says whom to ask next.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

#include "config/names/address.hpp"
#include "config/names/domain_name.hpp"
#include "probe/discovery/reading.hpp"
#include "probe/discovery/walk_board.hpp"
#include "probe/observation.hpp"
#include "probe/transport/clock.hpp"

namespace dkimprobe::probe {

/// Of a zone.
enum class ZoneServers : std::uint8_t {
  any,    ///< the first that gives an answer of use
  every,  ///< all that are known: they may give different answers
};

class ZoneQuestion {
 public:
  enum class State : std::uint8_t { open, answered, failed };
  struct Answer {
    config::ServerAddress from{};
    Reading reading{};
  };

  /// `zone` must outlive it.
  ZoneQuestion(WalkZone& zone, config::DomainName name, RecordType type, ZoneServers servers)
      : zone_(&zone), name_(std::move(name)), type_(type), servers_(servers) {}

  [[nodiscard]] WalkZone& zone() const { return *zone_; }
  [[nodiscard]] const config::DomainName& name() const { return name_; }
  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] bool is_for_all() const { return servers_ == ZoneServers::every; }
  /// Those of use; of `any` at most one.
  [[nodiscard]] const std::vector<Answer>& answers() const { return answers_; }
  [[nodiscard]] bool reads(Reading::Kind kind) const;
  [[nodiscard]] bool heard_anything() const { return heard_anything_; }  ///< even if without use
  [[nodiscard]] bool met_local_error() const { return met_local_error_; }
  [[nodiscard]] bool was_put() const { return !put_.empty(); }
  [[nodiscard]] bool was_put_to(const config::ServerAddress& server) const { return put_.contains(server); }
  /// Whether a server may still answer.
  [[nodiscard]] bool is_under_way() const;
  /// Whether one may within its first wait, at whose end the board wakes.
  [[nodiscard]] bool has_patience(WalkBoard& board) const;

  /// Puts it to the best server that is left, or to all that are; the tickets.
  std::vector<std::uint32_t> ask_more(WalkBoard& board);
  /// How it went at one server. False for an answer of use that came when it was over.
  bool finished(const WalkQuestion& question, const Exchange& exchange, WalkBoard& board);
  /// It is over: answered when there is an answer of use.
  void close(WalkBoard& board);

 private:
  struct Put {
    bool under_way = true;
    MonotonicTime patience_until{};  ///< after it another server is asked beside one that keeps silent
  };

  [[nodiscard]] bool is_of_use(const Reading& reading) const;

  WalkZone* zone_ = nullptr;
  config::DomainName name_{};
  RecordType type_ = RecordType::ns;
  ZoneServers servers_ = ZoneServers::any;
  State state_ = State::open;
  std::unordered_map<config::ServerAddress, Put> put_{};
  std::vector<Answer> answers_{};
  bool heard_anything_ = false;
  bool met_local_error_ = false;
};

}  // namespace dkimprobe::probe
