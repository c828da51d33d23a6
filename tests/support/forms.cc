#include "support/forms.h"

#include <fmt/format.h>

#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace pglint::test {

std::vector<FormGroup> read_forms(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot read " + path);
  std::map<std::string, std::string> bases;
  std::vector<FormGroup> groups;
  enum class Part { none, base, given, attempt } part = Part::none;
  std::string* sql = nullptr;
  std::string section;
  int number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    if (line.empty() || line[0] == '#') continue;
    if (line.starts_with("  ")) {
      const std::string text = line.substr(2);
      if (part == Part::attempt) {
        Form form;
        form.id = fmt::format("line {}", number);
        form.setup = groups.back().setup;
        const std::size_t before = text.find(" ;; ");
        if (before != std::string::npos) form.before = text.substr(0, before);
        form.statement = before == std::string::npos ? text : text.substr(before + 4);
        groups.back().forms.push_back(std::move(form));
        continue;
      }
      if (sql == nullptr) throw std::runtime_error(fmt::format("{}:{}: SQL of nothing", path, number));
      *sql += text + "\n";
      if (part == Part::given) groups.back().own += (groups.back().own.empty() ? "" : " ") + text;
      continue;
    }
    std::istringstream words(line);
    std::string word;
    words >> word;
    if (word == "base") {
      part = Part::base;
      words >> word;
      sql = &bases[word];
    } else if (word == "section") {
      part = Part::none;
      section = line.substr(8);
    } else if (word == "given") {
      part = Part::given;
      groups.emplace_back();
      groups.back().section = std::exchange(section, {});
      sql = &groups.back().setup;
      while (words >> word) {
        const auto base = bases.find(word);
        if (base == bases.end()) throw std::runtime_error(fmt::format("{}:{}: no base {}", path, number, word));
        *sql += base->second;
      }
    } else if (word == "try" && part == Part::given) {
      part = Part::attempt;
    } else {
      throw std::runtime_error(fmt::format("{}:{}: {}?", path, number, word));
    }
  }
  return groups;
}

}  // namespace pglint::test
