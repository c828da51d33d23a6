// How the server evaluates a DEFAULT: what counts is the most volatile function that is left after constant folding.

#include "catalog/volatility.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "catalog/replay.h"
#include "catalog/replay/text.h"
#include "pg/node.h"
#include "pg/tree.h"

namespace pglint::catalog {
namespace {

constexpr std::string_view builtin_text =
#include "catalog/builtin_functions.inc"
    ;

constexpr std::size_t builtin_count =
    static_cast<std::size_t>(std::count(builtin_text.begin(), builtin_text.end(), '\n'));

// Where each begins in the text, and where the last one ends: positions, not pointers, need no relocation at start-up.
constexpr std::array<std::uint16_t, builtin_count + 1> builtin_starts = [] {
  static_assert(builtin_text.size() <= 0xFFFF && builtin_text.ends_with('\n'));
  std::array<std::uint16_t, builtin_count + 1> starts{};
  std::size_t at = 0;
  for (std::uint16_t& start : starts) {
    start = static_cast<std::uint16_t>(at);
    at = builtin_text.find('\n', at) + 1;
  }
  return starts;
}();

// Of each first byte of a name the first that begins with it or a later one, so that a search begins among few.
constexpr std::array<std::uint16_t, 257> builtin_by_letter = [] {
  std::array<std::uint16_t, 257> first{};
  std::size_t i = 0;
  for (std::size_t letter = 0; letter < first.size(); ++letter) {
    while (i < builtin_count && static_cast<unsigned char>(builtin_text[builtin_starts[i] + std::size_t{1}]) < letter)
      ++i;
    first[letter] = static_cast<std::uint16_t>(i);
  }
  return first;
}();

// Behind the letter of its volatility, up to the newline.
std::string_view builtin_name(const std::uint16_t* start) {
  return builtin_text.substr(*start + std::size_t{1}, start[1] - *start - std::size_t{2});
}

// Functions of extensions that migrations put into defaults.
struct ExtensionFunction {
  std::string_view name;
  Volatility volatility;
};
constexpr std::array extension_functions = std::to_array<ExtensionFunction>({
    {"crypt", Volatility::constant},
    {"digest", Volatility::constant},
    {"gen_random_bytes", Volatility::volatile_},
    {"gen_salt", Volatility::volatile_},
    {"hmac", Volatility::constant},
    {"unaccent", Volatility::stable},
    {"uuid_generate_v1", Volatility::volatile_},
    {"uuid_generate_v1mc", Volatility::volatile_},
    {"uuid_generate_v3", Volatility::constant},
    {"uuid_generate_v4", Volatility::volatile_},
    {"uuid_generate_v5", Volatility::constant},
    {"uuid_nil", Volatility::constant},
    {"uuid_ns_dns", Volatility::constant},
    {"uuid_ns_oid", Volatility::constant},
    {"uuid_ns_url", Volatility::constant},
    {"uuid_ns_x500", Volatility::constant},
});

Volatility of_extension(std::string_view name) {
  for (const ExtensionFunction& function : extension_functions)
    if (function.name == name) return function.volatility;
  return Volatility::unknown;
}

// One volatile function decides; what is unknown may be volatile.
constexpr int rank(Volatility volatility) {
  switch (volatility) {
    case Volatility::none:
      return 0;
    case Volatility::constant:
      return 1;
    case Volatility::stable:
      return 2;
    case Volatility::unknown:
      return 3;
    case Volatility::volatile_:
      return 4;
  }
  return 3;
}

Volatility worse(Volatility a, Volatility b) { return rank(a) >= rank(b) ? a : b; }

// Words that are functions without parentheses: they keep one value throughout a statement.
constexpr std::array<std::string_view, 12> value_words = {
    "current_catalog", "current_date", "current_role",   "current_schema", "current_time", "current_timestamp",
    "current_user",    "localtime",    "localtimestamp", "session_user",   "system_user",  "user"};

}  // namespace

Volatility builtin_volatility(std::string_view name) {
  if (name.empty()) return Volatility::unknown;
  const auto letter = static_cast<unsigned char>(name[0]);
  const auto* const end = builtin_starts.begin() + builtin_by_letter[letter + std::size_t{1}];
  const auto* const found =
      std::lower_bound(builtin_starts.begin() + builtin_by_letter[letter], end, name,
                       [](const std::uint16_t& start, std::string_view key) { return builtin_name(&start) < key; });
  if (found == end || builtin_name(found) != name) return Volatility::unknown;
  switch (builtin_text[*found]) {
    case 'v':
      return Volatility::volatile_;
    case 's':
      return Volatility::stable;
    default:
      return Volatility::constant;
  }
}

Volatility function_volatility(const Catalog& catalog, std::string_view schema, std::string_view name,
                               std::size_t arguments) {
  const bool builtin = schema.empty() || schema == "pg_catalog";
  Volatility volatility = builtin ? builtin_volatility(name) : Volatility::unknown;
  if (schema == "pg_catalog") return volatility;
  const Symbol symbol = catalog.symbols.find(name);
  const Function* function =
      symbol ? catalog.find_function(schema.empty() ? Symbol{} : catalog.symbols.find(schema), symbol) : nullptr;
  if (function != nullptr && (schema.empty() || catalog.text(function->schema) == schema)) {
    // Of the overloads, those that take that many arguments; if none does (defaults, VARIADIC), any.
    Volatility fitting = Volatility::none;
    Volatility any = Volatility::none;
    std::uint32_t left = Catalog::most_overloads;
    for (const Function* one = function; one != nullptr; one = one->overload) {
      if (left-- == 0) return Volatility::unknown;
      if (one->dropped) continue;
      any = worse(any, one->volatility);
      if (one->arguments == arguments) fitting = worse(fitting, one->volatility);
    }
    const Volatility own = fitting != Volatility::none ? fitting : any;
    return volatility == Volatility::unknown ? own : worse(volatility, own);
  }
  return volatility == Volatility::unknown ? of_extension(name) : volatility;
}

Volatility body_volatility(const Catalog& catalog, std::string_view body) {
  // SELECT of one expression and nothing else: only that is inlined.
  Volatility worst = Volatility::constant;
  std::string_view schema;
  std::string_view name;
  std::size_t name_end = 0;
  bool after_dot = false;
  bool started = false;
  std::size_t depth = 0;
  char buffer[64];
  const auto lower = [&buffer](std::string_view word) {
    const std::size_t size = std::min(word.size(), sizeof(buffer));
    for (std::size_t i = 0; i < size; ++i)
      buffer[i] = word[i] >= 'A' && word[i] <= 'Z' ? static_cast<char>(word[i] - 'A' + 'a') : word[i];
    return std::string_view(buffer, size);
  };
  for (std::size_t i = 0; i < body.size();) {
    const std::size_t end = after_token(body, i);
    const std::string_view token = body.substr(i, end - i);
    const char c = token[0];
    const bool blank = c == ' ' || (c >= '\t' && c <= '\r');
    const bool comment = token.starts_with("--") || token.starts_with("/*");
    const bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '"';
    if (blank || comment) {
      i = end;
      continue;
    }
    if (!started) {
      if (!is_word(token, "select")) return Volatility::volatile_;
      started = true;
    } else if (c == ';') {
      return trimmed(body.substr(end)).empty() ? worst : Volatility::volatile_;
    } else if (word && token.find('\'') == std::string_view::npos) {
      for (const std::string_view clause : {"select", "where", "limit", "offset", "order", "group", "having", "union",
                                            "intersect", "except", "window", "over", "values", "with", "into"})
        if (is_word(token, clause)) return Volatility::volatile_;
      if (depth == 0 && is_word(token, "from")) return Volatility::volatile_;
      const std::string_view lowered = lower(token);
      if (std::find(value_words.begin(), value_words.end(), lowered) != value_words.end())
        worst = worse(worst, Volatility::stable);
      schema = after_dot ? name : std::string_view{};
      name = token;
      name_end = end;
    } else if (c == '(') {
      ++depth;
      if (!name.empty() && trimmed(body.substr(name_end, i - name_end)).empty()) {
        if (name.starts_with('"') || schema.starts_with('"')) return Volatility::unknown;
        // How many arguments there are is not counted here: any overload will do.
        char schema_buffer[64];
        const std::string_view lowered_schema = lower(schema);
        std::copy(lowered_schema.begin(), lowered_schema.end(), schema_buffer);
        const std::string_view of_schema(schema_buffer, lowered_schema.size());
        const std::string_view of_name = lower(name);
        constexpr std::array<std::string_view, 16> forms = {
            "cast", "coalesce", "nullif", "greatest", "least",    "row",       "extract", "trim",
            "in",   "and",      "or",     "not",      "position", "substring", "overlay", "values"};
        const bool form = of_schema.empty() && std::find(forms.begin(), forms.end(), of_name) != forms.end();
        if (!form) {
          const Volatility called = function_volatility(catalog, of_schema, of_name, SIZE_MAX);
          // varchar(20) and the like are types.
          const Symbol type = catalog.symbols.find(of_name);
          if (called != Volatility::unknown || !type || !catalog.is_builtin_type(type)) worst = worse(worst, called);
        }
      }
      name = {};
    } else if (c == ')') {
      if (depth == 0) return Volatility::volatile_;
      --depth;
    }
    after_dot = c == '.';
    if (!word && c != '.') name = {};
    i = end;
  }
  return started ? worst : Volatility::volatile_;
}

Volatility volatility(const Catalog& catalog, const ::Node* expression) {
  if (expression == nullptr) return Volatility::none;
  if (expression->type == T_A_Const) return Volatility::constant;
  if (const auto* cast = pg::as<::TypeCast>(expression); cast != nullptr && pg::as<::A_Const>(cast->arg) != nullptr)
    return Volatility::constant;
  if (expression->type == T_SQLValueFunction) return Volatility::stable;

  Volatility worst = Volatility::constant;
  const auto call = [&](const ::FuncCall& function) {
    const auto name = pg::qualified_name(function.funcname);
    worst = worse(worst, function_volatility(catalog, name.schema, name.name, pg::nodes(function.args).size()));
  };
  if (const auto* function = pg::as<::FuncCall>(expression); function != nullptr && function->args == nullptr) {
    call(*function);
    return worst;
  }
  pg::walk(static_cast<const void*>(expression), [&](const ::Node& node) {
    if (const auto* function = pg::as<::FuncCall>(&node)) {
      call(*function);
    } else if (node.type == T_SQLValueFunction) {
      worst = worse(worst, Volatility::stable);
    } else if (node.type == T_SubLink || node.type == T_SelectStmt) {
      // No DEFAULT may have one.
      worst = worse(worst, Volatility::unknown);
      return false;
    }
    return true;
  });
  return worst;
}

}  // namespace pglint::catalog
