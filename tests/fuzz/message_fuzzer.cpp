// Any octets as a message that arrived: nothing may crash, and a message that passes the scan is read by ldns
// as it is by us. tests/fuzz/corpus/message holds the seeds; each finding becomes a vector in
// tests/probe/vectors/wire.
#include <array>
#include <cstdio>
#include <cstdlib>

#include "probe/wire/message_scan.hpp"
#include "probe/wire/query_message.hpp"
#include "probe/wire/response_match.hpp"
#include "probe/wire/response_reader.hpp"
#include "tests/probe/wire/ldns_oracle.hpp"

using namespace dkimprobe;

namespace {

void require(bool holds, const char* what) {
  if (holds) return;
  static_cast<void>(std::fprintf(stderr, "message_fuzzer: %s\n", what));
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static probe::MessageScanner scanner;
  static const config::DomainName asked = config::DomainName::parse("s1._domainkey.example.com").value();
  static std::vector<std::uint8_t> query = probe::build_query(asked, probe::RecordType::txt, {});

  const std::span<const std::uint8_t> message{data, size};
  if (size >= 2) probe::set_query_id(query, static_cast<std::uint16_t>(data[0] << 8 | data[1]));
  const auto reason = probe::mismatch(message, query);

  const auto scanned = scanner.scan(message);
  if (!scanned) {
    require(scanned.error().offset <= size + 255, "a fault beyond the message");
    return 0;
  }
  require(scanned->records.size() <= probe::most_records, "too many records");
  if (!reason && scanned->questions == 1) {
    require(probe::name_at(*scanned, 12) == asked, "a match of another name");
  }

  // The message's own question, so that what hangs upon the name is reached.
  const config::DomainName name = scanned->questions == 1 ? probe::name_at(*scanned, 12) : asked;
  const probe::Response response =
      probe::read_response(*scanned, name, probe::RecordType::txt, probe::KeepSets::yes);
  std::array<char, 65535> buffer{};
  std::size_t txt = 0;
  for (const probe::ScannedRecord& record : scanned->records) {
    const bool at_name = probe::owner_is_question(*scanned, record);
    require(scanned->questions == 0 || at_name == (probe::name_at(*scanned, record.owner_at) == name),
            "owner_is_question and the names differ");
    if (!record.is(probe::RecordType::txt)) continue;
    const auto joined = probe::joined_txt(*scanned, record, buffer);
    require(joined.has_value(), "no joined text");
    if (!at_name || record.record_class != 1 || record.section != probe::Section::answer) continue;
    if (record.rdata_bytes == 0) continue;
    if (response.oversized_txt) {
      ++txt;
      continue;
    }
    std::string text;
    for (const std::string& string : response.txt.at(txt).strings) text += string;
    require(text == *joined, "the joined text is not the strings of the response");
    ++txt;
  }
  const std::size_t counted = response.oversized_txt ? response.oversized_txt->records : response.txt.size();
  require(scanned->questions == 0 || txt == counted, "a TXT too many in the response");

  if (tests::fit_for_ldns(*scanned)) {
    const auto difference = tests::disagreement(*scanned, response, name);
    require(!difference, difference ? difference->c_str() : "");
  }
  return 0;
}
