#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "checks/answers/server_answer.hpp"
#include "checks/catalogue/check_groups.hpp"
#include "checks/catalogue/evidence.hpp"
#include "checks/record/size.hpp"
#include "config/basics/escape.hpp"

namespace dkimprobe::checks {

namespace {

/// The text that the domain's operator publishes; null for a provider's record, which the operator cannot
/// change.
const ReadText* own_text(const Evidence& evidence) {
  if (evidence.texts.empty()) return nullptr;
  const ReadText& text = evidence.texts.front();
  return stands_elsewhere(evidence, text) ? nullptr : &text;
}

/// A record with a leaked private key must be removed: advice on its size is useless.
bool must_go(const Evidence& evidence) {
  return std::ranges::any_of(
      evidence.texts, [](const ReadText& text) { return text.record.has(RecordFault::key_private_leaked); });
}

bool is_mldsa44(const ReadText& text) {
  return text.record.key && text.record.key->is_mldsa44();
}

/// The tags to drop, in order, to save `excess` octets; empty when all of them together are not enough.
std::string tags_to_drop(const ReadText& text, std::uint32_t excess) {
  std::string names;
  std::uint32_t gone = 0;
  for (const auto& tag : droppable_tags(text.record.list.tags)) {
    if (gone >= excess) break;
    gone += tag.bytes;
    names += fmt::format("{}`{}`", names.empty() ? "" : " and ", config::escape_text(tag.text, 40));
  }
  return gone >= excess ? names : std::string();
}

void find_udp512(const Evidence& evidence, Verdict& verdict) {
  if (!evidence.size.direct) return verdict.not_evaluated();
  const ReadText* const text = own_text(evidence);
  const std::uint32_t bytes = *evidence.size.direct;
  if (text == nullptr || bytes <= udp_limit_bytes || must_go(evidence)) return;
  const std::string drop = tags_to_drop(*text, bytes - udp_limit_bytes);
  const std::string where = published_at(*text);
  verdict.found(
      {.detail = fmt::format("the answer has {} bytes, {} more than fit into UDP without EDNS", bytes,
                             bytes - udp_limit_bytes),
       .remedy = drop.empty()
                     ? fmt::format("At {}: {}. Make sure that all servers answer over TCP.", where,
                                   is_mldsa44(*text) ? "no ML-DSA-44 key ever fits"
                                                     : "only a shorter name, a smaller key or Ed25519 would "
                                                       "make it fit")
                     : fmt::format("At {}: drop {}, which verifiers do not need; then the answer fits.",
                                   where, drop)},
      drop.empty() ? Severity::notice : Severity::warning);
}

void find_udp512_chain(const Evidence& evidence, Verdict& verdict) {
  if (!evidence.size.direct) return verdict.not_evaluated();
  // The DNAME belongs to the domain, wherever the key is, so the operator can save its bytes.
  const bool by_dname = std::ranges::any_of(evidence.answers.aliases, &AliasFact::is_dname);
  const ReadText* const text =
      by_dname && !evidence.texts.empty() ? &evidence.texts.front() : own_text(evidence);
  if (text == nullptr || !evidence.size.chain || *evidence.size.direct > udp_limit_bytes ||
      *evidence.size.chain <= udp_limit_bytes || must_go(evidence)) {
    return;
  }
  const std::string owner = evidence.answers.hops.front().hop->owner.to_string();
  verdict.found(
      {.detail = fmt::format("the answer has up to {} bytes with its aliases, {} without them",
                             *evidence.size.chain, *evidence.size.direct),
       .remedy = by_dname
                     ? fmt::format("Publish the key at {0} itself, or replace the DNAME with a CNAME at {0}.",
                                   owner)
                     : fmt::format("Publish the key at {} itself, or shorten the name {}.", owner,
                                   published_at(*text))});
}

void find_edns1232(const Evidence& evidence, Verdict& verdict) {
  if (!evidence.size.direct) return verdict.not_evaluated();
  const std::uint32_t bytes = *evidence.size.direct + edns_overhead_bytes;
  if (bytes <= edns_limit_bytes || must_go(evidence)) return;
  const ReadText& text = evidence.texts.front();
  verdict.found(
      {.detail =
           fmt::format("the answer with EDNS has {} bytes, {} more than every path delivers unfragmented",
                       bytes, bytes - edns_limit_bytes),
       .remedy = fmt::format("At {}: {}.", published_at(text),
                             is_mldsa44(text) ? "no ML-DSA-44 key ever fits, so make sure that all "
                                                "servers answer over TCP"
                                              : "publish a smaller key; 2048 bits of RSA are enough")});
}

/// A name has at most 255 octets; a DNAME can turn a valid name into a longer one.
void find_name_too_long(const Evidence& evidence, Verdict& verdict) {
  const auto& observation = evidence.observation;
  if (!observation.selector.owner_name(observation.domain)) {
    const std::string selector = observation.selector.to_string();
    const std::string domain = observation.domain.to_string();
    return verdict.found(
        {.detail =
             fmt::format("{}._domainkey.{} is longer than the 255 octets that DNS allows", selector, domain),
         .remedy = fmt::format("Use a selector for {} that is shorter than {}.", domain, selector)});
  }
  const auto hop = std::ranges::find_if(evidence.answers.hops, [](const HopAnswers& each) {
    return std::ranges::any_of(each.servers, says_name_too_long);
  });
  if (hop == evidence.answers.hops.end()) return;
  const std::string owner = hop->hop->owner.to_string();
  verdict.found({.detail = fmt::format(
                     "a DNAME above {} points to a name longer than the 255 octets that DNS allows", owner),
                 .remedy = fmt::format(
                     "Publish the key at {} itself, or point the DNAME above it to a shorter name.", owner)});
}

constexpr Check size_rows[] = {
    {.name = "udp512_exceeded",
     .scope = Scope::size,
     .needs = Needs::key_text,
     .severity = Severity::warning,
     .reference = "RFC 6376 section 3.3.3",
     .summary = "the answer does not fit into 512 bytes",
     .effect = "resolvers without EDNS need TCP to get the key",
     .remedy = "Drop the tags that verifiers do not need (n=, h=, s=, `k=rsa`), or publish a smaller key.",
     .example = {Example::behaviour,
                 "An RSA key of 2048 bits with `h=sha256; s=email; n=...` at a long name: 541 bytes."},
     .find = find_udp512},
    {.name = "udp512_exceeded_chain",
     .scope = Scope::size,
     .needs = Needs::all_servers,
     .severity = Severity::notice,
     .reference = "RFC 6376 section 3.3.3",
     .summary = "the answer with its aliases does not fit into 512 bytes",
     .effect = "clients of a resolver without EDNS need TCP to get the key",
     .remedy = "Publish the key at `SELECTOR._domainkey.DOMAIN` itself, without an alias.",
     .example = {Example::behaviour,
                 "The answer has 480 bytes by itself, and 530 with the CNAME that points to it."},
     .find = find_udp512_chain},
    {.name = "edns1232_exceeded",
     .scope = Scope::size,
     .needs = Needs::key_text,
     .severity = Severity::warning,
     .summary = "the answer does not fit into 1232 bytes",
     .effect = "the answer is fragmented, and some paths drop fragments, or it needs TCP",
     .remedy = "Publish an RSA key of 2048 bits, or an Ed25519 key.",
     .example = {Example::behaviour, "An RSA key of 8192 bits: more than 1400 bytes."},
     .find = find_edns1232},
    {.name = "qname_too_long",
     .scope = Scope::size,
     .needs = Needs::all_servers,
     .severity = Severity::critical,
     .reference = "RFC 1035 section 3.1",
     .summary = "the selector's name is longer than DNS allows",
     .effect = "no verifier can ask for the key",
     .remedy = "Choose a shorter selector.",
     .example = {Example::behaviour, "Selector and domain together form a name of 260 octets."},
     .find = find_name_too_long},
};

}  // namespace

std::span<const Check> size_checks() {
  return size_rows;
}

}  // namespace dkimprobe::checks
