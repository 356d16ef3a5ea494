#!/usr/bin/env python3
"""Counts over the two diaries, independent of the program under test.

Rules (PRODUCT 6.1): text and query are folded: NFKD, marks dropped, case folded,
ligatures and stroked letters spelt out, apostrophes, dashes and spaces made one
of each kind. "start": every word of the query is found at the start of a word, a
word being a run of letters, marks and digits. "token": the word is a whole token.
"phrase": the folded query anywhere, runs of spaces being one.

Usage: answers.py   (in the folder of the diaries)
"""
import json
import re
import unicodedata

APOSTROPHES = "'`\u00b4\u2018\u2019\u201b\u02bc\u02b9\u2032\uff07"
SPELT = {"œ": "oe", "æ": "ae", "ß": "ss", "ø": "o", "ł": "l"}


def fold(s):
    out = []
    for c in s:
        if c in APOSTROPHES:
            out.append("'")
            continue
        if c.isspace() or unicodedata.category(c).startswith("Z"):
            out.append(" ")
            continue
        if unicodedata.category(c) == "Pd" or c == "\u2212":
            out.append("-")
            continue
        for d in unicodedata.normalize("NFKD", c):
            if unicodedata.category(d).startswith("M"):
                continue
            for e in d.casefold():
                e = SPELT.get(e, e)
                out.append(e)
    return re.sub(" +", " ", "".join(out))


def word_char(c):
    return unicodedata.category(c)[0] in "LMN"


def starts(text, word):
    i = text.find(word)
    while i >= 0:
        if i == 0 or not word_char(text[i - 1]):
            return True
        i = text.find(word, i + 1)
    return False


def tokens(text):
    return set("".join(c if word_char(c) else " " for c in text).split())


def load(name):
    with open(name, encoding="utf-8") as f:
        rows = [json.loads(line) for line in f]
    return [(r["date"], fold(r["text"])) for r in rows]


def main():
    for name, words, phrases, days, years in (
        ("pepys-en.jsonl",
         ["plague", "dined", "bed", "a", "fire london", "lord's day", "10", "the"],
         ["and so to bed", "plague", "ague", "my wife and i", "up betimes"],
         ["09-02", "02-29", "01-01"], ["1665", "1666"]),
        ("delacroix-fr.jsonl",
         ["coeur", "soeur", "reve", "l'eleve", "eleve", "ame", "rubens", "a",
          "peinture couleur", "d'hier", "oeuvre"],
         ["mon coeur", "coeur", "michel-ange", "la peinture"],
         ["09-03", "04-26"], ["1853", "1824"]),
    ):
        rows = load(name)
        print(name, len(rows))
        for q in words:
            parts = [w for w in re.split("[ ']", fold(q)) if w]
            start = sum(all(starts(t, w) for w in parts) for _, t in rows)
            token = sum(all(w in tokens(t) for w in parts) for _, t in rows)
            print(f"  {q!r}: start {start}, token {token}")
        for q in phrases:
            print(f"  phrase {q!r}:", sum(fold(q) in t for _, t in rows))
        for d in days:
            print(f"  on {d}:", sum(x.endswith(d) for x, _ in rows))
        for y in years:
            print(f"  in {y}:", sum(x.startswith(y) for x, _ in rows))


if __name__ == "__main__":
    main()
