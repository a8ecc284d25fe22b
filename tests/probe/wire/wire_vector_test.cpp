// Each wire vector, and what every parser of foreign octets must survive: all prefixes and all single-octet
// mutations.
#include <fmt/format.h>

#include "probe/wire/message_scan.hpp"
#include "probe/wire/query_message.hpp"
#include "probe/wire/response_match.hpp"
#include "probe/wire/response_reader.hpp"
#include "tests/catch.hpp"
#include "tests/probe/allocation_count.hpp"
#include "tests/probe/wire/wire_vector.hpp"

using namespace dkimprobe;
using namespace dkimprobe::tests;

namespace {

const std::vector<WireVector>& vectors() {
  static const std::vector<WireVector> loaded = load_wire_vectors();
  return loaded;
}

std::string match_of(const WireVector& vector, std::span<const std::uint8_t> message) {
  const auto reason = probe::mismatch(message, query_of(vector));
  return reason ? tests::to_string(*reason) : "ok";
}

/// Everything that the program does with a received message.
bool whole_way(probe::MessageScanner& scanner, const WireVector& vector, std::span<const std::uint8_t> query,
               std::span<const std::uint8_t> message) {
  static_cast<void>(probe::mismatch(message, query));
  const auto scanned = scanner.scan(message);
  if (!scanned) return false;
  static_cast<void>(
      probe::read_response(*scanned, vector.question_name, vector.question_type, probe::KeepSets::yes));
  std::array<char, 512> buffer{};
  for (const auto& record : scanned->records) {
    static_cast<void>(probe::owner_is_question(*scanned, record));
    if (record.is(probe::RecordType::txt)) static_cast<void>(probe::joined_txt(*scanned, record, buffer));
  }
  return true;
}

}  // namespace

TEST_CASE("each wire vector is matched, scanned and read as it states") {
  REQUIRE(vectors().size() > 90);
  probe::MessageScanner scanner;
  for (const WireVector& vector : vectors()) {
    INFO(vector.name);
    const ExactBytes message{vector.message};
    CHECK(match_of(vector, message.span()) == vector.match);
    const auto scanned = scanner.scan(message.span());
    CHECK((scanned ? "ok" : fmt::format("{} {}", to_string(scanned.error().kind), scanned.error().offset)) ==
          vector.scan);
    if (!scanned) continue;
    const auto response = probe::read_response(*scanned, vector.question_name, vector.question_type);
    CHECK(facts_of(*scanned, response) == vector.facts);
  }
}

TEST_CASE("record sets that are too large are not kept, and the response says so") {
  const config::DomainName name = config::DomainName::parse("s1.example").value();
  const auto response_with = [&](std::size_t records) {
    auto message = probe::build_query(name, probe::RecordType::txt, {});
    message[2] |= 0x84;  // QR, AA
    message[6] = static_cast<std::uint8_t>(records >> 8);
    message[7] = static_cast<std::uint8_t>(records);
    for (std::size_t i = 0; i < records; ++i) {
      for (const int octet : {0xc0, 0x0c, 0, 16, 0, 1, 0, 0, 0, 60, 0, 201, 200})
        message.push_back(static_cast<std::uint8_t>(octet));
      message.insert(message.end(), 200, 'x');
    }
    probe::MessageScanner scanner;
    const auto scanned = scanner.scan(message);
    REQUIRE(scanned);
    return probe::read_response(*scanned, name, probe::RecordType::txt, probe::KeepSets::yes);
  };
  const auto whole = response_with(80);
  CHECK_FALSE(whole.sets_omitted);
  REQUIRE(whole.sets.size() == 1);
  CHECK(whole.sets.front().rdata.size() == 80);
  const auto large = response_with(probe::most_set_octets / 201 + 1);
  CHECK(large.sets_omitted);
  CHECK(large.sets.empty());
}

TEST_CASE("matching and scanning allocate nothing, and reading little, for any message") {
  probe::MessageScanner scanner;
  for (const WireVector& vector : vectors()) {
    INFO(vector.name);
    const auto query = query_of(vector);
    const Allocations before = allocations();
    const auto reason = probe::mismatch(vector.message, query);
    const auto scanned = scanner.scan(vector.message);
    const Allocations after_scan = allocations();
    static_cast<void>(reason);
    CHECK(after_scan.count == before.count);
    if (!scanned) continue;
    const auto response = probe::read_response(*scanned, vector.question_name, vector.question_type);
    CHECK(allocations().bytes - after_scan.bytes <= 1 << 20);
  }
}

TEST_CASE("every truncated message is distinguished from the complete one") {
  probe::MessageScanner scanner;
  for (const WireVector& vector : vectors()) {
    INFO(vector.name);
    const auto query = query_of(vector);
    const auto whole = scanner.scan(vector.message);
    // A prefix may pass only if TC=1, or if it lacks only trailing octets.
    const bool exact = whole && (vector.message[2] & 0x02) == 0;
    const std::size_t end = whole ? vector.message.size() - whole->trailing_bytes : vector.message.size();
    std::size_t wrongly_passed = 0;
    const std::size_t step = vector.message.size() > 2000 ? 97 : 1;
    for (std::size_t size = 0; size < vector.message.size(); size += step) {
      const ExactBytes beginning{std::span{vector.message}.first(size)};
      const bool passed = whole_way(scanner, vector, query, beginning.span());
      if (exact && size < end && passed) ++wrongly_passed;
    }
    CHECK(wrongly_passed == 0);
  }
}

TEST_CASE("every change of one octet results in a fault or in a response") {
  probe::MessageScanner scanner;
  std::size_t passed = 0;
  std::size_t refused = 0;
  for (const WireVector& vector : vectors()) {
    if (vector.message.size() > 400) continue;
    const auto query = query_of(vector);
    std::vector<std::uint8_t> message = vector.message;
    const ExactBytes exact{message};
    auto* const octets = const_cast<std::uint8_t*>(exact.span().data());
    for (std::size_t at = 0; at < message.size(); ++at) {
      for (unsigned change = 1; change < 256; ++change) {
        octets[at] = static_cast<std::uint8_t>(message[at] ^ change);
        ++(whole_way(scanner, vector, query, exact.span()) ? passed : refused);
      }
      octets[at] = message[at];
    }
  }
  CHECK(passed > 100'000);
  CHECK(refused > 100'000);
}

TEST_CASE("joining a single string needs no buffer, joining several needs one of the rdata's size") {
  probe::MessageScanner scanner;
  const auto joined = [&](std::string_view name, std::size_t buffer_bytes) -> std::optional<std::string> {
    for (const WireVector& vector : vectors()) {
      if (vector.name != name) continue;
      const auto scanned = scanner.scan(vector.message);
      REQUIRE(scanned);
      std::vector<char> buffer(buffer_bytes);
      const auto text = probe::joined_txt(*scanned, scanned->records.front(), buffer);
      return text ? std::optional<std::string>{*text} : std::nullopt;
    }
    FAIL("no vector " << name);
    return std::nullopt;
  };
  CHECK(joined("txt", 0) == "v=DKIM1;p=");
  CHECK(joined("txt_empty_string", 0) == "");
  CHECK(joined("txt_no_strings", 0) == "");
  CHECK(joined("txt_strings_split", 14) == "v=DKIM1;p=ABCD");
  CHECK(joined("txt_strings_split", 13) == std::nullopt);
  CHECK(joined("strings_1024", 0) == "");
}
