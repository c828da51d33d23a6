#include "plan/form/file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

#include "base/sha256.h"
#include "base/spell.h"
#include "base/text.h"
#include "plan/form/tree.h"

namespace pglint::plan {
namespace {

using Kind = Tree::Kind;

constexpr std::array<Phase, 6> all_phases = {Phase::expand,  Phase::backfill, Phase::validate,
                                             Phase::tighten, Phase::switch_,  Phase::contract};
constexpr std::array<LockMode, 9> all_modes = {LockMode::none,
                                               LockMode::access_share,
                                               LockMode::row_share,
                                               LockMode::row_exclusive,
                                               LockMode::share_update_exclusive,
                                               LockMode::share,
                                               LockMode::share_row_exclusive,
                                               LockMode::exclusive,
                                               LockMode::access_exclusive};
constexpr std::array<LockClass, 3> all_classes = {LockClass::a, LockClass::b, LockClass::c};

std::string_view class_name(LockClass lock_class) {
  return lock_class == LockClass::a ? "A" : lock_class == LockClass::b ? "B" : "C";
}

// --- writing ---------------------------------------------------------------------------------------------------------

Tree text(std::string_view value) { return {.kind = Kind::text, .text = std::string(value)}; }
Tree word(std::string_view value) { return {.kind = Kind::text, .literal = true, .text = std::string(value)}; }
Tree number(std::uint64_t value) { return word(std::to_string(value)); }
Tree boolean(bool value) { return word(value ? "true" : "false"); }
Tree empty_list() { return {.kind = Kind::list}; }
Tree empty_map() { return {.kind = Kind::map}; }

void put(Tree& map, std::string_view key, Tree value) { map.map.emplace_back(key, std::move(value)); }
void put_unless_empty(Tree& map, std::string_view key, const std::string& value) {
  if (!value.empty()) put(map, key, text(value));
}

Tree texts(const std::vector<std::string>& values) {
  Tree list = empty_list();
  for (const std::string& value : values) list.list.push_back(text(value));
  return list;
}

Tree text_map(const std::vector<std::pair<std::string, std::string>>& values) {
  Tree map = empty_map();
  for (const auto& [key, value] : values) put(map, key, text(value));
  return map;
}

Tree flowing(Tree tree) {
  tree.flow = true;
  return tree;
}

Tree source_tree(const PlanSource& source) {
  Tree map = empty_map();
  put(map, "path", text(source.path));
  put(map, "sha256", text(source.sha256));
  put(map, "text", text(source.text));
  return map;
}

Tree assumption_tree(const Assumption& assumption) {
  Tree map = empty_map();
  put(map, "relation", text(assumption.relation));
  put(map, "columns", flowing(text_map(assumption.columns)));
  put(map, "dependents", flowing(texts(assumption.dependents)));
  put(map, "triggers", flowing(texts(assumption.triggers)));
  put(map, "replica_identity", text(assumption.replica_identity));
  put(map, "row_security", boolean(assumption.row_security));
  return map;
}

Tree check_tree(const DataCheck& check) {
  Tree map = empty_map();
  put(map, "id", text(check.id));
  put(map, "before", text(check.before));
  put(map, "sql", text(check.sql));
  put(map, "says", text(check.says));
  return map;
}

Tree lock_tree(const StepLock& lock) {
  Tree work = empty_list();
  for (const Work bit : all_work)
    if (has(lock.work, bit)) work.list.push_back(text(name(bit)));
  Tree map = empty_map();
  put(map, "relation", text(lock.relation));
  put(map, "mode", text(name(lock.mode)));
  put(map, "work", flowing(std::move(work)));
  return flowing(std::move(map));
}

// What may change while a plan is running is not part of what its hash is made of.
enum class For : std::uint8_t { people, hash };

void put_backfill(Tree& map, const Backfill& backfill, For whom) {
  put(map, "table", text(backfill.table));
  put_unless_empty(map, "alias", backfill.alias);
  put_unless_empty(map, "from", backfill.from);
  Tree columns = empty_list();
  for (const KeyColumn& column : backfill.key) {
    Tree entry = empty_map();
    put(entry, "name", text(column.name));
    put(entry, "type", text(column.type));
    columns.list.push_back(flowing(std::move(entry)));
  }
  Tree key = empty_map();
  put(key, "index", text(backfill.index));
  put(key, "columns", flowing(std::move(columns)));
  put(map, "key", flowing(std::move(key)));
  if (!backfill.set.empty()) put(map, "set", text_map(backfill.set));
  put_unless_empty(map, "where", backfill.where);
  if (whom == For::people) {
    put(map, "batch", number(backfill.batch));
    put(map, "pause_ms", number(backfill.pause_ms));
  }
  put_unless_empty(map, "proof", backfill.proof);
}

Tree step_tree(const Step& step, For whom) {
  const bool sql = step.kind == StepKind::sql;
  Tree map = empty_map();
  put(map, "id", text(step.id));
  put_unless_empty(map, "comment", step.comment);
  put(map, "kind", text(sql ? "sql" : "backfill"));
  // A backfill is batches, each in a transaction of its own.
  if (sql || !step.own_transaction) put(map, "transaction", text(step.own_transaction ? "own" : "none"));
  if (sql || step.lock_class != LockClass::c) put(map, "class", text(class_name(step.lock_class)));
  if (!step.locks.empty()) {
    Tree locks = empty_list();
    for (const StepLock& lock : step.locks) locks.list.push_back(lock_tree(lock));
    put(map, "locks", std::move(locks));
  }
  if (sql || !step.sql.empty()) put(map, "sql", texts(step.sql));
  if (step.backfill) put_backfill(map, *step.backfill, whom);
  if (!step.undo.empty()) put(map, "undo", texts(step.undo));
  put_unless_empty(map, "done_when", step.done_when);
  if (sql || step.irreversible) put(map, "irreversible", boolean(step.irreversible));
  return map;
}

Tree stage_tree(const Stage& stage, For whom) {
  Tree map = empty_map();
  if (stage.gate) {
    put(map, "gate", text("deploy"));
    put(map, "id", text(stage.gate->id));
    put(map, "release", text(stage.gate->release));
    if (whom == For::people) put_unless_empty(map, "why", stage.gate->why);
    return map;
  }
  put(map, "phase", text(name(stage.phase)));
  if (whom == For::people) {
    Tree files = empty_list();
    for (const FileHash& file : stage.files) {
      Tree entry = empty_map();
      put(entry, "path", text(file.path));
      put(entry, "sha256", text(file.sha256));
      files.list.push_back(std::move(entry));
    }
    put(map, "files", std::move(files));
  }
  Tree steps = empty_list();
  for (const Step& step : stage.steps) steps.list.push_back(step_tree(step, whom));
  put(map, "steps", std::move(steps));
  return map;
}

Tree plan_tree(const Plan& plan, For whom) {
  Tree map = empty_map();
  put(map, "pglint_plan", number(1));
  put(map, "id", text(plan.id));
  Tree sources = empty_list();
  for (const PlanSource& source : plan.sources) sources.list.push_back(source_tree(source));
  put(map, "sources", std::move(sources));
  put(map, "runner", text(plan.runner));
  put(map, "postgres", number(static_cast<std::uint64_t>(std::max(plan.postgres, 0))));
  Tree assumes = empty_list();
  for (const Assumption& assumption : plan.assumes) assumes.list.push_back(assumption_tree(assumption));
  put(map, "assumes", std::move(assumes));
  Tree checks = empty_list();
  for (const DataCheck& check : plan.checks) checks.list.push_back(check_tree(check));
  put(map, "checks", std::move(checks));
  Tree phases = empty_list();
  for (const Stage& stage : plan.stages) phases.list.push_back(stage_tree(stage, whom));
  put(map, "phases", std::move(phases));
  if (plan.snapshot) put(map, "snapshot", source_tree(*plan.snapshot));
  return map;
}

// Each value with its length before it: no two plans have the same bytes.
void append_bytes(std::string& out, const Tree& tree) {
  const auto append_text = [&out](std::string_view value) {
    out += std::to_string(value.size());
    out += ':';
    out += value;
  };
  if (tree.kind == Kind::list) {
    out += '[';
    for (const Tree& item : tree.list) append_bytes(out, item);
    out += ']';
  } else if (tree.kind == Kind::map) {
    out += '{';
    for (const auto& [key, value] : tree.map) {
      append_text(key);
      append_bytes(out, value);
    }
    out += '}';
  } else {
    append_text(tree.text);
  }
}

// --- reading ---------------------------------------------------------------------------------------------------------

// Remembers the first thing that is wrong; from then on what it returns does not matter.
class Reader {
 public:
  [[nodiscard]] Result<Plan> read(const Tree& root) {
    Plan plan = read_plan(root);
    if (!error_.empty()) return failed(error_);
    return plan;
  }

 private:
  // A map whose every key has to be asked for.
  class Fields {
   public:
    Fields(Reader& reader, const Tree& tree, std::string_view what) : reader_(reader), tree_(tree), what_(what) {
      if (tree.kind != Kind::map) reader.fail(tree, fmt::format("{} has to be a map of keys and values", what));
    }
    Fields(const Fields&) = delete;
    Fields& operator=(const Fields&) = delete;
    ~Fields() {
      for (const auto& [key, value] : tree_.map) {
        if (std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
        const std::string near = did_you_mean(key, known_);
        reader_.fail(value, fmt::format("{} has no key {}{}{}", what_, printable(key), near.empty() ? "" : ": ", near));
      }
    }

    [[nodiscard]] const Tree* find(std::string_view key) {
      known_.push_back(key);
      for (const auto& [present, value] : tree_.map)
        if (present == key) return value.kind == Kind::nothing ? nullptr : &value;
      return nullptr;
    }
    [[nodiscard]] const Tree& need(std::string_view key) {
      static const Tree nothing;
      const Tree* found = find(key);
      if (found == nullptr) reader_.fail(tree_, fmt::format("{} has no {}", what_, key));
      return found != nullptr ? *found : nothing;
    }
    [[nodiscard]] std::string text(std::string_view key) { return reader_.text(need(key), key); }
    [[nodiscard]] std::string text_or_none(std::string_view key) {
      const Tree* found = find(key);
      return found != nullptr ? reader_.text(*found, key) : std::string();
    }
    // In order; none where the key is absent.
    [[nodiscard]] const std::vector<Tree>& list(std::string_view key) {
      static const std::vector<Tree> none;
      const Tree* found = find(key);
      if (found == nullptr) return none;
      if (found->kind != Kind::list) reader_.fail(*found, fmt::format("{} has to be a list", key));
      return found->list;
    }
    [[nodiscard]] std::vector<std::string> texts(std::string_view key) {
      std::vector<std::string> values;
      for (const Tree& item : list(key)) values.push_back(reader_.text(item, key));
      return values;
    }
    [[nodiscard]] std::vector<std::pair<std::string, std::string>> text_map(std::string_view key) {
      std::vector<std::pair<std::string, std::string>> values;
      const Tree* found = find(key);
      if (found == nullptr) return values;
      if (found->kind != Kind::map) reader_.fail(*found, fmt::format("{} has to be a map", key));
      for (const auto& [name, value] : found->map) values.emplace_back(name, reader_.text(value, name));
      return values;
    }
    [[nodiscard]] bool boolean(std::string_view key, bool otherwise) {
      const Tree* found = find(key);
      if (found == nullptr) return otherwise;
      if (found->text != "true" && found->text != "false")
        reader_.fail(*found, fmt::format("{} is true or false", key));
      return found->text == "true";
    }
    [[nodiscard]] std::uint32_t number(std::string_view key, std::uint32_t least, std::uint32_t most) {
      const Tree& found = need(key);
      return reader_.number(found, key, least, most);
    }
    [[nodiscard]] std::uint32_t number_or(std::string_view key, std::uint32_t otherwise, std::uint32_t least,
                                          std::uint32_t most) {
      const Tree* found = find(key);
      return found != nullptr ? reader_.number(*found, key, least, most) : otherwise;
    }
    [[nodiscard]] std::string sha256_text(std::string_view key) {
      const Tree& found = need(key);
      std::string value = reader_.text(found, key);
      if (!is_sha256(value)) reader_.fail(found, fmt::format("{} has to be 64 hexadecimal digits in lower case", key));
      return value;
    }

   private:
    Reader& reader_;
    const Tree& tree_;
    std::string_view what_;
    std::vector<std::string_view> known_;
  };

  void fail(const Tree& at, std::string_view what) {
    if (error_.empty()) error_ = fmt::format("line {}: {}", std::max(at.line, 1U), what);
  }

  std::string text(const Tree& tree, std::string_view key) {
    if (tree.kind != Kind::text) fail(tree, fmt::format("{} has to be a text", printable(key)));
    if (tree.text.find('\0') != std::string::npos) fail(tree, fmt::format("{} has a zero byte", printable(key)));
    return tree.text;
  }

  std::uint32_t number(const Tree& tree, std::string_view key, std::uint32_t least, std::uint32_t most) {
    std::uint32_t value = 0;
    const char* end = tree.text.data() + tree.text.size();
    const auto [read, problem] = std::from_chars(tree.text.data(), end, value);
    if (problem != std::errc() || read != end || value < least || value > most)
      fail(tree, fmt::format("{} has to be a number from {} to {}", key, least, most));
    return value;
  }

  // The one of `all` whose name stands here.
  template <class T, std::size_t N, class Name>
  T one_of(const Tree& tree, std::string_view key, const std::array<T, N>& all, Name name_of) {
    const std::string value = text(tree, key);
    std::string names;
    for (const T& candidate : all) {
      if (name_of(candidate) == value) return candidate;
      if (name_of(candidate).empty()) continue;
      if (!names.empty()) names += ", ";
      names += name_of(candidate);
    }
    fail(tree, fmt::format("{} is {}: it has to be one of {}", key, printable(value), names));
    return all[0];
  }

  std::string new_id(Fields& fields, std::set<std::string, std::less<>>& taken, std::string_view what) {
    const Tree& tree = fields.need("id");
    std::string id = text(tree, "id");
    if (id.empty()) fail(tree, fmt::format("the id of {} is empty", what));
    if (!taken.insert(id).second) fail(tree, fmt::format("the id {} stands here twice", printable(id)));
    return id;
  }

  PlanSource read_source(const Tree& tree, std::string_view what) {
    Fields fields(*this, tree, what);
    return {.path = fields.text("path"), .sha256 = fields.sha256_text("sha256"), .text = fields.text("text")};
  }

  Assumption read_assumption(const Tree& tree) {
    Fields fields(*this, tree, "an assumption");
    Assumption assumption;
    assumption.relation = fields.text("relation");
    assumption.columns = fields.text_map("columns");
    assumption.dependents = fields.texts("dependents");
    assumption.triggers = fields.texts("triggers");
    if (const Tree* identity = fields.find("replica_identity"))
      assumption.replica_identity = text(*identity, "replica_identity");
    assumption.row_security = fields.boolean("row_security", false);
    return assumption;
  }

  StepLock read_lock(const Tree& tree) {
    Fields fields(*this, tree, "a lock");
    StepLock lock;
    lock.relation = fields.text("relation");
    lock.mode = one_of(fields.need("mode"), "mode", all_modes, [](LockMode mode) { return name(mode); });
    for (const Tree& work : fields.list("work"))
      lock.work |= one_of(work, "work", all_work, [](Work bit) { return name(bit); });
    return lock;
  }

  Backfill read_backfill(const Tree& at, Fields& fields) {
    Backfill backfill;
    backfill.table = fields.text("table");
    backfill.alias = fields.text_or_none("alias");
    backfill.from = fields.text_or_none("from");
    if (!backfill.from.empty() && backfill.alias.empty()) fail(at, "a backfill with from has an alias for its table");
    {
      const Tree& tree = fields.need("key");
      Fields key(*this, tree, "a key");
      backfill.index = key.text("index");
      for (const Tree& column : key.list("columns")) {
        Fields entry(*this, column, "a column of a key");
        backfill.key.push_back({.name = entry.text("name"), .type = entry.text("type")});
      }
      if (backfill.key.empty()) fail(tree, "a key has at least one column");
      if (backfill.key.size() > 32) fail(tree, "a key has at most 32 columns");
    }
    backfill.set = fields.text_map("set");
    backfill.where = fields.text_or_none("where");
    backfill.batch = fields.number_or("batch", backfill.batch, 1, 20'000);
    backfill.pause_ms = fields.number_or("pause_ms", backfill.pause_ms, 0, 3'600'000);
    backfill.proof = fields.text_or_none("proof");
    if (backfill.set.empty() && backfill.where.empty())
      fail(at, "a backfill without set deletes the rows of where: where is missing");
    return backfill;
  }

  Step read_step(const Tree& tree) {
    Fields fields(*this, tree, "a step");
    Step step;
    step.id = new_id(fields, steps_, "a step");
    step.comment = fields.text_or_none("comment");
    step.kind = one_of(fields.need("kind"), "kind", std::array{StepKind::sql, StepKind::backfill},
                       [](StepKind kind) { return std::string_view(kind == StepKind::sql ? "sql" : "backfill"); });
    const bool sql = step.kind == StepKind::sql;
    if (const Tree* transaction = fields.find("transaction"); transaction != nullptr || sql)
      step.own_transaction =
          one_of(transaction != nullptr ? *transaction : fields.need("transaction"), "transaction",
                 std::array{true, false}, [](bool own) { return std::string_view(own ? "own" : "none"); });
    step.lock_class = sql ? LockClass::a : LockClass::c;
    if (const Tree* lock_class = fields.find("class"); lock_class != nullptr || sql)
      step.lock_class =
          one_of(lock_class != nullptr ? *lock_class : fields.need("class"), "class", all_classes, class_name);
    for (const Tree& lock : fields.list("locks")) step.locks.push_back(read_lock(lock));
    step.sql = fields.texts("sql");
    step.undo = fields.texts("undo");
    step.done_when = fields.text_or_none("done_when");
    step.irreversible = fields.boolean("irreversible", false);
    if (!sql) {
      step.backfill = read_backfill(tree, fields);
      if (!step.sql.empty()) fail(tree, "a backfill has no sql of its own: it has set and where");
    } else {
      if (step.sql.empty()) fail(tree, fmt::format("the step {} has no sql", printable(step.id)));
      if (!step.own_transaction && step.sql.size() > 1)
        fail(tree,
             fmt::format("the step {} has more than one statement: transaction: none takes one", printable(step.id)));
    }
    return step;
  }

  Stage read_stage(const Tree& tree) {
    Stage stage;
    const auto has_key = [&tree](std::string_view key) {
      return std::any_of(tree.map.begin(), tree.map.end(), [key](const auto& entry) { return entry.first == key; });
    };
    if (has_key("gate")) {
      Fields fields(*this, tree, "a gate");
      if (const Tree& kind = fields.need("gate"); kind.text != "deploy") fail(kind, "gate is deploy");
      stage.gate = {
          .id = new_id(fields, gates_, "a gate"), .release = fields.text("release"), .why = fields.text_or_none("why")};
      return stage;
    }
    Fields fields(*this, tree, "a phase");
    stage.phase = one_of(fields.need("phase"), "phase", all_phases, [](Phase phase) { return name(phase); });
    for (const Tree& file : fields.list("files")) {
      Fields entry(*this, file, "a file");
      stage.files.push_back({.path = entry.text("path"), .sha256 = entry.sha256_text("sha256")});
    }
    for (const Tree& step : fields.list("steps")) stage.steps.push_back(read_step(step));
    return stage;
  }

  Plan read_plan(const Tree& root) {
    Plan plan;
    Fields fields(*this, root, "a plan");
    if (const Tree& form = fields.need("pglint_plan"); form.text != "1")
      fail(form, fmt::format("the form of this plan is {}: this pglint reads 1", printable(form.text)));
    {
      const Tree& id = fields.need("id");
      plan.id = text(id, "id");
      // It is the name of the file, too.
      if (plan.id.empty() || plan.id.front() == '.' || plan.id.find('/') != std::string::npos)
        fail(id, "the id of a plan is a file's name without its ending");
    }
    for (const Tree& source : fields.list("sources")) plan.sources.push_back(read_source(source, "a source"));
    plan.runner = fields.text("runner");
    plan.postgres = static_cast<int>(fields.number("postgres", 12, 99));
    for (const Tree& assumption : fields.list("assumes")) plan.assumes.push_back(read_assumption(assumption));
    const std::vector<Tree>& checks = fields.list("checks");
    for (const Tree& stage : fields.list("phases")) plan.stages.push_back(read_stage(stage));
    for (const Tree& tree : checks) {
      Fields check(*this, tree, "a check");
      std::string id = new_id(check, checks_, "a check");
      const Tree& before = check.need("before");
      if (!steps_.contains(text(before, "before")))
        fail(before, fmt::format("there is no step {}", printable(before.text)));
      plan.checks.push_back(
          {.id = std::move(id), .before = before.text, .sql = check.text("sql"), .says = check.text("says")});
    }
    if (const Tree* snapshot = fields.find("snapshot")) plan.snapshot = read_source(*snapshot, "the snapshot");
    return plan;
  }

  std::string error_;
  std::set<std::string, std::less<>> steps_;
  std::set<std::string, std::less<>> gates_;
  std::set<std::string, std::less<>> checks_;
};

}  // namespace

std::string to_yaml(const Plan& plan) { return write_yaml(plan_tree(plan, For::people)); }
Tree to_tree(const Plan& plan) { return plan_tree(plan, For::people); }

Result<Plan> from_yaml(std::string_view text) {
  const Result<Tree> tree = read_yaml(text);
  if (!tree) return tl::unexpected(tree.error());
  return Reader().read(*tree);
}

std::string hash(const Plan& plan) {
  std::string bytes = "pglint plan 1\n";
  append_bytes(bytes, plan_tree(plan, For::hash));
  return sha256(bytes);
}

}  // namespace pglint::plan
