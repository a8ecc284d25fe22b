#include "config/keys/passphrase.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <system_error>

#include <fmt/format.h>

#include "config/basics/escape.hpp"
#include "config/basics/regular_file.hpp"

namespace dkimprobe::config {
namespace {

tl::unexpected<Errors> none_given() {
  return failure("",
                 "the key is encrypted and its passphrase is not given: name a file that holds it "
                 "(--passphrase-file; passphrase_file in the settings) or a descriptor (--passphrase-fd)");
}

tl::unexpected<Errors> too_long(std::string where) {
  return failure(std::move(where), fmt::format("the first line is too long for a passphrase (over {} octets)",
                                               longest_passphrase));
}

/// The line end is not part of the passphrase.
Result<void> take_line(std::string_view line, std::string where, SecretBytes& passphrase) {
  line = line.substr(0, line.find('\n'));
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (line.empty()) return failure(std::move(where), "the passphrase is empty");
  if (line.size() > longest_passphrase) return too_long(std::move(where));
  if (line.find('\0') != std::string_view::npos) {
    return failure(std::move(where), "the passphrase contains a NUL octet");
  }
  if (line.data() != passphrase.room().data()) std::ranges::copy(line, passphrase.room().begin());
  passphrase.set_size(line.size());
  return {};
}

Result<void> read_from_file(const PassphraseFile& file, SecretBytes& passphrase,
                            std::vector<std::string>& warnings) {
  SecretBytes bytes(4 * longest_passphrase);
  const auto read = read_secret_file(file.path, file.files, "a passphrase", bytes);
  if (!read) return tl::unexpected(read.error());
  const std::string name = escape_text(file.path.string());
  if (*read)
    warnings.push_back(fmt::format("the group or everybody can read the passphrase; chmod 600 {}", name));
  return take_line(bytes.view(), name, passphrase);
}

/// Reads an octet at a time: data after the line is left for other readers.
Result<void> read_from_descriptor(int descriptor, SecretBytes& passphrase) {
  const std::string name = fmt::format("descriptor {}", descriptor);
  if (isatty(descriptor) == 1) {
    return failure(
        name, "this is a terminal; without the flag, you are asked for the passphrase there, without echo");
  }
  const auto room = passphrase.room();
  std::size_t size = 0;
  while (size < room.size()) {
    const ssize_t count = read(descriptor, room.data() + size, 1);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      return failure(
          name, fmt::format("the passphrase cannot be read: {}", std::generic_category().message(errno)));
    }
    if (count == 0 || room[size] == '\n') return take_line({room.data(), size}, name, passphrase);
    ++size;
  }
  return too_long(name);
}

constexpr auto ending_signals = std::to_array({SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP});
volatile sig_atomic_t caught_signal = 0;

void catch_signal(int signal) {
  caught_signal = signal;
}

/// The terminal of the process without echo. Its modes are always restored: signals that would end or stop
/// the process are held back until then.
class SilentTerminal {
 public:
  explicit SilentTerminal(int terminal) : terminal_(terminal) {
    sigset_t held;
    sigemptyset(&held);
    for (const int signal : ending_signals) sigaddset(&held, signal);
    pthread_sigmask(SIG_BLOCK, &held, &mask_before_);
    caught_signal = 0;
    for (std::size_t i = 0; i < ending_signals.size(); ++i) {
      sigaction(ending_signals[i], nullptr, &actions_before_[i]);
      if (actions_before_[i].sa_handler == SIG_IGN) continue;
      struct sigaction action{};
      action.sa_handler = catch_signal;
      sigaction(ending_signals[i], &action, nullptr);
    }
    if (tcgetattr(terminal_, &modes_before_) != 0) return;
    termios modes = modes_before_;
    modes.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    is_silent_ = tcsetattr(terminal_, TCSAFLUSH, &modes) == 0;
  }
  ~SilentTerminal() {
    if (is_silent_) tcsetattr(terminal_, TCSAFLUSH, &modes_before_);
    for (std::size_t i = 0; i < ending_signals.size(); ++i)
      sigaction(ending_signals[i], &actions_before_[i], nullptr);
    pthread_sigmask(SIG_SETMASK, &mask_before_, nullptr);
  }
  SilentTerminal(const SilentTerminal&) = delete;
  SilentTerminal& operator=(const SilentTerminal&) = delete;

  [[nodiscard]] bool is_silent() const { return is_silent_; }

  void write_text(std::string_view text) const {
    while (!text.empty()) {
      const ssize_t count = write(terminal_, text.data(), text.size());
      if (count <= 0) return;
      text.remove_prefix(static_cast<std::size_t>(count));
    }
  }

  /// Reads up to the end of the line; returns the number of octets, or empty after a signal or an error.
  [[nodiscard]] std::optional<std::size_t> read_line(std::span<char> room) const {
    std::size_t size = 0;
    while (size < room.size()) {
      pollfd waiting{terminal_, POLLIN, 0};
      if (ppoll(&waiting, 1, nullptr, &mask_before_) < 0 || caught_signal != 0) return std::nullopt;
      const ssize_t count = read(terminal_, room.data() + size, room.size() - size);
      if (count < 0) return std::nullopt;
      if (count == 0) break;
      size += static_cast<std::size_t>(count);
      if (room[size - 1] == '\n') break;
    }
    return size;
  }

 private:
  int terminal_;
  bool is_silent_ = false;
  termios modes_before_{};
  sigset_t mask_before_{};
  std::array<struct sigaction, ending_signals.size()> actions_before_{};
};

Result<void> ask(std::string_view key_name, SecretBytes& passphrase) {
  // If neither is a terminal, nobody is there to answer.
  if (isatty(STDIN_FILENO) != 1 && isatty(STDERR_FILENO) != 1) return none_given();
  const int opened = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
  if (opened < 0) return none_given();
  const Descriptor terminal(opened);
  std::optional<std::size_t> size;
  do {
    {
      const SilentTerminal silent(terminal.number);
      if (!silent.is_silent()) return none_given();
      silent.write_text(fmt::format("Passphrase of {}: ", key_name));
      size = silent.read_line(passphrase.room());
      silent.write_text("\n");
    }
    if (caught_signal == 0) break;
    // The terminal is restored, so the signal may take effect. After a stop (SIGTSTP), ask again.
    raise(caught_signal);
  } while (caught_signal == SIGTSTP);
  if (!size) return failure("", "the key is encrypted, and its passphrase was not entered");
  passphrase.set_size(*size);
  return take_line(passphrase.view(), "", passphrase);
}

}  // namespace

Result<void> read_passphrase(const PassphraseSource& source, std::string_view key_name,
                             SecretBytes& passphrase, std::vector<std::string>& warnings) {
  if (const auto* const file = std::get_if<PassphraseFile>(&source))
    return read_from_file(*file, passphrase, warnings);
  if (const auto* const open = std::get_if<PassphraseDescriptor>(&source))
    return read_from_descriptor(open->descriptor, passphrase);
  if (std::holds_alternative<PassphrasePrompt>(source)) return ask(key_name, passphrase);
  return none_given();
}

}  // namespace dkimprobe::config
