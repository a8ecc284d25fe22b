// What OpenSSL gives back to the allocator, such as the passphrase in its key derivation, wiped before.
#pragma once

namespace dkimprobe::config {

/// Gives OpenSSL an allocator that wipes what it frees. For the start of `main`, before anything of OpenSSL
/// is used: later OpenSSL refuses, which throws std::logic_error.
void wipe_freed_openssl_memory();

}  // namespace dkimprobe::config
