#!/usr/bin/python3
"""No retired word is printed, served, exported or documented: one term for one thing, the field's own.

    vocabulary_test.py SOURCE_DIRECTORY

Reads every string literal of the program, the settings example, the packaging, the schemas, what is rendered for
Prometheus and Grafana, and the pages of documentation. Whatever an output can hold is in one of them."""

import pathlib
import re
import sys

# What is retired, and what stands in its place.
RETIRED = [
    (r"mend(s|ed|ing)?", "fix"),
    (r"mistakes?", "error"),
    (r"(looks?|looked|looking)(?! (like|up|healthy|similar)\b)", "probe"),
    (r"glances?", "quick probe"),
    (r"(?<!linecap: )(?<!linejoin: )rounds?(?![- ]trip)", "probe"),
    (r"tell|tells|told", "report, show, print, log"),
    (r"pace|paces|pace[-_]burst|pace[-_]sufficient", "rate limit"),
    (r"planned work", "maintenance"),
    (r"silences", "maintenance"),
    (r"switched off|switched_off", "disabled"),
    (r"not judged|not_judged", "not evaluated"),
    (r"unseen", "never probed"),
    (r"whole answers?", "complete answer"),
    (r"stands? at", "is published at"),
    (r"leads? to", "points to"),
    (r"first[-_]try|tcp[-_]time|discovery[-_]time", "initial_timeout, tcp_timeout, discovery_timeout"),
    (r"(--)?tries", "attempts"),
    (r"transit(?= time)|(--|\")transit|transit:", "retired_key_retention"),
    (r"other_key", "mismatch"),
    (r"legs?", "hop"),
    (r"siblings?", "wildcard probe"),
    (r"seams?", "string boundary"),
    (r"manners", "rate limit"),
    (r"dkim_gone\w*|dkim_silence\w*|\w+_last_look\w*|dkimprobe_rounds\w*|dkimprobe_probes\w*", "see GLOSSARY"),
    (r"last_look|first_look|last_round|next_round", "last_probe, first_probe, next_probe"),
]
# Check names and their alerts that stay, and columns in released steps of the history's schema.
KEPT = re.compile(r"(first|last)_look(?= INTEGER| TO )|txt_seam_(damage|quotes)|DkimTxtSeam(Damage|Quotes)")
RULES = [(re.compile(r"(?<![\w-])(?:%s)(?![\w-])" % pattern, re.I), better) for pattern, better in RETIRED]
KEYS = re.compile(r"^\s*(every|unused|off|silences|because|says):|\"(says|because|mistake|looks?|damaged)\":", re.M)
LITERAL = re.compile(
    r'//[^\n]*|/\*.*?\*/|#include[^\n]*|\'(?:\\.|[^\'\\\n])\'|R"(?P<d>[^(\s"]*)\((?P<raw>.*?)\)(?P=d)"|"(?P<text>(?:\\.|[^"\\\n])*)"',
    re.S)
FOLDERS = ["config", "probe", "checks", "exporters", "cli"]
DOCUMENTS = ["README.md", "checks/README.md", "config/example.yaml", "config/packaging/**/*", "exporters/json/*.json",
             "exporters/mixin/**/*", "tests/**/README.md", "tests/exporters/golden/**/*", "tests/cli/cases/help-*.json",
             "tests/config/vectors/settings/*.expected"]


def retired_words(text):
    text = KEPT.sub("", text)
    for rule, better in RULES:
        for match in rule.finditer(text):
            line = text[text.rfind("\n", 0, match.start()) + 1:].split("\n", 1)[0].strip()
            yield "`%s` (%s): %s" % (match.group(0), better, line[:160])
    for match in KEYS.finditer(text):
        yield "the key `%s`" % match.group(0).strip()


def literals(source):
    """The strings of a source; those that the compiler joins are joined, so that no phrase hides between two."""
    joined, last_end = "", None
    for match in LITERAL.finditer(source):
        text = match.group("raw") if match.group("raw") is not None else match.group("text")
        if text is None:
            continue
        apart = last_end is None or source[last_end:match.start()].strip() != ""
        joined += ("\n" if apart else "") + text
        last_end = match.end()
    return joined.replace("\\n", "\n")


def main():
    root = pathlib.Path(sys.argv[1])
    wrong = []
    for folder in FOLDERS:
        for source in sorted(path for path in (root / folder).rglob("*") if path.suffix in (".cpp", ".hpp")):
            wrong += ["%s: %s" % (source.relative_to(root), word) for word in retired_words(literals(source.read_text()))]
    read = 0
    for pattern in DOCUMENTS:
        for document in sorted(path for path in root.glob(pattern) if path.is_file()):
            read += 1
            words = retired_words(document.read_text(errors="replace"))
            wrong += ["%s: %s" % (document.relative_to(root), word) for word in words]
    if read < 100:
        wrong.append("only %d documents were found" % read)
    if len(list(retired_words(literals('f("to me" "nd it"); // mend\n') + "\nsays: x"))) != 2:
        wrong.append("the test itself finds nothing")
    print("\n".join(wrong) if wrong else "no retired word in %d documents and all sources" % read)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
