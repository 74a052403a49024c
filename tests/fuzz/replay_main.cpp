// Runs a fuzz target without a fuzzer, as a test of every build: over the files of a folder (the committed corpus),
// every beginning of them, and a fixed number of inputs made from them by a seeded mutator.
//   fuzz_NAME FOLDER [RUNS [DICTIONARY|- [KEEP]]]      with KEEP, the input that is run stands in that file until it is
//   over
// Exits 1 when there was nothing to run; a property that does not hold aborts.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "fuzz_input.hpp"
#include "mutator.hpp"

namespace {

std::vector<std::filesystem::path> files_of(const std::filesystem::path& place) {
  if (!std::filesystem::is_directory(place)) return {place};
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(place)) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<std::uint8_t> content_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

void run(const exitgate::fuzz::Bytes& input) { (void)LLVMFuzzerTestOneInput(input.data(), input.size()); }

void keep(const exitgate::fuzz::Bytes& input, const std::string& place) {
  std::ofstream(place, std::ios::binary)
      .write(reinterpret_cast<const char*>(input.data()), static_cast<std::streamsize>(input.size()));
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 2) return 2;
  std::vector<exitgate::fuzz::Bytes> corpus;
  for (const auto& file : files_of(arguments[1])) {
    std::fprintf(stderr, "%s\n", file.c_str());  // before it runs: the last line names the culprit
    corpus.push_back(content_of(file));
    const auto& content = corpus.back();
    run(content);
    // Every beginning of it too: input breaks off anywhere.
    for (std::size_t size = 0; size < content.size(); size += 1 + content.size() / 64) {
      (void)LLVMFuzzerTestOneInput(content.data(), size);
    }
  }
  if (corpus.empty()) return 1;
  const std::size_t runs = count > 2 ? std::strtoull(arguments[2], nullptr, 10) : 0;
  std::vector<exitgate::fuzz::Bytes> words;
  if (count > 3 && arguments[3] != std::string("-")) {
    const auto text = content_of(arguments[3]);
    words = exitgate::fuzz::parse_dictionary({text.begin(), text.end()});
    if (words.empty()) return 1;
  }
  const std::string place = count > 4 ? arguments[4] : "";
  const auto inputs = corpus.size();
  exitgate::fuzz::Mutator mutator(std::move(corpus), std::move(words), 1);
  for (std::size_t i = 0; i < runs; ++i) {
    const auto input = mutator.next();
    if (!place.empty()) keep(input, place);
    run(input);
  }
  std::fprintf(stderr, "%zu inputs and %zu made from them\n", inputs, runs);
  return 0;
}
