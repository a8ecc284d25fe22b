#include "config/trust_anchors.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "config/basics/escape.hpp"
#include "config/basics/regular_file.hpp"
#include "config/master_file.hpp"

namespace dkimprobe::config {
namespace {

// https://data.iana.org/root-anchors/root-anchors.xml: key tags 20326 (2017) and 38696 (2024), algorithm 8,
// digest SHA-256.
constexpr std::string_view root_ds =
    ". IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D\n"
    ". IN DS 38696 8 2 683D2D0ACB8C9B712A1948B27F741219298D0A450D612C483AF444A4C0FB2B16\n";

/// Unbound writes the state of RFC 5011 section 4.3 as a comment. VALID and MISSING keys are trusted.
bool is_untrusted(std::string_view line) {
  constexpr std::string_view mark = ";;state=";
  const std::size_t at = line.find(mark);
  if (at == std::string_view::npos || at + mark.size() >= line.size()) return false;
  const char state = line[at + mark.size()];
  return state != '2' && state != '3';
}

/// Overwrites the lines of keys that are not trusted, so that the numbers of the others stay.
void blank_untrusted(std::string& text) {
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    if (is_untrusted(std::string_view(text).substr(begin, end - begin)))
      std::fill(text.begin() + static_cast<std::ptrdiff_t>(begin),
                text.begin() + static_cast<std::ptrdiff_t>(end), ' ');
    begin = end + 1;
  }
}

std::string rdata_of(const ldns_rr& record) {
  std::string rdata;
  for (std::size_t i = 0; i < ldns_rr_rd_count(&record); ++i) {
    const ldns_rdf* const field = ldns_rr_rdf(&record, i);
    rdata.append(reinterpret_cast<const char*>(ldns_rdf_data(field)), ldns_rdf_size(field));
  }
  return rdata;
}

TrustAnchors read_text(std::string& text, const std::string& place, Errors& errors) {
  TrustAnchors anchors;
  read_master_lines(text, place, errors, [&](const ldns_rr& record, int line) {
    const ldns_rr_type type = ldns_rr_get_type(&record);
    if (type != LDNS_RR_TYPE_DS && type != LDNS_RR_TYPE_DNSKEY) return;
    if (ldns_rdf_size(ldns_rr_owner(&record)) == 1)
      anchors.push_back({DomainName{}, static_cast<std::uint16_t>(type), rdata_of(record)});
    else if (errors.size() < most_errors)
      errors.push_back({fmt::format("{}:{}", place, line),
                        "this is a key of another zone than the root: only the root (\".\") can be trusted"});
  });
  return anchors;
}

}  // namespace

TrustAnchors builtin_trust_anchors() {
  std::string text(root_ds);
  Errors errors;
  return read_text(text, "", errors);
}

Result<TrustAnchors> read_trust_anchors(const std::filesystem::path& path) {
  auto text = read_regular_file(path, longest_master_file, "trust anchor", "trust anchors");
  if (!text) return tl::unexpected(std::move(text.error()));
  const std::string place = escape_text(path.string());
  blank_untrusted(*text);
  Errors errors;
  TrustAnchors anchors = read_text(*text, place, errors);
  if (anchors.empty() && errors.empty())
    errors.push_back({place, "there is no DS or DNSKEY record of the root (\".\") in this file"});
  if (!errors.empty()) return tl::unexpected(std::move(errors));
  return anchors;
}

}  // namespace dkimprobe::config
