// A listening Unix socket that no other user of the machine can reach: it is made in a private folder, and
// its name is removed at once. This process alone still finds it, through a descriptor.
#pragma once

#include <string>
#include <utility>

#include "config/basics/regular_file.hpp"
#include "config/basics/result.hpp"

namespace dkimprobe::exporters {

class PrivateListener {
 public:
  /// The folder is made in the one that TMPDIR names, else in `/tmp`.
  [[nodiscard]] static config::Result<PrivateListener> open();

  /// Makes the descriptor `number`, which is closed first, this listener. Only `number` holds it afterwards.
  [[nodiscard]] bool move_to(int number);
  /// Where this process can connect.
  [[nodiscard]] std::string path() const;
  /// Connects and closes, which wakes whoever accepts.
  void connect_once() const;

 private:
  PrivateListener(config::Descriptor listener, config::Descriptor place)
      : listener_(std::move(listener)), place_(std::move(place)) {}

  config::Descriptor listener_;
  config::Descriptor place_;  ///< of the socket in its folder
};

}  // namespace dkimprobe::exporters
