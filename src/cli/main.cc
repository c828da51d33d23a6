#include <cstdio>
#include <exception>

#include "cli/cli.h"

int main(int argc, char** argv) {
  // The one catch: what the machine refuses (memory) and what no result foresaw.
  try {
    return pglint::cli::run(argc, argv);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "error: %s\n", e.what());
    return pglint::cli::refused;
  }
}
