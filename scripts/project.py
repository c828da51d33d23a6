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
BATCHES = ROOT / "build" / "clang-batches"
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


def changed_since(revision):
    """The files that differ from the merge base with a revision; None if that is not known, or nothing was named."""
    if not revision:
        return None
    base = git_lines("merge-base", revision, "HEAD")
    if not base:
        return None
    names = git_lines("diff", "--name-only", base[0]) or []
    return set(names + (git_lines("ls-files", "--others", "--exclude-standard") or []))


def entries(preset):
    """(path, arguments of its compilation) of what a preset compiles; configures first."""
    subprocess.run([ROOT / "scripts" / "configure", preset], check=True)
    for entry in json.loads((ROOT / "build" / preset / "compile_commands.json").read_text()):
        yield pathlib.Path(entry["directory"], entry["file"]), shlex.split(entry["command"])


def compile_commands():
    """{source: arguments of its compilation with clang++, alone}, of the sources in the project; configures first."""
    return {str(source.relative_to(ROOT)): arguments for source, arguments in entries("clang")
            if source.is_relative_to(ROOT) and not source.is_relative_to(ROOT / "build")}


def batches():
    """[(the file that is compiled, arguments, the project's sources in it)], as the other builds have it: several sources
    as one, with precompiled headers. Configures, and precompiles the headers."""
    found, headers = [], []
    for path, arguments in entries("clang-batches"):
        if path.name.startswith("cmake_pch"):
            headers.append((str(path), arguments))
            continue
        if "Unity" in path.parts:
            sources = [pathlib.Path(name) for name in re.findall(r'#include "([^"]+)"', path.read_text())]
        elif path.is_relative_to(ROOT) and not path.is_relative_to(ROOT / "build"):
            sources = [path]
        else:
            continue
        found.append((path, arguments, [str(source.relative_to(ROOT)) for source in sources]))
    # Again each time: clang++ refuses one that is older than what it was made of.
    for _, arguments in headers:
        (BATCHES / arguments[arguments.index("-o") + 1]).parent.mkdir(parents=True, exist_ok=True)
    if run_all(headers, BATCHES):
        sys.exit("A precompiled header does not compile")
    return sorted(found)


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


def reached(name, known):
    """The project's files that a file includes, directly or not. `known` remembers those of others."""
    if name not in known:
        known[name] = set()
        for _, included, _ in includes(name):
            header = resolve(name, included)
            if header and header not in known[name]:
                known[name] |= {header} | reached(header, known)
    return known[name]


# What decides how everything is compiled, or how it is checked.
FOR_ALL = re.compile(r"(.*/)?(CMakeLists\.txt|pch\.h)|CMakePresets\.json|cmake/.*|scripts/(configure|project\.py)")


def affected(names, changed):
    """Those names that a change concerns: they changed, or what they include did. All, where `changed` is None or
    has something of how all of them are compiled."""
    if changed is None or any(FOR_ALL.fullmatch(name) for name in changed):
        return set(names)
    known = {}
    return {name for name in names if name in changed or not changed.isdisjoint(reached(name, known))}


def run_all(tasks, folder=BUILD):
    """Runs (label, arguments) JOBS at a time; prints the output of those that fail; how many failed."""
    def run(task):
        label, arguments = task
        return label, subprocess.run(arguments, cwd=folder, capture_output=True, text=True)

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
