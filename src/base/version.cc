#include "pglint/version.h"

namespace pglint {

std::string_view version() { return PGLINT_VERSION; }

std::string_view homepage() { return PGLINT_HOMEPAGE; }

std::string rule_url(std::string_view rule) {
  std::string url;
  url.append(homepage()).append("/blob/v").append(version()).append("/rules/").append(rule).append(".md");
  return url;
}

}  // namespace pglint
