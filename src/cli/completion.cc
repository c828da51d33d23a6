// Completion scripts, made from the commands and options that there are, so
// that they cannot fall behind.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "cli/cli.h"
#include "cli/commands.h"
#include "rules/registry.h"
#include "source/runner.h"

namespace pglint::cli {
namespace {

struct Flag {
  std::string name;  // --format
  std::string help;
  bool takes_value = false;
};

struct Command {
  std::string name;
  std::string help;
  std::vector<Flag> flags;
};

std::vector<Command> commands_of(const CLI::App& app) {
  std::vector<Command> commands;
  for (const CLI::App* sub : app.get_subcommands(nullptr)) {
    Command command{sub->get_name(), sub->get_description(), {}};
    for (const CLI::Option* option : sub->get_options()) {
      for (const std::string& name : option->get_lnames())
        command.flags.push_back({"--" + name, option->get_description(), option->get_expected_max() != 0});
    }
    commands.push_back(std::move(command));
  }
  return commands;
}

// The values of options that have a fixed set.
std::string values_of(std::string_view flag) {
  if (flag == "--runner") {
    std::string names = "auto";
    for (const std::string_view name : source::runner_names()) names.append(" ").append(name);
    return names;
  }
  if (flag == "--format") return "text json sarif github gitlab junit";
  if (flag == "--fail-on") return "error warning never";
  if (flag == "--color") return "auto always never";
  if (flag == "--pg-version") return "12 13 14 15 16 17 18";
  if (flag == "--transaction") return "statement file all";
  return "";
}

std::string rule_ids() {
  std::string ids;
  for (const lint::Rule* rule : rules::all())
    fmt::format_to(std::back_inserter(ids), "{}{}", ids.empty() ? "" : " ", rule->id);
  return ids;
}

bool takes_rules(std::string_view flag) { return flag == "--select" || flag == "--ignore"; }

std::string bash(const std::vector<Command>& commands) {
  std::string names;
  std::string flags;
  std::string values;
  std::string seen = " ";
  for (const Command& command : commands) {
    names += (names.empty() ? "" : " ") + command.name;
    std::string list;
    for (const Flag& flag : command.flags) {
      list += " " + flag.name;
      const std::string fixed = values_of(flag.name);
      if ((fixed.empty() && !takes_rules(flag.name)) || seen.find(" " + flag.name + " ") != std::string::npos) continue;
      seen += flag.name + " ";
      values += fmt::format("    {}) COMPREPLY=($(compgen -W \"{}\" -- \"$word\")); return ;;\n", flag.name,
                            takes_rules(flag.name) ? rule_ids() : fixed);
    }
    flags += fmt::format("    {}) flags=\"{}\" ;;\n", command.name, list);
  }
  return fmt::format(
      "# bash completion for pglint: source <(pglint completion bash)\n"
      "_pglint() {{\n"
      "  local word=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD-1]}} flags=\n"
      "  COMPREPLY=()\n"
      "  if ((COMP_CWORD == 1)); then\n"
      "    COMPREPLY=($(compgen -W \"{} --help --version\" -- \"$word\"))\n"
      "    return\n"
      "  fi\n"
      "  case $previous in\n{}"
      "    explain) COMPREPLY=($(compgen -W \"{}\" -- \"$word\")); return ;;\n"
      "    completion) COMPREPLY=($(compgen -W \"bash zsh fish\" -- \"$word\")); return ;;\n"
      "  esac\n"
      "  case ${{COMP_WORDS[1]}} in\n{}  esac\n"
      "  if [[ $word == -* ]]; then\n"
      "    COMPREPLY=($(compgen -W \"$flags\" -- \"$word\"))\n"
      "  else\n"
      "    COMPREPLY=($(compgen -f -- \"$word\"))\n"
      "  fi\n"
      "}}\n"
      "complete -o filenames -F _pglint pglint\n",
      names, values, rule_ids(), flags);
}

// A single-quoted word of zsh or fish, in which brackets and colons mean nothing.
std::string plain_words(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\'' || c == '[' || c == ']' || c == ':' || c == '\\') continue;
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

std::string zsh(const std::vector<Command>& commands) {
  std::string names;
  std::string cases;
  for (const Command& command : commands) {
    names += fmt::format("    '{}:{}'\n", command.name, plain_words(command.help));
    std::string arguments;
    for (const Flag& flag : command.flags) {
      const std::string fixed = takes_rules(flag.name) ? rule_ids() : values_of(flag.name);
      arguments += fmt::format(" \\\n      '*{}[{}]{}'", flag.name, plain_words(flag.help),
                               !flag.takes_value ? std::string()
                               : !fixed.empty()  ? fmt::format(":value:({})", fixed)
                                                 : std::string(":value:_files"));
    }
    if (command.name == "explain") arguments += fmt::format(" \\\n      '1:rule:({})'", rule_ids());
    if (command.name == "completion") arguments += " \\\n      '1:shell:(bash zsh fish)'";
    if (command.name == "check" || command.name == "locks") arguments += " \\\n      '*:path:_files'";
    cases += fmt::format("    {}) _arguments{} ;;\n", command.name, arguments);
  }
  return fmt::format(
      "#compdef pglint\n"
      "# zsh completion for pglint: pglint completion zsh > ~/.zfunc/_pglint\n"
      "_pglint() {{\n"
      "  local -a commands=(\n{}  )\n"
      "  if ((CURRENT == 2)); then\n"
      "    _describe 'command' commands\n"
      "    return\n"
      "  fi\n"
      "  shift words\n"
      "  ((CURRENT--))\n"
      "  case $words[1] in\n{}  esac\n"
      "}}\n"
      "if [[ $funcstack[1] == _pglint ]]; then _pglint; else compdef _pglint pglint; fi\n",
      names, cases);
}

std::string fish(const std::vector<Command>& commands) {
  std::string out = "# fish completion for pglint: pglint completion fish > ~/.config/fish/completions/pglint.fish\n";
  for (const Command& command : commands) {
    out += fmt::format("complete -c pglint -n __fish_use_subcommand -f -a {} -d '{}'\n", command.name,
                       plain_words(command.help));
    for (const Flag& flag : command.flags) {
      const std::string fixed = takes_rules(flag.name) ? rule_ids() : values_of(flag.name);
      out += fmt::format("complete -c pglint -n '__fish_seen_subcommand_from {}' -l {}{}{} -d '{}'\n", command.name,
                         flag.name.substr(2), flag.takes_value ? " -r" : "",
                         fixed.empty() ? std::string() : fmt::format(" -f -a '{}'", fixed), plain_words(flag.help));
    }
  }
  out += fmt::format("complete -c pglint -n '__fish_seen_subcommand_from explain' -f -a '{}'\n", rule_ids());
  out += "complete -c pglint -n '__fish_seen_subcommand_from completion' -f -a 'bash zsh fish'\n";
  return out;
}

}  // namespace

int completion(const std::string& shell, const CLI::App& app) {
  const std::vector<Command> commands = commands_of(app);
  const std::string script = shell == "bash" ? bash(commands) : shell == "zsh" ? zsh(commands) : fish(commands);
  if (const Result<void> written = write_output("", script); !written) return print_error(written.error()), refused;
  return ok;
}

}  // namespace pglint::cli
