#include "cli/cli.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "base/spell.h"
#include "base/text.h"
#include "cli/commands.h"
#include "pglint/version.h"

namespace pglint::cli {
namespace {

// One line: what is wrong, and where help is to be had.
Error usage_error(const CLI::App& app, const CLI::ParseError& error, int argc, const char* const* argv) {
  std::vector<std::string_view> commands;
  for (const CLI::App* command : app.get_subcommands(nullptr)) commands.emplace_back(command->get_name());
  const std::string_view first = argc > 1 ? argv[1] : "";
  if (first.empty()) return {"a command is missing", "pglint --help lists them."};
  if (!first.starts_with('-') && std::ranges::find(commands, first) == commands.end()) {
    const std::string near = did_you_mean(first, commands);
    return {"there is no command " + printable(first), near.empty() ? "pglint --help lists them." : near};
  }
  const std::string command = first.starts_with('-') ? "" : std::string(first) + " ";
  return {printable(error.what()), "See pglint " + command + "--help."};
}

}  // namespace

int run(int argc, const char* const* argv) {
  CLI::App app{
      "Reads PostgreSQL migrations with PostgreSQL's own grammar and says what is unsafe on a live database.\n"};
  app.name("pglint");
  app.set_version_flag("--version", "pglint " + std::string(version()));
  app.require_subcommand(1);
  app.set_help_all_flag("--help-all", "Help for every command");
  app.failure_message(CLI::FailureMessage::simple);
  app.footer(
      "Exit codes: 0 nothing at or above the fail level; 1 findings; 2 wrong usage, unreadable input or a bad "
      "configuration; 3 the database refused or failed; 4 a gate is closed; 5 stopped by a safety check; 130 "
      "interrupted.\n"
      "Examples:\n"
      "  pglint check                          the migrations of this project\n"
      "  pglint check --since origin/main      what this branch adds, with its history\n"
      "  pglint locks -c 'ALTER TABLE orders ADD COLUMN note text'\n"
      "  pglint explain set-not-null");

  Options options;
  int code = ok;

  CLI::App* check_command = app.add_subcommand("check", "Lint migrations: files, folders, or - for standard input");
  add_source_options(*check_command, options);
  add_rule_options(*check_command, options);
  add_check_options(*check_command, options);
  add_baseline_options(*check_command, options);
  add_output_options(*check_command, options);
  check_command->callback([&] { code = check(options); });

  FixOptions fix_options;
  CLI::App* fix_command =
      app.add_subcommand("fix", "Rewrite unsafe migrations into safe phases, as files of the migration tool");
  add_source_options(*fix_command, options);
  add_rule_options(*fix_command, options);
  add_check_options(*fix_command, options);
  add_output_options(*fix_command, options);
  fix_command->add_flag("--diff", fix_options.diff, "Print what would change, and write nothing");
  fix_command->add_flag("--force", fix_options.force, "Also rewrite migrations that may be released");
  fix_command
      ->add_option("--dual-write", fix_options.dual_write,
                   "Who keeps an old and a new column equal: a trigger, or the application's own code")
      ->check(CLI::IsMember({"trigger", "application"}))
      ->type_name("trigger|application");
  fix_command
      ->add_option("--value", fix_options.values,
                   "What the rows that are there get in a new column that becomes NOT NULL; may be repeated")
      ->type_name("TABLE.COLUMN=EXPR")
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  CLI::Option* next = fix_command->add_flag(
      "--next", fix_options.next,
      "Write the next part of a plan: for the release's commit, or what stands behind --passed GATE");
  CLI::Option* apply = fix_command->add_flag(
      "--apply", fix_options.apply, "Write the files, then execute the plan up to the next gate that is not passed");
  CLI::Option* undo = fix_command->add_flag("--undo", fix_options.undo,
                                            "Write what takes a plan back, to the beginning or to the last gate; "
                                            "with --apply, run it");
  next->excludes(apply)->excludes(undo);
  fix_command->add_option("--plan", fix_options.plan, "The plan, where there are several")->type_name("FILE");
  fix_command
      ->add_option("--passed", fix_options.passed, "The gate whose release is deployed everywhere, and no older one")
      ->type_name("GATE");
  fix_command->add_option("--through", fix_options.through, "Stop behind the next phase of this label")
      ->type_name("PHASE")
      ->needs(apply);
  fix_command->add_flag("--dry-run", fix_options.dry_run,
                        "Print every statement with its locks and timeouts, and execute nothing");
  fix_command
      ->add_option("--accept-triggers", fix_options.accept_triggers, "Triggers of others that a backfill may fire")
      ->delimiter(',')
      ->type_name("NAME,...")
      ->allow_extra_args(false);
  fix_command->add_flag("--accept-changes", fix_options.accept_changes,
                        "Go on although somebody changed what the plan stands on since its last step");
  fix_command
      ->add_option("--lock-budget", fix_options.lock_budget, "How long a step may try to get its locks (default 900)")
      ->type_name("SECONDS");
  fix_command
      ->add_option("--wait-budget", fix_options.wait_budget, "How long a long step may wait for others (default 1800)")
      ->type_name("SECONDS");
  fix_command
      ->add_option("--throttle-budget", fix_options.throttle_budget,
                   "How long a backfill may pause for replicas, slots or autovacuum (default 1800)")
      ->type_name("SECONDS");
  fix_command
      ->add_option("--throttle-query", fix_options.throttle_query,
                   "A query of your own: a backfill pauses as long as it returns a number above 0")
      ->type_name("SQL");
  fix_command
      ->add_option("--max-lag", fix_options.max_lag, "How far a replica or a slot may be behind (default 64 and 100)")
      ->type_name("MB");
  add_database_options(*fix_command, fix_options.database_url);
  fix_command->callback([&] { code = fix(options, fix_options); });

  CLI::App* locks_command =
      app.add_subcommand("locks", "The lock timeline: what each statement locks, how, while doing what, until when");
  add_source_options(*locks_command, options);
  add_output_options(*locks_command, options);
  locks_command->callback([&] { code = locks(options); });

  std::string rule;
  CLI::App* explain_command = app.add_subcommand("explain", "The page of a rule");
  explain_command->add_option("rule", rule, "Its id, as in set-not-null")->required()->type_name("RULE");
  explain_command->callback([&] { code = explain(rule, options); });

  CLI::App* rules_command = app.add_subcommand("rules", "The list of rules");
  add_rule_options(*rules_command, options);
  add_output_options(*rules_command, options);
  rules_command->callback([&] { code = rules(options); });

  DatabaseOptions database;
  CLI::App* status_command = app.add_subcommand("status", "Where each plan stands in a database");
  status_command->add_option("--plan", database.plan, "The plan (default: those in .pglint/plans)")->type_name("FILE");
  status_command
      ->add_option("--gate", database.gate, "Exit with 0 only if all steps above this gate are done, else with 4")
      ->type_name("GATE");
  status_command->add_option("--format", database.format, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->type_name("FORMAT");
  add_database_options(*status_command, database.database_url);
  status_command->callback([&] { code = status(database); });

  CLI::App* pass_command =
      app.add_subcommand("pass", "Record in the database that the deploy is done that a gate asks for");
  pass_command->add_option("gate", database.gate, "The gate")->required()->type_name("GATE");
  pass_command->add_option("--plan", database.plan, "The plan (default: those in .pglint/plans)")->type_name("FILE");
  add_database_options(*pass_command, database.database_url);
  pass_command->callback([&] { code = pass(database); });

  std::string from;
  CLI::App* init_command =
      app.add_subcommand("init", "Write a configuration, a pre-commit entry and a workflow for this repository");
  init_command->add_option("--from", from, "Take over what was said to another linter, its comments included")
      ->check(CLI::IsMember({"squawk"}))
      ->type_name("squawk");
  init_command->callback([&] { code = init(from); });

  CLI::App* snapshot_command = app.add_subcommand(
      "snapshot", "Row counts, sizes, schema and applied migrations of a database, for use without a connection");
  snapshot_command->add_option("-o,--output", database.output, "The file (default: standard output)")
      ->type_name("FILE");
  add_database_options(*snapshot_command, database.database_url);
  snapshot_command->callback([&] { code = snapshot(database); });

  std::string shell;
  CLI::App* completion_command =
      app.add_subcommand("completion", "A completion script: source <(pglint completion bash)");
  completion_command->add_option("shell", shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  completion_command->callback([&] { code = completion(shell, app); });

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // Help and version are "errors" that exit with 0; every other one is wrong usage, told in one line.
    if (error.get_exit_code() == 0) return app.exit(error) == 0 ? ok : refused;
    return print_error(usage_error(app, error, argc, argv)), refused;
  }
  return code;
}

}  // namespace pglint::cli
