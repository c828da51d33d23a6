#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "cli/cli.h"
#include "cli/executor.h"

int main(int argc, char** argv) {
  // The one catch: what the machine refuses (memory) and what no result foresaw.
  try {
    const std::vector<std::string> arguments = pglint::cli::take_arguments(argc, argv);
    std::vector<const char*> pointers;
    pointers.reserve(arguments.size() + 1);
    for (const std::string& argument : arguments) pointers.push_back(argument.c_str());
    pointers.push_back(nullptr);
    return pglint::cli::run(argc, pointers.data());
  } catch (const std::exception& e) {
    std::fprintf(stderr, "error: %s\n", e.what());
    return pglint::cli::refused;
  }
}
