// Times an exit from the approach edge on the wire to the write that opens, through the daemon and through a bare loop
// of the same system calls, in turns. Run by tools/bench, which starts the backend and the daemon around it.
#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <random>
#include <thread>

#include "bare_gate.hpp"
#include "figures.hpp"
#include "http/client.hpp"
#include "io_server.hpp"
#include "prepared_shoppers.hpp"

namespace exitgate::bench {
namespace {

constexpr auto kReadyWithin = std::chrono::seconds{30};
constexpr auto kLookEvery = std::chrono::milliseconds{50};
/// What the gate still writes about the last shopper is over by then; the rest of the time is random, so that the edge
/// meets every phase of the poll.
constexpr std::chrono::milliseconds kBetweenShoppers{80};
constexpr int kAnyPhaseOfPollUs = 20'000;

struct Options {
  std::string admin;
  std::string control;
  std::string ready_file;
  std::string json_file;
  BareSettings bare;
  std::string place;
  int exits = 1000;
  int block = 50;
};

class Bench {
 public:
  explicit Bench(Options options) : options_(std::move(options)), shoppers_(options_.admin) {}
  [[nodiscard]] Status run();

 private:
  [[nodiscard]] Status await_daemon();
  [[nodiscard]] Status await_receipts();
  [[nodiscard]] Status daemon_block(Variant& into, int exits);
  [[nodiscard]] Status bare_block(Variant& into, int exits);
  [[nodiscard]] Status daemon_exit(Variant& into, bool another);
  [[nodiscard]] Status prepare(const Variant& variant);
  [[nodiscard]] Status daemon_failed(const std::string& what) const;
  void wait_between() { std::this_thread::sleep_for(kBetweenShoppers + std::chrono::microseconds(phase_(random_))); }

  Options options_;
  PreparedShoppers shoppers_;
  IoServer daemon_io_;
  IoServer bare_io_;
  std::unique_ptr<BareGate> bare_;
  std::vector<Variant> variants_{{.basis = "prefetched"}, {.basis = "confirmed"}};
  std::mt19937 random_{20260};  // NOLINT: the same phases in every run
  std::uniform_int_distribution<int> phase_{0, kAnyPhaseOfPollUs};
};

bool pushed(const Variant& variant) { return variant.basis == "prefetched"; }

Status Bench::await_daemon() {
  const auto client = http::Client::over_unix(options_.control);
  const auto end = std::chrono::steady_clock::now() + kReadyWithin;
  std::string last = "nothing";
  while (std::chrono::steady_clock::now() < end) {
    if (const auto answer = client.get("/api/v1/status")) {
      last = answer->body;
      const bool online = last.find(R"("state":"online")") != std::string::npos;
      if (online && last.find(R"("phase":"idle")") != std::string::npos) return {};
    }
    std::this_thread::sleep_for(kLookEvery);
  }
  return fail("daemon", "the daemon did not get idle and online; its status: " + last);
}

Status Bench::await_receipts() {
  const auto end = std::chrono::steady_clock::now() + kReadyWithin;
  std::string found;
  while (std::chrono::steady_clock::now() < end) {
    found.clear();
    bool all = true;
    for (const auto& variant : variants_) {
      const auto count = shoppers_.stored(variant.basis);
      if (!count) return fail(count.error());
      all = all && *count == static_cast<std::int64_t>(variant.daemon.size());
      found += " " + std::to_string(*count) + " " + variant.basis;
    }
    if (all) return {};
    std::this_thread::sleep_for(kLookEvery);
  }
  return fail("receipts", "the backend's receipts are not what was measured:" + found);
}

Status Bench::daemon_failed(const std::string& what) const {
  const auto stamps = daemon_io_.stamps();
  const auto status = http::Client::over_unix(options_.control).get("/api/v1/status");
  return fail("daemon", "the daemon " + what + "; the edge " +
                            (stamps.on_wire == 0 ? "was never asked for" : "was told") +
                            "; its status: " + (status ? status->body : status.error().message));
}

Status Bench::prepare(const Variant& variant) {
  const auto session = shoppers_.comes("1", pushed(variant));
  if (!session) return fail(session.error());
  return {};
}

Status Bench::daemon_exit(Variant& into, bool another) {
  wait_between();
  daemon_io_.block_approach();
  if (!daemon_io_.await_opened()) return daemon_failed("did not open");
  into.daemon.push_back(daemon_io_.stamps());
  daemon_io_.set(kSafety, true);
  daemon_io_.set(kExit, true);
  if (!daemon_io_.await_polls(2)) return daemon_failed("polls no more");
  for (const auto input : {kApproach, kSafety, kExit}) daemon_io_.set(input, false);
  // Told ahead while the one before is still counted.
  if (another) {
    if (auto ready = prepare(into); !ready) return ready;
  }
  if (!daemon_io_.await_closed() || !daemon_io_.await_polls(2)) return daemon_failed("did not close");
  return {};
}

Status Bench::daemon_block(Variant& into, int exits) {
  if (auto ready = prepare(into); !ready) return ready;
  wait_between();
  for (int i = 0; i < exits; ++i) {
    if (auto left = daemon_exit(into, i + 1 < exits); !left) return left;
  }
  return {};
}

Status Bench::bare_block(Variant& into, int exits) {
  const bool confirm = !pushed(into);
  if (auto warm = bare_->warm_up(); !warm) return warm;
  for (int i = 0; i < exits; ++i) {
    const auto session = shoppers_.comes("bare", false);
    if (!session) return fail(session.error());
    std::thread shopper([this] {
      std::this_thread::sleep_for(std::chrono::microseconds(phase_(random_)));
      bare_io_.block_approach();
    });
    const auto left = bare_->one_exit(*session, confirm);
    shopper.join();
    if (!left) return left;
    into.bare.push_back(bare_io_.stamps());
    bare_io_.set(kApproach, false);
    if (auto closed = bare_->close_barrier(); !closed) return closed;
  }
  bare_->checkpoint();
  return {};
}

Status Bench::run() {
  std::ofstream(options_.ready_file + ".new") << "io " << daemon_io_.port() << "\n";
  std::rename((options_.ready_file + ".new").c_str(), options_.ready_file.c_str());
  daemon_io_.set(kLimitOpen, true);
  if (auto ready = await_daemon(); !ready) return ready;
  options_.bare.module_port = bare_io_.port();
  auto bare = BareGate::open(options_.bare);
  if (!bare) return fail(bare.error());
  bare_ = std::move(*bare);
  for (int done = 0; done < options_.exits; done += options_.block) {
    const int exits = std::min(options_.block, options_.exits - done);
    for (auto& variant : variants_) {
      if (auto ran = daemon_block(variant, exits); !ran) return ran;
      if (auto ran = bare_block(variant, exits); !ran) return ran;
    }
    std::fprintf(stderr, "\r%d of %d exits of each kind", done + exits, options_.exits);
  }
  std::fprintf(stderr, "\n");
  if (auto stored = await_receipts(); !stored) return stored;
  std::fputs(table(variants_).c_str(), stdout);
  if (!options_.json_file.empty()) std::ofstream(options_.json_file) << json(variants_, options_.place);
  return {};
}

}  // namespace
}  // namespace exitgate::bench

int main(int argc, char** argv) {
  using namespace exitgate::bench;
  Options options;
  CLI::App app{"Times exits through the daemon and through a bare loop of the same system calls", "exit-latency"};
  app.add_option("--admin", options.admin, "the reference backend's admin socket")->required();
  app.add_option("--control", options.control, "the daemon's control socket")->required();
  app.add_option("--backend-port", options.bare.backend_port, "where the backend listens")->required();
  app.add_option("--tls", options.bare.tls_folder, "folder of tools/backend/make-certificates")->required();
  app.add_option("--store", options.bare.store, "the store's id")->required();
  app.add_option("--directory", options.place, "where the bare loop's database goes")->required();
  app.add_option("--ready-file", options.ready_file, "gets \"io PORT\" once the module listens")->required();
  app.add_option("--exits", options.exits, "exits of each kind")->check(CLI::Range(1, 100000))->capture_default_str();
  app.add_option("--block", options.block, "exits in a row before the other side's turn")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  app.add_option("--json", options.json_file, "writes the figures there");
  CLI11_PARSE(app, argc, argv);
  options.bare.database = options.place + "/bare.db";
  try {
    const auto done = Bench(std::move(options)).run();
    if (done) return 0;
    std::fprintf(stderr, "exit-latency: %s\n", done.error().message.c_str());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "exit-latency: %s\n", error.what());
  }
  return 1;
}
