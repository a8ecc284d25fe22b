#include "cli/io/message_input.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "config/basics/text_encoding.hpp"
#include "config/records/input.hpp"

namespace dkimprobe::cli {

config::Result<NamedMessage> read_message(const std::optional<std::filesystem::path>& file) {
  if (!file) return NamedMessage{};
  const auto text = config::read_file(*file, checks::longest_header_octets);
  if (!text) return tl::unexpected(text.error());
  auto read = checks::read_signatures(*text);
  const auto wrong = [&](std::string message) {
    return config::failure(config::shown_name(*file), std::move(message));
  };
  if (config::begins_as_utf16(*text))
    return wrong("it is UTF-16 text; save the message as the mail server received it, in 8-bit characters");
  if (read.header_too_long) {
    return wrong(fmt::format("its header does not end within {} octets; is it a message?",
                             checks::longest_header_octets));
  }
  if (read.count == 0) {
    return wrong("its header has no DKIM-Signature field; give the complete source of a signed message");
  }
  if (read.count > checks::most_signatures) {
    return wrong(fmt::format("it has {} DKIM-Signature fields; at most {} are allowed", read.count,
                             checks::most_signatures));
  }
  return NamedMessage{config::shown_name(*file), std::move(read.fields)};
}

bool any_names_no_key(const std::vector<checks::SignatureField>& fields) {
  return !std::ranges::all_of(fields, &checks::SignatureField::names_key);
}

}  // namespace dkimprobe::cli
