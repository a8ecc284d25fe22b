// Printed commands give a shell the same words again, whatever they contain.
#include "checks/rotation/program_call.hpp"

#include <array>
#include <cstdio>
#include <memory>

#include "config/basics/shell_word.hpp"
#include "tests/catch.hpp"

using namespace dkimprobe;
using namespace std::chrono_literals;

namespace {

/// What `printf` prints when a shell passes it the word.
std::string through_shell(const std::string& word) {
  const std::string command = "printf '%s' " + word;
  const auto close = [](FILE* stream) { pclose(stream); };
  const std::unique_ptr<FILE, decltype(close)> stream(popen(command.c_str(), "r"), close);
  std::string text;
  std::array<char, 256> piece{};
  for (std::size_t size = 0; (size = fread(piece.data(), 1, piece.size(), stream.get())) > 0;)
    text.append(piece.data(), size);
  return text;
}

}  // namespace

TEST_CASE("a shell reads a word as it was") {
  for (const std::string word : {"", "s1.pem", "a b", "it's", "$HOME", "`id`", "a\\b", "*", "~", "-x", "#",
                                 "a;b", "\"q\"", "schl\xc3\xbcssel.pem", "tab\there", "100%", "!x"}) {
    INFO(word);
    const std::string written = config::shell_word(word);
    CHECK(through_shell(written) == word);
    for (const char c : written) CHECK((c >= ' ' && c <= '~'));
  }
}

TEST_CASE("a command has the names before its flags, unless a name looks like a flag") {
  const auto domain = config::DomainName::parse("example.com").value();
  const checks::ProgramCall call{"./run", {}, {}};
  CHECK(checks::command_text(call, {"preflight"}, domain, {"s2"}, {"--key", "a b"}) ==
        "./run preflight example.com s2 --key 'a b'");
  CHECK(checks::command_text(call, {"rotation", "plan"}, domain, {"-out"}, {"-4"}) ==
        "./run rotation plan -4 -- example.com -out");
}

TEST_CASE("a wait covers the time") {
  CHECK(checks::wait_value(0s) == "1m");
  CHECK(checks::wait_value(61s) == "3m");
  CHECK(checks::wait_value(2h) == "3h");
  CHECK(checks::wait_value(24h) == "25h");
}
