#include "checks/dnssec/canonical_form.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>

namespace dkimprobe::checks::dnssec {
namespace {

constexpr std::size_t longest_rdata = 65'535;  // its length has 16 bits (RFC 1035 section 3.2.1)

/// How the rdata of a type is made: so many names, then `fixed` octets, or any number of them.
struct RdataForm {
  std::uint16_t type = 0;
  std::size_t names = 0;
  std::optional<std::size_t> fixed{};
};

constexpr auto rdata_forms = std::to_array<RdataForm>({
    {type::ns, 1, 0},
    {type::cname, 1, 0},
    {type::soa, 2, 20},
    {type::dname, 1, 0},
    {type::txt, 0, std::nullopt},
    {type::ds, 0, std::nullopt},
    {type::dnskey, 0, std::nullopt},
    {type::nsec, 0, std::nullopt},
    {type::nsec3, 0, std::nullopt},
});

std::optional<std::string> canonical_record(const RdataForm& form, std::string_view rdata) {
  if (rdata.size() > longest_rdata) return std::nullopt;
  RdataReader reader(rdata);
  std::string result;
  for (std::size_t name = 0; name < form.names; ++name) result += canonical_name(reader.name());
  const std::string_view rest = reader.rest();
  if (reader.failed() || (form.fixed && rest.size() != *form.fixed)) return std::nullopt;
  return result.append(rest);
}

}  // namespace

std::uint32_t RdataReader::number(std::size_t octet_count) {
  std::uint32_t value = 0;
  for (const char octet : octets(octet_count)) value = value << 8U | static_cast<unsigned char>(octet);
  return value;
}

std::string_view RdataReader::octets(std::size_t count) {
  if (failed_ || count > rest_.size()) {
    failed_ = true;
    rest_ = {};
    return {};
  }
  const std::string_view taken = rest_.substr(0, count);
  rest_.remove_prefix(count);
  return taken;
}

config::DomainName RdataReader::name() {
  std::size_t size = 0;
  while (size < rest_.size() && rest_[size] != '\0') size += 1U + static_cast<unsigned char>(rest_[size]);
  const std::string_view wire = octets(size + 1);
  const auto name =
      config::DomainName::from_wire({reinterpret_cast<const std::uint8_t*>(wire.data()), wire.size()});
  failed_ = failed_ || !name;
  return name.value_or(config::DomainName());
}

void append_u16(std::string& bytes, std::uint16_t number) {
  bytes.push_back(static_cast<char>(number >> 8U));
  bytes.push_back(static_cast<char>(number));
}

void append_u32(std::string& bytes, std::uint32_t number) {
  append_u16(bytes, static_cast<std::uint16_t>(number >> 16U));
  append_u16(bytes, static_cast<std::uint16_t>(number));
}

std::string canonical_name(const config::DomainName& name) {
  const config::DomainName lower = name.lower_case();
  const std::span<const std::uint8_t> wire = lower.wire();
  return {reinterpret_cast<const char*>(wire.data()), wire.size()};
}

std::size_t signed_labels(const config::DomainName& owner) {
  return owner.label_count() - (owner.first_label() == "*" ? 1 : 0);
}

std::optional<std::vector<std::string>> canonical_rdata(const RecordSet& set) {
  const auto form = std::ranges::find(rdata_forms, set.type, &RdataForm::type);
  if (form == rdata_forms.end()) return std::nullopt;
  std::vector<std::string> result;
  for (const std::string& rdata : set.rdata) {
    auto record = canonical_record(*form, rdata);
    if (!record) return std::nullopt;
    result.push_back(std::move(*record));
  }
  std::ranges::sort(result);  // by octets without sign; the shorter of two that begin the same comes first
  const auto duplicates = std::ranges::unique(result);
  result.erase(duplicates.begin(), duplicates.end());
  return result;
}

}  // namespace dkimprobe::checks::dnssec
