// Runs a fuzz target over the files it is given (or those of a folder), without a fuzzer: the committed corpus as a
// test of every build. Exits 1 when there was nothing to run; a property that does not hold aborts.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "fuzz_input.hpp"

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

}  // namespace

int main(int count, char** arguments) {
  std::size_t runs = 0;
  for (int i = 1; i < count; ++i) {
    for (const auto& file : files_of(arguments[i])) {
      std::fprintf(stderr, "%s\n", file.c_str());  // before it runs: the last line names the culprit
      const auto content = content_of(file);
      (void)LLVMFuzzerTestOneInput(content.data(), content.size());
      // Every beginning of it too: input breaks off anywhere.
      for (std::size_t size = 0; size < content.size(); size += 1 + content.size() / 64) {
        (void)LLVMFuzzerTestOneInput(content.data(), size);
      }
      ++runs;
    }
  }
  std::fprintf(stderr, "%zu inputs\n", runs);
  return runs == 0 ? 1 : 0;
}
