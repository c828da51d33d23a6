#include "source/path.h"

#include <algorithm>
#include <array>

namespace pglint::source {

std::string join(std::string_view folder, std::string_view name) {
  if (folder.empty() || folder == ".") return std::string(name);
  std::string path;
  path.reserve(folder.size() + 1 + name.size());
  path += folder;
  if (path.back() != '/') path += '/';
  path += name;
  return path;
}

std::string tidy(std::string_view path) {
  std::string out;
  out.reserve(path.size());
  if (path.starts_with('/')) out += '/';
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    path = slash == std::string_view::npos ? std::string_view{} : path.substr(slash + 1);
    if (part.empty() || part == ".") continue;
    if (!out.empty() && out.back() != '/') out += '/';
    out += part;
  }
  if (out.empty()) out += '.';
  return out;
}

std::string parent(std::string_view path) {
  if (path == "/") return {};
  if (path == ".") return "..";
  const std::string_view name = file_name(path);
  if (name == "..") return std::string(path) + "/..";
  const std::size_t before = path.size() - name.size();
  if (before == 0) return ".";
  return std::string(path.substr(0, before == 1 ? 1 : before - 1));
}

std::string_view file_name(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

std::string_view below(std::string_view path, std::string_view folder) {
  if (folder == ".") return path.starts_with('/') || path == ".." || path.starts_with("../") || path == "." ? "" : path;
  if (!path.starts_with(folder)) return {};
  path.remove_prefix(folder.size());
  if (!folder.ends_with('/')) {
    if (!path.starts_with('/')) return {};
    path.remove_prefix(1);
  }
  return path;
}

bool is_skipped(std::string_view folder_name) {
  constexpr std::array<std::string_view, 8> names = {"__pycache__",  "bower_components", "build",  "dist",
                                                     "node_modules", "target",           "vendor", "venv"};
  return folder_name.starts_with('.') || std::find(names.begin(), names.end(), folder_name) != names.end();
}

}  // namespace pglint::source
