// The least a gate can do: the system calls of an exit in one loop on one thread, with no daemon around them.
// Purpose: what the disk, the network and the backend cost by themselves on this machine, in this minute.
//
// Polls its module every 10 ms; on the edge one durable SQLite commit (WAL, synchronous=FULL), before it, for a
// confirmed exit, one question over a warm TLS 1.3 connection; then one FC5 and its answer.
// Ownership: its connections and its database. Thread: one; everything blocks. Errors: of the system, by name.
#pragma once

#include <openssl/ssl.h>
#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.hpp"

namespace exitgate::bench {

struct BareSettings {
  std::uint16_t module_port = 0;
  std::uint16_t backend_port = 0;
  std::string tls_folder;
  std::string database;
  std::string store;
};

class BareGate {
 public:
  [[nodiscard]] static Result<std::unique_ptr<BareGate>> open(const BareSettings& settings);
  ~BareGate();
  BareGate(const BareGate&) = delete;
  BareGate& operator=(const BareGate&) = delete;

  /// A connection that has been used already; before a block of questions.
  [[nodiscard]] Status warm_up();
  /// Polls until somebody stands there, then lets them out.
  [[nodiscard]] Status one_exit(const std::string& session, bool confirm);
  [[nodiscard]] Status close_barrier() { return write_barrier(0xff); }
  /// Moves the log into the database, as the daemon does when nobody waits.
  void checkpoint();

 private:
  struct FreeTls {
    void operator()(SSL* tls) const { SSL_free(tls); }
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  };
  explicit BareGate(BareSettings settings) : settings_(std::move(settings)) {}
  [[nodiscard]] Status connect();
  [[nodiscard]] Status open_database();
  [[nodiscard]] Status open_tls();
  [[nodiscard]] Status commit(const std::string& session);
  [[nodiscard]] Result<bool> approach_blocked();
  [[nodiscard]] Status write_barrier(std::uint8_t level);
  [[nodiscard]] Status ask(const std::string& request);
  [[nodiscard]] std::string question(const std::string& session);

  BareSettings settings_;
  int module_ = -1;
  int backend_ = -1;
  std::unique_ptr<SSL_CTX, FreeTls> context_;
  std::unique_ptr<SSL, FreeTls> tls_;
  sqlite3* db_ = nullptr;
  sqlite3_stmt* receipt_ = nullptr;
  sqlite3_stmt* ledger_ = nullptr;
  std::uint64_t count_ = 0;
};

}  // namespace exitgate::bench
