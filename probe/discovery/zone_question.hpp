// One question to a zone, sent to its servers one after another until one returns a useful answer, or to all
// of them. It gets the results and decides which server to ask next.
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

/// Which servers of a zone are asked.
enum class ZoneServers : std::uint8_t {
  any,    ///< the first that returns a useful answer
  every,  ///< all known servers, since they may answer differently
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
  /// The useful answers; with `any`, at most one.
  [[nodiscard]] const std::vector<Answer>& answers() const { return answers_; }
  [[nodiscard]] bool reads(Reading::Kind kind) const;
  [[nodiscard]] bool heard_anything() const { return heard_anything_; }  ///< even if it was useless
  [[nodiscard]] bool met_local_error() const { return met_local_error_; }
  [[nodiscard]] bool was_put() const { return !put_.empty(); }
  [[nodiscard]] bool was_put_to(const config::ServerAddress& server) const { return put_.contains(server); }
  /// Whether a server may still answer.
  [[nodiscard]] bool is_under_way() const;
  /// Whether a server may still answer within its first wait; if so, the board wakes when that ends.
  [[nodiscard]] bool has_patience(WalkBoard& board) const;

  /// Sends it to the best remaining server, or to all remaining ones. Returns the tickets.
  std::vector<std::uint32_t> ask_more(WalkBoard& board);
  /// Takes the result from one server. False for a useful answer that came after the question was closed.
  bool finished(const WalkQuestion& question, const Exchange& exchange, WalkBoard& board);
  /// Closes the question: answered if there is a useful answer.
  void close(WalkBoard& board);

 private:
  struct Put {
    bool under_way = true;
    MonotonicTime
        patience_until{};  ///< then another server is asked in addition to one that has not responded
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
