// A history as a list of changes: what appeared, changed or vanished, at which servers, and between which two
// probes. Everything is derived from the periods; it judges nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "checks/history/history.hpp"
#include "exporters/store/history_store.hpp"

namespace dkimprobe::exporters {

enum class HistoryChangeKind : std::uint8_t {
  nameservers,  ///< the nameservers of a zone on the path, in the parent and in the zone
  found,        ///< what was published at the first probe
  joined,       ///< a new server, or a new name of the chain
  left,         ///< the opposite of `joined`
  appeared,
  changed,
  revoked,
  vanished,
  ttl,         ///< the same answer with another TTL, of it or of its neighbours
  unanswered,  ///< no usable answer: SERVFAIL, a timeout, or differing answers
  answered,    ///< the earlier answer again
  differed,    ///< from now on the servers of a name return different answers
  agreed,      ///< from now on they return the same
};

/// One change, with all servers where one probe saw it.
struct HistoryChange {
  HistoryChangeKind kind = HistoryChangeKind::found;
  probe::WallTime seen{};                       ///< the probe that saw it
  std::optional<probe::WallTime> not_before{};  ///< the last probe that saw the earlier state
  config::DomainName owner{};                   ///< the queried name, or the apex of the zone
  std::vector<checks::ServerId> servers{};      ///< empty for a zone
  std::optional<checks::AnswerPeriod> before{};
  std::optional<checks::AnswerPeriod> after{};
  std::optional<checks::NameserverPeriod> nameservers_before{};
  std::optional<checks::NameserverPeriod> nameservers_after{};
};

/// The earliest first.
[[nodiscard]] std::vector<HistoryChange> history_changes(const checks::SelectorHistory& history);

/// Whether texts for people show it. Changes of TTLs alone would crowd out the rest when a server counts them
/// down, and the nameservers of the first probe are no change.
[[nodiscard]] bool is_notable(const HistoryChange& change, const checks::SelectorHistory& history);

/// A key that was published at the selector, with the first and the last probe that saw it at any server.
struct KeyPeriod {
  std::string sha256{};     ///< of the SubjectPublicKeyInfo in DER, lower-case hex
  std::string algorithm{};  ///< "rsa", "ed25519", else what it is
  std::uint32_t bits = 0;
  probe::WallTime first_seen{};
  probe::WallTime last_seen{};
  std::vector<KeyUse> elsewhere{};  ///< other names that published it
};

/// What is known about one selector.
struct SelectorRecord {
  checks::SelectorHistory history{};
  std::vector<KeyPeriod> keys{};
};

/// The earliest first. `elsewhere` is empty, because a single history does not have it.
[[nodiscard]] std::vector<KeyPeriod> key_periods(const checks::SelectorHistory& history);

/// When the key of the report was first seen at its selector.
[[nodiscard]] std::optional<probe::WallTime> key_first_seen(const checks::SelectorHistory& history,
                                                            const checks::Report& report);

/// The word for JSON.
[[nodiscard]] std::string_view to_string(HistoryChangeKind kind);

}  // namespace dkimprobe::exporters
