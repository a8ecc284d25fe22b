#include "tests/probe/wire/wire_vector.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string_view>

#include <fmt/format.h>

#include "config/basics/escape.hpp"
#include "probe/wire/query_message.hpp"

namespace dkimprobe::tests {
namespace {

using Octets = std::vector<std::uint8_t>;

config::DomainName parse_name(std::string_view text) {
  auto name = config::DomainName::parse(text);
  if (!name) throw std::runtime_error(name.error().front().message);
  return *std::move(name);
}

probe::RecordType parse_type(std::string_view text) {
  using probe::RecordType;
  if (text == "A") return RecordType::a;
  if (text == "AAAA") return RecordType::aaaa;
  if (text == "NS") return RecordType::ns;
  if (text == "SOA") return RecordType::soa;
  if (text == "TXT") return RecordType::txt;
  throw std::runtime_error(fmt::format("unknown type {}", text));
}

/// Assembles the tokens of a `message:` part.
class Assembler {
 public:
  void line(std::string_view text) {
    std::size_t at = 0;
    while (true) {
      at = text.find_first_not_of(" \t", at);
      if (at == std::string_view::npos || text[at] == '#') return;
      std::size_t end = 0;
      if (text[at] == '"' || text[at] == '\'') {
        end = text.find(text[at], at + 1);
        if (end == std::string_view::npos) throw std::runtime_error("a quote without end");
        end = text.find_first_of(" \t", end);
      } else {
        end = text.find_first_of(" \t", at);
      }
      end = std::min(end, text.size());
      token(text.substr(at, end - at));
      at = end;
    }
  }
  [[nodiscard]] Octets finish() {
    if (!lengths_at_.empty()) throw std::runtime_error("rdata{ without its brace");
    return std::move(octets_);
  }

 private:
  void token(std::string_view text) {
    if (text == "rdata{") {
      lengths_at_.push_back(octets_.size());
      octets_.insert(octets_.end(), 2, 0);
      return;
    }
    if (text == "}") {
      if (lengths_at_.empty()) throw std::runtime_error("a brace too many");
      const std::size_t at = lengths_at_.back();
      lengths_at_.pop_back();
      const std::size_t length = octets_.size() - at - 2;
      octets_[at] = static_cast<std::uint8_t>(length >> 8);
      octets_[at + 1] = static_cast<std::uint8_t>(length & 0xff);
      return;
    }
    std::size_t times = 1;
    const bool quoted = text[0] == '"' || text[0] == '\'';
    const std::size_t star = text.rfind('*');
    if (star != std::string_view::npos && (!quoted || star > text.rfind(text[0]))) {
      const auto* const end = text.data() + text.size();
      if (std::from_chars(text.data() + star + 1, end, times).ptr != end) {
        throw std::runtime_error(fmt::format("no number of times in {}", text));
      }
      text = text.substr(0, star);
    }
    const Octets one = token_octets(text);
    for (std::size_t i = 0; i < times; ++i) octets_.insert(octets_.end(), one.begin(), one.end());
  }

  static Octets token_octets(std::string_view text) {
    Octets one;
    if (text[0] == '"' || text[0] == '\'') {
      const std::string_view inner = text.substr(1, text.size() - 2);
      if (text[0] == '\'') one.push_back(static_cast<std::uint8_t>(inner.size()));
      one.insert(one.end(), inner.begin(), inner.end());
    } else if (text.starts_with("name:")) {
      const auto name = parse_name(text.substr(5));
      one.assign(name.wire().begin(), name.wire().end());
    } else {
      if (text.size() % 2 != 0) throw std::runtime_error(fmt::format("half an octet in {}", text));
      for (std::size_t i = 0; i < text.size(); i += 2) {
        std::uint8_t octet = 0;
        if (std::from_chars(text.data() + i, text.data() + i + 2, octet, 16).ptr != text.data() + i + 2) {
          throw std::runtime_error(fmt::format("no token: {}", text));
        }
        one.push_back(octet);
      }
    }
    return one;
  }

  Octets octets_{};
  std::vector<std::size_t> lengths_at_{};
};

std::string_view without_prefix(std::string_view text, std::string_view prefix) {
  return text.substr(prefix.size());
}

WireVector load(const std::filesystem::path& path) {
  WireVector vector;
  vector.name = path.stem().string();
  vector.question_name = parse_name("s1._domainkey.example.com");
  Assembler assembler;
  enum class Part { head, message, found } part = Part::head;
  std::ifstream file(path);
  std::size_t number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    try {
      if (line.empty() || line[0] == '#') continue;
      if (line.starts_with("ask: ")) {
        const std::string_view asked = without_prefix(line, "ask: ");
        const std::size_t space = asked.find(' ');
        vector.question_name = parse_name(asked.substr(0, space));
        vector.question_type = parse_type(asked.substr(space + 1));
      } else if (line == "message:") {
        part = Part::message;
      } else if (line.starts_with("match: ")) {
        vector.match = without_prefix(line, "match: ");
        part = Part::found;
      } else if (line.starts_with("scan: ")) {
        vector.scan = without_prefix(line, "scan: ");
      } else if (part == Part::message) {
        assembler.line(line);
      } else if (part == Part::found) {
        vector.facts.push_back(line);
      } else {
        throw std::runtime_error("what is this line");
      }
    } catch (const std::runtime_error& error) {
      throw std::runtime_error(fmt::format("{}:{}: {}", path.string(), number, error.what()));
    }
  }
  if (vector.match.empty() || vector.scan.empty()) {
    throw std::runtime_error(fmt::format("{}: `match:` and `scan:` are needed", path.string()));
  }
  vector.message = assembler.finish();
  return vector;
}

std::string in_quotes(std::string_view bytes) {
  std::string text = "\"";
  for (const char c : config::escape_text(bytes)) {
    if (c == '"') text += '\\';
    text += c;
  }
  return text + '"';
}

}  // namespace

std::vector<WireVector> load_wire_vectors() {
  std::vector<WireVector> vectors;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::filesystem::path(DKIMPROBE_VECTORS) / "wire")) {
    vectors.push_back(load(entry.path()));
  }
  std::sort(vectors.begin(), vectors.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return vectors;
}

std::vector<std::uint8_t> query_of(const WireVector& vector) {
  auto query = probe::build_query(vector.question_name, vector.question_type, {});
  probe::set_query_id(query, 0x1234);
  return query;
}

ExactBytes::ExactBytes(std::span<const std::uint8_t> bytes)
    : octets_(new std::uint8_t[bytes.size()]), size_(bytes.size()) {
  std::copy(bytes.begin(), bytes.end(), octets_.get());
}

std::string to_string(probe::IgnoreReason reason) {
  using probe::IgnoreReason;
  switch (reason) {
    case IgnoreReason::wrong_source:
      return "wrong_source";
    case IgnoreReason::wrong_id:
      return "wrong_id";
    case IgnoreReason::wrong_question:
      return "wrong_question";
    case IgnoreReason::wrong_class:
      return "wrong_class";
    case IgnoreReason::wrong_opcode:
      return "wrong_opcode";
    case IgnoreReason::not_a_response:
      return "not_a_response";
    case IgnoreReason::no_question:
      return "no_question";
    case IgnoreReason::malformed:
      return "malformed";
    case IgnoreReason::late:
      return "late";
    case IgnoreReason::duplicate:
      return "duplicate";
  }
  return "unknown";
}

std::vector<std::string> facts_of(const probe::ScannedMessage& message, const probe::Response& response) {
  std::vector<std::string> facts;
  const auto add = [&]<class... Parts>(fmt::format_string<Parts...> format, Parts&&... parts) {
    facts.push_back(fmt::format(format, std::forward<Parts>(parts)...));
  };
  add("rcode {}{}{}{}", static_cast<unsigned>(response.rcode), response.authoritative ? " aa" : "",
      response.truncated ? " tc" : "", response.recursion_available ? " ra" : "");
  if (message.trailing_bytes != 0) add("trailing {}", message.trailing_bytes);
  if (message.cut_short) add("cut_short");
  if (!message.every_type_read) add("unread_types");
  if (!response.has_question) add("no_question");
  if (!response.question_case_kept) add("question_case_changed");
  if (response.edns) {
    std::string line = fmt::format("edns {} version {}{}", response.edns->payload_bytes,
                                   response.edns->version, response.edns->dnssec_ok ? " do" : "");
    if (response.edns->nsid) line += " nsid " + in_quotes(*response.edns->nsid);
    if (response.edns->server_cookie) line += " cookie " + in_quotes(*response.edns->server_cookie);
    facts.push_back(line);
  }
  for (const auto& txt : response.txt) {
    std::string line = fmt::format("txt {}", txt.ttl_seconds);
    for (const auto& string : txt.strings) line += " " + in_quotes(string);
    facts.push_back(line);
  }
  for (const auto& alias : response.aliases) {
    add("{} {} {} {}", alias.is_dname ? "dname" : "cname", alias.owner.to_string(), alias.target.to_string(),
        alias.ttl_seconds);
  }
  for (const auto& ns : response.ns) {
    add("ns {} {} {}", ns.owner.to_string(), ns.target.to_string(), ns.ttl_seconds);
  }
  for (const auto& address : response.addresses) {
    add("address {} {} {}", address.owner.to_string(), address.address.to_string(), address.ttl_seconds);
  }
  for (const auto& soa : response.soa) {
    add("soa {} {} {} {} {} {} {} {} {} {}", soa.owner.to_string(), soa.mname.to_string(),
        soa.rname.to_string(), soa.serial, soa.refresh_seconds, soa.retry_seconds, soa.expire_seconds,
        soa.minimum_seconds, soa.ttl_seconds, soa.in_answer ? "answer" : "authority");
  }
  for (const auto& ns : response.referral) {
    add("referral {} {} {}", ns.owner.to_string(), ns.target.to_string(), ns.ttl_seconds);
  }
  for (const auto& glue : response.glue) {
    add("glue {} {} {}", glue.owner.to_string(), glue.address.to_string(), glue.ttl_seconds);
  }
  if (response.oversized_txt)
    add("oversized_txt {} {}", response.oversized_txt->records, response.oversized_txt->octets);
  if (response.answers_elsewhere != 0) add("elsewhere {}", response.answers_elsewhere);
  if (response.malformed_txt != 0) add("malformed_txt {}", response.malformed_txt);
  if (response.dname_target_too_long) add("dname_target_too_long");
  if (response.has_rrsig) add("rrsig");
  if (response.nsec_ttl_seconds) add("nsec_ttl {}", *response.nsec_ttl_seconds);
  return facts;
}

}  // namespace dkimprobe::tests
