#include "checks/rotation/rotation_actions.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "config/basics/shell_word.hpp"

namespace dkimprobe::checks {
namespace {

using config::Selector;
using config::shell_word;
using std::chrono::days;

/// The most servers that a sentence names; further ones are only counted.
constexpr std::size_t most_named = 3;

std::string server_text(const ServerProgress& server) {
  const std::string address = server.server.address.ip.to_string();
  std::string text = server.server.name.str();
  if (server.server.has_address()) text = text.empty() ? address : fmt::format("{} ({})", text, address);
  if (text.empty()) text = server.owner.to_string();
  if (!server.detail.empty() && !is_right(server.progress)) text += ": " + server.detail.str();
  return text;
}

/// The name contains the domain, so that two domains do not share a file.
std::string key_file(const RotationInput& input, const Selector& selector) {
  const std::string name = fmt::format("{}.{}.pem", selector.to_string(), input.domain.to_string());
  // So that no program parses it as a flag.
  return shell_word(name.starts_with('-') ? "./" + name : name);
}

/// A dkimprobe command about a selector. Names that begin with `-` must follow `--`.
std::string command_of(std::string_view command, const RotationInput& input, const Selector& selector,
                       const std::string& flags) {
  const std::string domain = input.domain.to_string();
  const std::string name = selector.to_string();
  const std::string names = shell_word(domain) + ' ' + shell_word(name);
  return domain.starts_with('-') || name.starts_with('-')
             ? fmt::format("dkimprobe {} {} -- {}", command, flags, names)
             : fmt::format("dkimprobe {} {} {}", command, names, flags);
}

}  // namespace

bool is_wrong(Progress progress) {
  return progress != Progress::match && progress != Progress::unknown;
}

bool is_right(Progress progress) {
  return progress == Progress::match;
}

bool is_unknown(Progress progress) {
  return progress == Progress::unknown;
}

std::string servers_text(const std::vector<ServerProgress>& servers, bool (*wanted)(Progress)) {
  std::string text;
  std::size_t count = 0;
  for (const auto& server : servers) {
    if (!wanted(server.progress)) continue;
    if (++count <= most_named) text += (text.empty() ? "" : "; ") + server_text(server);
  }
  if (count > most_named) text += fmt::format("; and {} more", count - most_named);
  return text;
}

Selector new_selector(const RotationSituation& situation) {
  const std::chrono::year_month_day date(std::chrono::floor<days>(situation.now));
  const std::string day = fmt::format("s{:04}{:02}{:02}", static_cast<int>(date.year()),
                                      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
  for (char suffix = 'a'; suffix <= 'z'; ++suffix) {
    auto selector = Selector::parse(suffix == 'a' ? day : day + suffix);
    if (selector && find_view(situation, *selector) == nullptr) return *selector;
  }
  return Selector{};
}

RotationAction make_key_action(const RotationInput& input, const Selector& selector) {
  return {"generate the key pair; only you can read the file",
          // openssl overwrites an existing file, which may be the signing key.
          fmt::format("test ! -e {1} && (umask 077 && openssl genpkey -algorithm RSA -pkeyopt "
                      "rsa_keygen_bits:{0} -out {1})",
                      input.rsa_bits, key_file(input, selector))};
}

RotationAction record_action(const RotationInput& input, const Selector& selector) {
  return {"publish its record; this prints the line for a zone file",
          command_of("record", input, selector,
                     fmt::format("--key {} --format zone", key_file(input, selector)))};
}

RotationAction preflight_action(const RotationInput& input, const Selector& selector, bool never_used) {
  std::string flags =
      fmt::format("--key {} --wait 30m{}", key_file(input, selector), never_used ? " --never-used" : "");
  for (const auto& flag : input.flags) flags += ' ' + shell_word(flag);
  return {"check every nameserver; this exits with 0 when it is safe to sign",
          command_of("preflight", input, selector, flags)};
}

RotationAction revoke_action(const RotationInput& input, const SelectorView& view) {
  const auto line = [&](const config::DomainName& name) {
    return fmt::format("{}. {} IN TXT \"v=DKIM1; p=\"", name.to_string(), view.ttl_seconds.value_or(3'600));
  };
  if (!view.alias)
    return {"revoke the key: this record replaces the one with the key", line(view.name), true};
  if (view.alias->is_at_or_below(input.domain))
    return {fmt::format("revoke the key where the alias {} points: this record replaces the one with the key",
                        view.name.to_string()),
            line(*view.alias), true};
  return {fmt::format("revoke the key: this record replaces the alias (CNAME) to {}; inform the operators of "
                      "that name too",
                      view.alias->to_string()),
          line(view.name), true};
}

RotationAction sign_action(const std::optional<Selector>& from, const Selector& to) {
  return {
      from ? fmt::format("sign with {} (s={} in the signer's settings) instead of {}, and note the time of "
                         "the last signature with {}",
                         to.to_string(), to.to_string(), from->to_string(), from->to_string())
           : fmt::format("sign with {} (s={} in the signer's settings)", to.to_string(), to.to_string()),
      {}};
}

PlannedStep step_of(RotationStep step, StepState state, std::string summary) {
  PlannedStep planned;
  planned.step = step;
  planned.state = state;
  planned.summary = std::move(summary);
  return planned;
}

StepState state_of(Readiness readiness) {
  switch (readiness) {
    case Readiness::ready:
      return StepState::due;
    case Readiness::wait:
      return StepState::pending;
    case Readiness::not_ready:
      return StepState::blocked;
    case Readiness::unknown:
      return StepState::unknown;
  }
  return StepState::unknown;
}

std::string change_text(const RotationChange& change) {
  if (!change.from) return fmt::format("to {}", change.to ? change.to->to_string() : "none");
  if (!change.to) return fmt::format("from {}", change.from->to_string());
  return fmt::format("from {} to {}", change.from->to_string(), change.to->to_string());
}

}  // namespace dkimprobe::checks
