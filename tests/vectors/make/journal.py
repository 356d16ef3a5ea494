#!/usr/bin/env python3
"""Writes own/journal.json: contents of journal records, byte for byte.

Made from docs/formats/journal.md with an encoder of its own, a page long, so that
the program's codec is compared with something that is not itself. Run in
tests/vectors: make/journal.py > own/journal.json
"""
import json
import struct


def pack(v):
    if v is None:
        return b"\xc0"
    if isinstance(v, Raw):
        return v.b
    if isinstance(v, list):
        n = len(v)
        head = bytes([0x90 | n]) if n < 16 else b"\xdc" + struct.pack(">H", n)
        return head + b"".join(pack(e) for e in v)
    if isinstance(v, bytes):
        n = len(v)
        if n < 256:
            return b"\xc4" + bytes([n]) + v
        return b"\xc5" + struct.pack(">H", n) + v
    if isinstance(v, str):
        s = v.encode()
        n = len(s)
        if n < 32:
            return bytes([0xA0 | n]) + s
        if n < 256:
            return b"\xd9" + bytes([n]) + s
        return b"\xda" + struct.pack(">H", n) + s
    if v >= 0:
        for limit, mark, form in ((1 << 7, b"", ">B"), (1 << 8, b"\xcc", ">B"),
                                  (1 << 16, b"\xcd", ">H"),
                                  (1 << 32, b"\xce", ">I"),
                                  (1 << 64, b"\xcf", ">Q")):
            if v < limit:
                return mark + struct.pack(form, v)
    for limit, mark, form in ((1 << 5, b"", ">b"), (1 << 7, b"\xd0", ">b"),
                              (1 << 15, b"\xd1", ">h"), (1 << 31, b"\xd2", ">i"),
                              (1 << 63, b"\xd3", ">q")):
        if -v <= limit:
            return mark + struct.pack(form, v)
    raise ValueError(v)


class Raw:
    """Bytes that stand as they are, to break a rule."""

    def __init__(self, b):
        self.b = b


ENTRY, SHARE, LINK, DRAFT, LEARNING, ACTION, PROFILE = 1, 2, 3, 4, 5, 7, 32
ID = bytes(range(16))
SESSION = bytes([0x5E] * 16)
REC = [bytes([0x10 + i] * 32) for i in range(9)]
CID = bytes([0xC1] * 32)
NOW = 1808951400123


def content(kind, body, after=(), parents=(), id=ID, time=NOW, offset=120,
            version=1, more=()):
    return [version, kind, id, time, offset, list(after), list(parents), body,
            *more]


def entry(state=0, title="", text="x", when=(2027, 4, 28), tags=(), about=None,
          prompt=0, source=None, opens=None, undoes=None, more=()):
    return [state, title, text, list(when), list(tags), about, prompt, source,
            opens, undoes, *more]


def share(state=0, of=ENTRY, title="", text="x", when=(2027, 4, 28), aliases=0):
    return [state, of, title, text, list(when), aliases]


def link(share=bytes([2] * 16), cid=CID, sid=None, original=ID, revision=REC[0],
         a=0, b=0):
    return [share, cid, sid, original, revision, a, b]


def profile(name="Les Tilleuls", lang=0, preset=120, aliases=0, sponsor=1,
            old=None):
    return [name, lang, preset, aliases, sponsor, old]


FULL = entry(title="Après la séance", text="Ce qui a changé :\n\tj’ai écouté.",
             when=(NOW, -420), tags=["école", "à relire"], about=SESSION,
             prompt=2, source=["dayone", "F00D"], opens=[2028, 2, 29],
             undoes=REC[3])

accept = [
    ("an entry with nothing but a day and a text", 1, content(ENTRY, entry())),
    ("an entry with everything", 2,
     content(ENTRY, FULL, REC[1:3], REC[0:1], time=-5, offset=-840)),
    ("the greatest counts", 2,
     content(ENTRY, entry(tags=["t" * 48] * 12, title="t" * 200), REC[:8],
             REC[:8])),
    ("a text of 64000 bytes", 1, content(ENTRY, entry(text="é" * 32000))),
    ("a deletion without text", 2,
     content(ENTRY, entry(state=1, text=""), (), REC[:1])),
    ("a letter for the last session", 1, content(ENTRY, entry(opens=[]))),
    ("a source without ids", 1, content(ENTRY, entry(source=["jsonl", ""]))),
    ("the first day", 1, content(ENTRY, entry(when=(1, 1, 1)))),
    ("the last day", 1, content(ENTRY, entry(when=(9999, 12, 31)))),
    ("an instant before 1970", 1, content(ENTRY, entry(when=(-1, 0)))),
    ("a draft", 1, content(DRAFT, entry())),
    ("a share", 1,
     content(SHARE, share(title="Mardi", text="La directrice m’a laissé finir.",
                          when=(NOW, 120), aliases=1))),
    ("a share taken back", 2,
     content(SHARE, share(state=1, text=""), (), REC[:1])),
    ("a link to a whole entry", 1, content(LINK, link())),
    ("a link to lines 3 to 7 in a session", 1,
     content(LINK, link(sid=SESSION, a=3, b=7))),
    ("a profile", 3, content(PROFILE, profile())),
    ("a profile that succeeds another", 3,
     content(PROFILE, profile(lang=1, preset=45, aliases=1, sponsor=2,
                              old=[CID, REC[0]]), REC[:1], REC[:2])),
]

newer = [
    ("version 2", content(ENTRY, entry(), version=2)),
    ("version 2 of another shape", [2, None]),
    ("an action", content(ACTION, ["to come"])),
    ("a kind nobody has named", content(4096, [])),
    ("a share of a learning", content(SHARE, share(of=LEARNING))),
]

refuse = [
    ("an empty array", []),
    ("version 0", content(ENTRY, entry(), version=0)),
    ("kind 0", content(0, entry())),
    ("an element too many", content(ENTRY, entry(), more=[0])),
    ("an element too few", content(ENTRY, entry())[:-1]),
    ("a field too many", content(ENTRY, entry(more=[None]))),
    ("a field too few", content(ENTRY, entry()[:-1])),
    ("an id of 15 bytes", content(ENTRY, entry(), id=ID[:15])),
    ("an id as text", content(ENTRY, entry(), id="0123456789abcdef")),
    ("a claimed time out of the calendar",
     content(ENTRY, entry(), time=253402300800000)),
    ("an offset of 841 minutes", content(ENTRY, entry(), offset=841)),
    ("an offset of 65536 minutes", content(ENTRY, entry(), offset=65536)),
    ("nine in after", content(ENTRY, entry(), REC[:9])),
    ("nine parents", content(ENTRY, entry(), (), REC[:9])),
    ("a parent of 31 bytes", content(ENTRY, entry(), (), [REC[0][:31]])),
    ("a state of 2", content(ENTRY, entry(state=2))),
    ("a live entry without text", content(ENTRY, entry(text=""))),
    ("a text of 64001 bytes", content(ENTRY, entry(text="a" * 64001))),
    ("a text as bytes", content(ENTRY, entry(text=b"x"))),
    ("a text with a NUL", content(ENTRY, entry(text="a\0b"))),
    ("a text that is no UTF-8",
     content(ENTRY, entry(text=Raw(b"\xa2\xc3\x28")))),
    ("a title of 201 bytes", content(ENTRY, entry(title="t" * 201))),
    ("no date", content(ENTRY, entry(when=()))),
    ("29 February 2027", content(ENTRY, entry(when=(2027, 2, 29)))),
    ("month 13", content(ENTRY, entry(when=(2027, 13, 1)))),
    ("year 0", content(ENTRY, entry(when=(0, 1, 1)))),
    ("an instant at an offset of 841", content(ENTRY, entry(when=(NOW, 841)))),
    ("an instant at an offset of 65536",
     content(ENTRY, entry(when=(NOW, 65536)))),
    ("an instant after the last day",
     content(ENTRY, entry(when=(253402300800000, 0)))),
    ("an instant whose wall is after the last day",
     content(ENTRY, entry(when=(253402300799999, 1)))),
    ("thirteen tags", content(ENTRY, entry(tags=["t"] * 13))),
    ("an empty tag", content(ENTRY, entry(tags=[""]))),
    ("a tag of 49 bytes", content(ENTRY, entry(tags=["t" * 49]))),
    ("a session of zeros", content(ENTRY, entry(about=bytes(16)))),
    ("prompt set 4", content(ENTRY, entry(prompt=4))),
    ("a source of one element", content(ENTRY, entry(source=["jsonl"]))),
    ("a source without importer", content(ENTRY, entry(source=["", "1"]))),
    ("a letter that opens on no day", content(ENTRY, entry(opens=[2027, 2]))),
    ("a letter that opens on 30 February",
     content(ENTRY, entry(opens=[2027, 2, 30]))),
    ("undoes of zeros", content(ENTRY, entry(undoes=bytes(32)))),
    ("a longer form of a small number",
     content(ENTRY, entry(prompt=Raw(b"\xcc\x01")))),
    ("a boolean", content(ENTRY, entry(state=Raw(b"\xc2")))),
    ("a share taken back that keeps its text",
     content(SHARE, share(state=1), (), REC[:1])),
    ("a share of kind 0 as text", content(SHARE, share(of="entry"))),
    ("65536 aliases", content(SHARE, share(aliases=65536))),
    ("a link from line 0", content(LINK, link(a=0, b=3))),
    ("a link whose lines go backwards", content(LINK, link(a=7, b=3))),
    ("a link to a session of zeros", content(LINK, link(sid=bytes(16)))),
    ("a profile without name", content(PROFILE, profile(name=""))),
    ("a name of 65 bytes", content(PROFILE, profile(name="n" * 65))),
    ("a third language", content(PROFILE, profile(lang=2))),
    ("a preset of 60 minutes", content(PROFILE, profile(preset=60))),
    ("alias rule 2", content(PROFILE, profile(aliases=2))),
    ("sponsor rule 3", content(PROFILE, profile(sponsor=3))),
    ("a predecessor of zeros",
     content(PROFILE, profile(old=[bytes(32), REC[0]]))),
]


def main():
    out = {
        "accept": [{"name": n, "type": t, "hex": pack(c).hex()}
                   for n, t, c in accept],
        "newer": [{"name": n, "hex": pack(c).hex()} for n, c in newer],
        "refuse": [{"name": n, "hex": pack(c).hex()} for n, c in refuse],
    }
    out["refuse"].append({"name": "a byte after the end",
                          "hex": pack(accept[0][2]).hex() + "c0"})
    out["refuse"].append({"name": "nothing", "hex": ""})
    print(json.dumps(out, indent=1))


if __name__ == "__main__":
    main()
