// Wipes memory that OpenSSL frees, such as the passphrase in its key derivation.
#pragma once

namespace dkimprobe::config {

/// Gives OpenSSL an allocator that wipes what it frees. Call it at the start of `main`, before any use of
/// OpenSSL: later OpenSSL refuses, and this throws std::logic_error.
void wipe_freed_openssl_memory();

}  // namespace dkimprobe::config
