#include "tests/probe/scripted_nameserver.hpp"

#include <algorithm>
#include <sstream>
#include <stdexcept>
#include <string>

namespace dkimprobe::tests {
namespace {

using config::DomainName;
using probe::RecordType;

constexpr std::size_t header_bytes = 12;

DomainName read_name(std::string_view text) {
  const auto name = DomainName::parse(text);
  if (!name) throw std::runtime_error("not a name: " + std::string(text));
  return *name;
}

void put_u16(Bytes& to, std::size_t value) {
  to.push_back(static_cast<std::uint8_t>(value >> 8U));
  to.push_back(static_cast<std::uint8_t>(value));
}

void put(Bytes& to, std::span<const std::uint8_t> octets) {
  to.insert(to.end(), octets.begin(), octets.end());
}

std::size_t question_end(const Bytes& query) {
  std::size_t at = header_bytes;
  while (query.at(at) != 0) at += 1U + query[at];
  return at + 5;
}

}  // namespace

AskedQuestion question_of(const Bytes& query) {
  const std::size_t end = question_end(query);
  const auto name = DomainName::from_wire(std::span(query).subspan(header_bytes, end - 4 - header_bytes));
  return {name.value(), static_cast<RecordType>(query[end - 4] << 8U | query[end - 3])};
}

void ScriptedNameserver::add(std::string_view text) {
  std::istringstream words{std::string(text)};
  std::string owner;
  std::string type;
  std::string data;
  words >> owner >> type >> std::ws;
  std::getline(words, data);
  Record record;
  record.owner = read_name(owner);
  if (type == "TXT") {
    record.rdata.push_back(static_cast<std::uint8_t>(data.size()));
    record.rdata.insert(record.rdata.end(), data.begin(), data.end());
  } else if (type == "A") {
    record.type = RecordType::a;
    put(record.rdata, config::Address::parse(data).value().octets());
  } else if (type == "NS" || type == "CNAME" || type == "DNAME") {
    record.type = type == "NS" ? RecordType::ns : type == "CNAME" ? RecordType::cname : RecordType::dname;
    record.target = read_name(data);
    put(record.rdata, record.target->wire());
  } else if (type == "SOA") {
    record.type = RecordType::soa;
    put(record.rdata, read_name(data).wire());
    put(record.rdata, read_name(data).wire());
    for (const Bytes& number : {Bytes{0, 0, 0, 1}, Bytes(4), Bytes(4), Bytes(4), Bytes{0, 0, 0, 60}})
      put(record.rdata, number);
  } else {
    throw std::runtime_error("not a record: " + std::string(text));
  }
  records_.push_back(std::move(record));
}

std::optional<Bytes> ScriptedNameserver::answer(const Bytes& query) const {
  if (silent) return std::nullopt;
  const auto [name, type] = question_of(query);
  std::vector<Record> answers;
  std::vector<Record> authority;
  std::vector<Record> additional;
  std::uint8_t rcode = 0;
  bool authoritative = !lame;

  const Record* apex = nullptr;
  for (const Record& record : records_) {
    const bool holds = record.type == RecordType::soa && name.is_at_or_below(record.owner);
    if (holds && (apex == nullptr || record.owner.is_at_or_below(apex->owner))) apex = &record;
  }
  const auto is_cut = [&](const Record& record) {
    return record.type == RecordType::ns && record.owner != apex->owner &&
           record.owner.is_at_or_below(apex->owner) && name.is_at_or_below(record.owner);
  };
  if (apex == nullptr) {
    rcode = 5;  // REFUSED
    authoritative = false;
  } else if (std::any_of(records_.begin(), records_.end(), is_cut)) {
    authoritative = false;
    for (const Record& record : records_) {
      if (!is_cut(record)) continue;
      authority.push_back(record);
      for (const Record& glue : records_) {
        if (glue.type == RecordType::a && glue.owner == *record.target) additional.push_back(glue);
      }
    }
  } else {
    bool exists = false;
    for (const Record& record : records_) {
      exists |= record.owner.is_at_or_below(name);
      if (record.owner == name && (record.type == type || record.type == RecordType::cname)) {
        answers.push_back(record);
      }
      if (record.type == RecordType::dname && record.owner != name && name.is_at_or_below(record.owner)) {
        answers.push_back(record);
      }
    }
    if (answers.empty()) {
      authority.push_back(*apex);
      rcode = exists ? 0 : 3;  // NXDOMAIN
    }
  }

  Bytes response(query.begin(), query.begin() + static_cast<std::ptrdiff_t>(question_end(query)));
  response[2] = static_cast<std::uint8_t>(0x80U | (authoritative ? 0x04U : 0U));
  response[3] = rcode;
  const bool edns = query[11] != 0;
  Bytes counts;
  for (const std::size_t count : {answers.size(), authority.size(), additional.size() + (edns ? 1 : 0)}) {
    put_u16(counts, count);
  }
  std::copy(counts.begin(), counts.end(), response.begin() + 6);
  for (const auto* section : {&answers, &authority, &additional}) {
    for (const Record& record : *section) {
      if (record.owner == name) {
        put_u16(response, 0xc000U | header_bytes);
      } else {
        put(response, record.owner.wire());
      }
      put_u16(response, static_cast<std::size_t>(record.type));
      put(response, Bytes{0, 1, 0, 0, 0x0e, 0x10});
      put_u16(response, record.rdata.size());
      put(response, record.rdata);
    }
  }
  if (edns) put(response, Bytes{0, 0, 41, 4, 0xd0, 0, 0, 0, 0, 0, 0});
  return response;
}

}  // namespace dkimprobe::tests
