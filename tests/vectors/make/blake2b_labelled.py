#!/usr/bin/env python3
"""Writes own/blake2b_labelled.json: the labelled, salted and keyed BLAKE2b of
docs/formats/crypto.md, computed with Python's hashlib and nothing of ours.

Usage: make/blake2b_labelled.py > own/blake2b_labelled.json
"""
import hashlib
import json


def stream(name, n):
    """n bytes that depend on a name alone: SHA-256 in counter mode."""
    out = b""
    while len(out) < n:
        block = "%s %d" % (name, len(out) // 32)
        out += hashlib.sha256(block.encode()).digest()
    return out[:n]


def blake2b(out_len, label, salt, key, data):
    person = label.encode() + bytes(16 - len(label))
    return hashlib.blake2b(
        data, digest_size=out_len, key=key, salt=salt, person=person
    ).digest()


LENGTHS = (0, 1, 31, 32, 63, 64, 72, 96, 127, 128, 129, 255, 256, 257, 1000)
LABELS = ("e", "en1.device", "en1.rec.id", "en1.vault.guard", "0123456789abcdef")
FORMS = {  # name: (output, salted, key bytes)
    "H": (32, True, 0),
    "HZ": (32, False, 0),
    "KDF": (32, True, 32),
    "KDFZ": (32, False, 32),
    "KDF24": (24, True, 32),
}

cases = []
for form, (out_len, salted, key_len) in FORMS.items():
    for i, n in enumerate(LENGTHS):
        name = "%s %d" % (form, n)
        label = LABELS[i % len(LABELS)]
        salt = stream(name + " salt", 16) if salted else bytes(16)
        key = stream(name + " key", key_len)
        data = stream(name + " data", n)
        case = {"form": form, "label": label}
        if salted:
            case["cid16"] = salt.hex()
        if key_len:
            case["key"] = key.hex()
        case["x"] = data.hex()
        case["out"] = blake2b(out_len, label, salt, key, data).hex()
        cases.append(case)
for i in range(4):
    isk = stream("ISK %d" % i, 64)
    cases.append(
        {
            "form": "ISK",
            "label": LABELS[1 + i],
            "key": isk.hex(),
            "x": "",
            "out": blake2b(32, LABELS[1 + i], bytes(16), isk, b"").hex(),
        }
    )

print(
    json.dumps(
        {
            "title": "BLAKE2b with a label as personalisation and cid16 as salt",
            "note": "made by tests/vectors/make/blake2b_labelled.py with Python's hashlib",
            "cases": cases,
        },
        indent=1,
    )
)
