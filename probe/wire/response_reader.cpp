#include "probe/wire/response_reader.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

#include "probe/wire/octets.hpp"

namespace dkimprobe::probe {
namespace {

using config::DomainName;

/// RFC 2181 section 8: a TTL with the highest bit set counts as 0. The TTL field of an OPT record is not a
/// TTL.
std::uint32_t ttl_of(std::uint32_t on_the_wire) {
  return on_the_wire > 0x7fff'ffffU ? 0 : on_the_wire;
}

std::string raw(Bytes octets) {
  return {octets.begin(), octets.end()};
}

/// The end of the name at `at`, without following pointers; the name has passed the scan.
std::size_t name_end(Bytes message, std::size_t at) {
  while (message[at] != 0) {
    if (message[at] > DomainName::longest_label) return at + 2;
    at += 1U + message[at];
  }
  return at + 1;
}

constexpr std::size_t most_sets = 32;  // an answer with an alias and its denial has fewer than 10

Edns read_edns(const ScannedMessage& message, const ScannedRecord& opt) {
  constexpr std::size_t client_cookie_bytes = 8;
  constexpr std::size_t longest_nsid = 512;  // a longer one is left out: half of one could look like another
  Edns edns;
  edns.payload_bytes = opt.record_class;
  edns.version = static_cast<std::uint8_t>(opt.ttl_seconds >> 16 & 0xffU);
  edns.dnssec_ok = (opt.ttl_seconds & 0x8000U) != 0;
  // Read options up to the first that does not fit: a malformed one does not invalidate the answer.
  Bytes rest = message.bytes.subspan(opt.rdata_at, opt.rdata_bytes);
  while (rest.size() >= 4 && rest.size() - 4 >= u16(rest, 2)) {
    const std::uint16_t code = u16(rest, 0);
    const Bytes value = rest.subspan(4, u16(rest, 2));
    if (code == nsid_option && !edns.nsid && value.size() <= longest_nsid) edns.nsid = raw(value);
    // RFC 7873 section 4: 8 octets of the client, then 8 to 32 of the server; other lengths are not a cookie.
    if (code == cookie_option && !edns.server_cookie && value.size() >= 16 && value.size() <= 40) {
      edns.server_cookie = raw(value.subspan(client_cookie_bytes));
    }
    rest = rest.subspan(4 + value.size());
  }
  return edns;
}

TxtRecord read_txt(const ScannedMessage& message, const ScannedRecord& record) {
  TxtRecord txt;
  txt.ttl_seconds = ttl_of(record.ttl_seconds);
  Bytes rest = message.bytes.subspan(record.rdata_at, record.rdata_bytes);
  while (!rest.empty()) {
    txt.strings.push_back(raw(rest.subspan(1, rest[0])));
    rest = rest.subspan(1U + rest[0]);
  }
  return txt;
}

/// The answer's TXT records, or only their number and size when they exceed the limits.
void keep_txt(const ScannedMessage& message, const std::vector<const ScannedRecord*>& records,
              Response& response) {
  std::uint32_t octets = 0;
  for (const ScannedRecord* const record : records) octets += record->rdata_bytes;
  if (records.size() > most_txt_records || octets > most_txt_octets) {
    response.oversized_txt = OversizedTxt{static_cast<std::uint32_t>(records.size()), octets};
    return;
  }
  for (const ScannedRecord* const record : records) response.txt.push_back(read_txt(message, *record));
}

SoaRecord read_soa(const ScannedMessage& message, const ScannedRecord& record, DomainName owner) {
  const std::size_t rname_at = name_end(message.bytes, record.rdata_at);
  const std::size_t numbers_at = name_end(message.bytes, rname_at);
  SoaRecord soa;
  soa.owner = std::move(owner);
  soa.mname = name_at(message, record.rdata_at);
  soa.rname = name_at(message, rname_at);
  soa.serial = u32(message.bytes, numbers_at);
  soa.refresh_seconds = u32(message.bytes, numbers_at + 4);
  soa.retry_seconds = u32(message.bytes, numbers_at + 8);
  soa.expire_seconds = u32(message.bytes, numbers_at + 12);
  // The TTL of negative answers (RFC 2308 section 4).
  soa.minimum_seconds = ttl_of(u32(message.bytes, numbers_at + 16));
  soa.ttl_seconds = ttl_of(record.ttl_seconds);
  soa.in_answer = record.section == Section::answer;
  return soa;
}

/// RFC 4034 section 5.1. Nothing when the rdata is too short for a digest.
std::optional<DsRecord> read_ds(const ScannedMessage& message, const ScannedRecord& record) {
  constexpr std::size_t digest_at = 4;
  const Bytes rdata = message.bytes.subspan(record.rdata_at, record.rdata_bytes);
  if (rdata.size() <= digest_at || rdata.size() > digest_at + 255) return std::nullopt;
  return DsRecord{
      name_at(message, record.owner_at), u16(rdata, 0), rdata[2], rdata[3], raw(rdata.subspan(digest_at)),
      ttl_of(record.ttl_seconds)};
}

std::optional<AddressRecord> read_address(const ScannedMessage& message, const ScannedRecord& record,
                                          DomainName owner) {
  const auto address =
      config::Address::from_octets(message.bytes.subspan(record.rdata_at, record.rdata_bytes));
  if (!address) return std::nullopt;
  return AddressRecord{std::move(owner), *address, ttl_of(record.ttl_seconds)};
}

/// The name with its suffix `owner` replaced by `target` (RFC 6672 section 2.2); nothing if too long.
std::optional<DomainName> substituted(const DomainName& name, const DomainName& owner,
                                      const DomainName& target) {
  const std::size_t kept = name.wire_size() - owner.wire_size();
  if (kept + target.wire_size() > DomainName::longest_wire) return std::nullopt;
  std::array<std::uint8_t, DomainName::longest_wire> wire{};
  std::copy_n(name.wire().begin(), kept, wire.begin());
  std::copy(target.wire().begin(), target.wire().end(), wire.begin() + static_cast<std::ptrdiff_t>(kept));
  return DomainName::from_wire({wire.data(), kept + target.wire_size()});
}

/// The names in rdata that may be compressed. Those of DS, NSEC, DNSKEY and NSEC3 may not (RFC 4034 sections
/// 4.1.1 and 5.1, RFC 5155 section 3.2).
std::size_t names_in(const ScannedRecord& record) {
  if (record.is(RecordType::soa)) return 2;
  const bool has_one = record.is(RecordType::ns) || record.is(RecordType::cname) ||
                       record.is(RecordType::dname) || record.is(RecordType::rrsig);
  return has_one ? 1 : 0;
}

/// The rdata of a record with its names uncompressed.
std::string plain_rdata(const ScannedMessage& message, const ScannedRecord& record) {
  constexpr std::size_t before_signer = 18;  // RFC 4034 section 3.1
  std::size_t at = record.rdata_at;
  if (record.is(RecordType::rrsig)) at += before_signer;
  std::string plain = raw(message.bytes.subspan(record.rdata_at, at - record.rdata_at));
  for (std::size_t names = names_in(record); names > 0; --names) {
    plain += raw(name_at(message, at).wire());
    at = name_end(message.bytes, at);
  }
  return plain + raw(message.bytes.subspan(at, record.rdata_at + record.rdata_bytes - at));
}

/// The records of the answer and authority sections, as sets; empty when there is too much to keep.
std::optional<std::vector<RecordSet>> read_sets(const ScannedMessage& message) {
  std::size_t octets = 0;
  std::vector<RecordSet> sets;
  const auto set_of = [&](const ScannedRecord& record, std::uint16_t type) -> RecordSet& {
    DomainName owner = name_at(message, record.owner_at);
    for (RecordSet& set : sets) {
      if (set.type == type && set.owner == owner) return set;
    }
    return sets.emplace_back(RecordSet{std::move(owner), type, ttl_of(record.ttl_seconds), {}, {}});
  };
  for (const ScannedRecord& record : message.records) {
    if (record.record_class != class_in || record.section == Section::additional) continue;
    octets += record.rdata_bytes;
    if (octets > most_set_octets || sets.size() > most_sets) return std::nullopt;
    const bool signs = record.is(RecordType::rrsig);
    // The first two octets of an RRSIG are the type covered (RFC 4034 section 3.1.1).
    RecordSet& set = set_of(record, signs ? u16(message.bytes, record.rdata_at) : record.type);
    (signs ? set.signatures : set.rdata).push_back(plain_rdata(message, record));
  }
  return sets;
}

template <class Record>
void keep_first(std::vector<Record>& records) {
  constexpr std::size_t most_records_kept = 64;
  if (records.size() <= most_records_kept) return;
  records.erase(records.begin() + most_records_kept, records.end());
  records.shrink_to_fit();
}

/// Reads one response section by section.
class Reading {
 public:
  Reading(const ScannedMessage& message, const DomainName& question_name, RecordType question_type)
      : message_(message), question_name_(question_name), question_type_(question_type) {}

  Response run() {
    header();
    for (const ScannedRecord& record : message_.records) {
      if (record.record_class != class_in) continue;
      if (record.is(RecordType::rrsig) && record.section != Section::additional) signature(record);
      switch (record.section) {
        case Section::answer:
          answer(record);
          break;
        case Section::authority:
          authority(record);
          break;
        case Section::additional:
          additional(record);
          break;
      }
    }
    keep_txt(message_, txt_, response_);
    return std::move(response_);
  }

 private:
  void header() {
    const Bytes bytes = message_.bytes;
    unsigned rcode = bytes[3] & 0x0fU;
    response_.authoritative = (bytes[2] & 0x04U) != 0;
    response_.truncated = (bytes[2] & 0x02U) != 0;
    response_.recursion_available = (bytes[3] & 0x80U) != 0;
    response_.has_question = message_.questions != 0;
    if (response_.has_question) {
      const Bytes asked = bytes.subspan(header_bytes, message_.question_name_end - header_bytes);
      const Bytes sent = question_name_.wire();
      response_.question_case_kept = std::equal(asked.begin(), asked.end(), sent.begin(), sent.end());
      question_is_asked_ = response_.question_case_kept || name_at(message_, header_bytes) == question_name_;
    }
    if (message_.opt != nullptr) {
      response_.edns = read_edns(message_, *message_.opt);
      rcode |= message_.opt->ttl_seconds >> 24 << 4;
    }
    response_.rcode = static_cast<Rcode>(rcode);
  }

  void answer(const ScannedRecord& record) {
    // Most owners are a pointer to the question; these can be compared without building a name.
    if (question_is_asked_ && owner_is_question(message_, record))
      return answer_at_name(record, question_name_);
    DomainName owner = name_at(message_, record.owner_at);
    if (owner == question_name_) return answer_at_name(record, std::move(owner));
    // A signature is not an answer of its own: it belongs to the set that it signs.
    if (record.is(RecordType::rrsig)) return;
    if (record.is(RecordType::dname) && question_name_.is_at_or_below(owner)) {
      if (auto target = substituted(question_name_, owner, name_at(message_, record.rdata_at))) {
        response_.aliases.push_back({std::move(owner), *std::move(target), ttl_of(record.ttl_seconds), true});
      } else {
        response_.dname_target_too_long = true;
      }
      return;
    }
    ++response_.answers_elsewhere;
  }

  void answer_at_name(const ScannedRecord& record, DomainName owner) {
    switch (static_cast<RecordType>(record.type)) {
      case RecordType::txt:
        if (record.rdata_bytes == 0) {
          ++response_.malformed_txt;
        } else {
          txt_.push_back(&record);
        }
        break;
      case RecordType::cname:
        response_.aliases.push_back(
            {std::move(owner), name_at(message_, record.rdata_at), ttl_of(record.ttl_seconds), false});
        break;
      case RecordType::ns:
        response_.ns.push_back(
            {std::move(owner), name_at(message_, record.rdata_at), ttl_of(record.ttl_seconds)});
        break;
      case RecordType::a:
      case RecordType::aaaa:
        if (auto address = read_address(message_, record, std::move(owner))) {
          response_.addresses.push_back(*std::move(address));
        }
        break;
      case RecordType::soa:
        first_soa(record, std::move(owner));
        break;
      case RecordType::rrsig:
        // The first two octets are the type covered (RFC 4034 section 3.1.1).
        if (u16(message_.bytes, record.rdata_at) == static_cast<std::uint16_t>(question_type_)) {
          response_.has_rrsig = true;
        }
        break;
      case RecordType::dname:  // redirects names below it, not its own name (RFC 6672 section 2.3)
      case RecordType::opt:
      case RecordType::ds:
      case RecordType::nsec:
      case RecordType::dnskey:
      case RecordType::nsec3:
        break;
    }
  }

  void authority(const ScannedRecord& record) {
    if (record.is(RecordType::soa)) {
      first_soa(record, name_at(message_, record.owner_at));
    } else if (record.is(RecordType::ns)) {
      response_.referral.push_back({name_at(message_, record.owner_at), name_at(message_, record.rdata_at),
                                    ttl_of(record.ttl_seconds)});
    } else if (record.is(RecordType::ds)) {
      if (auto ds = read_ds(message_, record)) response_.ds.push_back(*std::move(ds));
    } else if (record.is(RecordType::nsec) || record.is(RecordType::nsec3)) {
      response_.nsec_ttl_seconds =
          std::max(response_.nsec_ttl_seconds.value_or(0), ttl_of(record.ttl_seconds));
    }
  }

  void additional(const ScannedRecord& record) {
    if (!record.is(RecordType::a) && !record.is(RecordType::aaaa)) return;
    if (auto address = read_address(message_, record, name_at(message_, record.owner_at))) {
      response_.glue.push_back(*std::move(address));
    }
  }

  void signature(const ScannedRecord& record) {
    constexpr std::size_t expiration_at = 8;
    constexpr std::size_t inception_at = 12;
    const std::uint32_t expiration = u32(message_.bytes, record.rdata_at + expiration_at);
    const std::uint32_t inception = u32(message_.bytes, record.rdata_at + inception_at);
    // Serial number arithmetic, RFC 1982 section 3.2.
    const auto is_later = [](std::uint32_t a, std::uint32_t b) { return a - b - 1U < 0x7fff'ffffU; };
    auto& times = response_.signatures;
    if (!times) times = SignatureTimes{inception, expiration};
    if (is_later(expiration, times->last_expiration)) times->last_expiration = expiration;
    if (is_later(times->first_inception, inception)) times->first_inception = inception;
  }

  void first_soa(const ScannedRecord& record, DomainName owner) {
    const bool in_answer = record.section == Section::answer;
    for (const SoaRecord& soa : response_.soa) {
      if (soa.in_answer == in_answer) return;
    }
    response_.soa.push_back(read_soa(message_, record, std::move(owner)));
  }

  const ScannedMessage& message_;
  const DomainName& question_name_;
  RecordType question_type_;
  Response response_{};
  std::vector<const ScannedRecord*> txt_{};
  bool question_is_asked_ = false;  ///< the message's question has the queried name
};

}  // namespace

Response read_response(const ScannedMessage& message, const DomainName& question_name,
                       RecordType question_type, KeepSets keep_sets) {
  Response response = Reading{message, question_name, question_type}.run();
  if (keep_sets == KeepSets::no) return response;
  auto sets = read_sets(message);
  response.sets_omitted = !sets;
  if (sets) response.sets = *std::move(sets);
  return response;
}

void lower_case_names(Response& response) {
  const auto lower = [](auto& records, auto... names) {
    for (auto& record : records) ((record.*names = (record.*names).lower_case()), ...);
  };
  lower(response.aliases, &AliasRecord::owner, &AliasRecord::target);
  lower(response.ns, &NsRecord::owner, &NsRecord::target);
  lower(response.addresses, &AddressRecord::owner);
  lower(response.soa, &SoaRecord::owner, &SoaRecord::mname, &SoaRecord::rname);
  lower(response.referral, &NsRecord::owner, &NsRecord::target);
  lower(response.glue, &AddressRecord::owner);
  lower(response.ds, &DsRecord::owner);
}

void keep_evidence(Response& response) {
  keep_first(response.ns);
  keep_first(response.addresses);
  keep_first(response.aliases);
  keep_first(response.referral);
  keep_first(response.glue);
  keep_first(response.ds);
}

}  // namespace dkimprobe::probe
