"""What the checking scripts share: the project's files, and how its sources are compiled."""

import concurrent.futures
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "clang"
JOBS = int(os.environ.get("PGLINT_JOBS") or os.cpu_count() or 1)


def git_lines(*arguments):
    """The output of git as a list of lines, or None if git fails."""
    done = subprocess.run(["git", "-C", ROOT, *arguments], capture_output=True, text=True)
    return done.stdout.splitlines() if done.returncode == 0 else None


def files():
    """Every file of the project, as a path from its root: what git has or would add."""
    listed = subprocess.run(
        ["git", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        capture_output=True, text=True, check=True).stdout
    return sorted({name for name in listed.split("\0") if name and (ROOT / name).is_file()})


def compile_commands():
    """{source: arguments of its compilation with clang++}, of the sources in the project; configures first."""
    subprocess.run([ROOT / "scripts" / "configure", "clang"], check=True)
    commands = {}
    for entry in json.loads((BUILD / "compile_commands.json").read_text()):
        source = pathlib.Path(entry["directory"], entry["file"])
        if source.is_relative_to(ROOT) and not source.is_relative_to(ROOT / "build"):
            commands[str(source.relative_to(ROOT))] = shlex.split(entry["command"])
    return commands


INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]', re.MULTILINE)


def includes(name):
    """The (bracket, name) of what a file includes, in order, with the line."""
    text = (ROOT / name).read_text(errors="replace")
    return [(m[1], m[2], text.count("\n", 0, m.start()) + 1) for m in INCLUDE.finditer(text)]


def resolve(name, included):
    """The file of the project that an include means, or None: a library's or the system's."""
    for folder in (pathlib.PurePath(name).parent, "src", "include", "", "tests", "bench"):
        path = os.path.normpath(os.path.join(folder, included))
        if (ROOT / path).is_file():
            return path
    return None


def run_all(tasks):
    """Runs (label, arguments) JOBS at a time; prints the output of those that fail; how many failed."""
    def run(task):
        label, arguments = task
        return label, subprocess.run(arguments, cwd=BUILD, capture_output=True, text=True)

    failed = 0
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        for label, done in pool.map(run, tasks):
            if done.returncode != 0:
                failed += 1
                print(f"{label}:\n{done.stdout}{done.stderr}", file=sys.stderr, flush=True)
    return failed


def without_output(arguments):
    """The arguments of a compilation, to check a file without writing anything."""
    kept, skip = [], False
    for argument in arguments:
        if skip:
            skip = False
        elif argument in ("-o", "-MF", "-MT", "-MQ"):
            skip = True
        elif argument not in ("-c", "-MD", "-MMD"):
            kept.append(argument)
    return kept
