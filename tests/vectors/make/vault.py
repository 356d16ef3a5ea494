#!/usr/bin/env python3
"""Writes own/vault.json: headers, pages, frames and guards of docs/formats/vault.md,
computed with Python's hashlib and the XChaCha20-Poly1305 below, and nothing of ours.

Argon2id is not in hashlib: what follows starts from the KEK.

Usage: make/vault.py > own/vault.json
"""
import hashlib
import json
import struct

# ---- XChaCha20-Poly1305 (RFC 8439, draft-irtf-cfrg-xchacha-03) ----


def rotl(x, n):
    return ((x << n) | (x >> (32 - n))) & 0xFFFFFFFF


def quarter(s, a, b, c, d):
    s[a] = (s[a] + s[b]) & 0xFFFFFFFF
    s[d] = rotl(s[d] ^ s[a], 16)
    s[c] = (s[c] + s[d]) & 0xFFFFFFFF
    s[b] = rotl(s[b] ^ s[c], 12)
    s[a] = (s[a] + s[b]) & 0xFFFFFFFF
    s[d] = rotl(s[d] ^ s[a], 8)
    s[c] = (s[c] + s[d]) & 0xFFFFFFFF
    s[b] = rotl(s[b] ^ s[c], 7)


SIGMA = struct.unpack("<4I", b"expand 32-byte k")


def rounds(s):
    for _ in range(10):
        quarter(s, 0, 4, 8, 12)
        quarter(s, 1, 5, 9, 13)
        quarter(s, 2, 6, 10, 14)
        quarter(s, 3, 7, 11, 15)
        quarter(s, 0, 5, 10, 15)
        quarter(s, 1, 6, 11, 12)
        quarter(s, 2, 7, 8, 13)
        quarter(s, 3, 4, 9, 14)


def hchacha20(key, nonce16):
    s = list(SIGMA) + list(struct.unpack("<8I", key)) + list(
        struct.unpack("<4I", nonce16)
    )
    rounds(s)
    return struct.pack("<8I", *(s[:4] + s[12:]))


def chacha20(key, counter, nonce12, data):
    out = bytearray()
    head = list(SIGMA) + list(struct.unpack("<8I", key))
    for i in range(0, len(data), 64):
        first = head + [counter] + list(struct.unpack("<3I", nonce12))
        s = list(first)
        rounds(s)
        block = struct.pack("<16I", *((a + b) & 0xFFFFFFFF for a, b in zip(s, first)))
        out += bytes(a ^ b for a, b in zip(data[i : i + 64], block))
        counter += 1
    return bytes(out)


def poly1305(key, msg):
    r = int.from_bytes(key[:16], "little") & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
    s = int.from_bytes(key[16:], "little")
    acc = 0
    for i in range(0, len(msg), 16):
        n = int.from_bytes(msg[i : i + 16] + b"\x01", "little")
        acc = (acc + n) * r % ((1 << 130) - 5)
    return ((acc + s) & ((1 << 128) - 1)).to_bytes(16, "little")


def pad16(x):
    return x + bytes(-len(x) % 16)


def aead(key, nonce, ad, plain):
    sub = hchacha20(key, nonce[:16])
    nonce12 = bytes(4) + nonce[16:]
    ct = chacha20(sub, 1, nonce12, plain)
    otk = chacha20(sub, 0, nonce12, bytes(32))
    mac = poly1305(otk, pad16(ad) + pad16(ct) + struct.pack("<QQ", len(ad), len(ct)))
    return ct + mac


# ---- the vault's constructions ----


def kdfz(key, label, data=b""):
    return hashlib.blake2b(
        data,
        digest_size=32,
        key=key,
        person=label.encode() + bytes(16 - len(label)),
    ).digest()


def hz(label, data):
    return hashlib.blake2b(
        data, digest_size=32, person=label.encode() + bytes(16 - len(label))
    ).digest()


def stream(name, n):
    """n bytes that depend on a name alone: SHA-256 in counter mode."""
    out = b""
    while len(out) < n:
        out += hashlib.sha256(b"%s %d" % (name.encode(), len(out) // 32)).digest()
    return out[:n]


def slot(o, index, kek, ops, mem):
    head = struct.pack("<BBHIII", 1, 1, 0, ops, mem, 0)
    head += stream(o + " salt", 16) + kdfz(kek, "en1.vault.cmt")
    assert len(head) == 64
    nonce = stream(o + " slot nonce %d" % index, 24)
    ad = stream(o + " vault", 16) + bytes([index]) + head
    box = aead(kdfz(kek, "en1.vault.kek"), nonce, ad, stream(o + " mk", 32))
    return head + nonce + box


def header(o, sequence, generation, slots, change=None):
    """change(bytearray of 992) is applied before the MAC."""
    mk = stream(o + " mk", 32)
    head = b"EN1VAULT" + struct.pack("<BBHI", 1, 1, 1024, 4096)
    head += stream(o + " vault", 16) + struct.pack("<QQ", sequence, generation)
    head += stream(o + " file", 16)
    nonce = stream(o + " dek nonce", 24)
    box = aead(mk, nonce, head, stream(o + " dek", 32))
    body = bytearray(head + nonce + box + bytes(8))
    for index in range(4):
        body += slots.get(index, bytes(136))
    body += bytes(304)
    assert len(body) == 992
    if change is not None:
        change(body)
    mac = hashlib.blake2b(
        bytes(body), digest_size=32, key=kdfz(mk, "en1.vault.mac")
    ).digest()
    return bytes(body) + mac


def keys(o):
    dek, mk = stream(o + " dek", 32), stream(o + " mk", 32)
    file, vault = stream(o + " file", 16), stream(o + " vault", 16)
    return (
        kdfz(dek, "en1.vault.page", file),
        kdfz(dek, "en1.vault.wal", file),
        kdfz(mk, "en1.vault.guard", vault),
    )


def header_case(o, sequence, generation, places, cost):
    kek = stream(o + " kek", 32)
    slots = {i: slot(o, i, kek, *cost) for i in places}
    page, wal, guard = keys(o)
    return {
        "name": o,
        "kek": kek.hex(),
        "slots": places,
        "ops": cost[0],
        "mem_kib": cost[1],
        "salt": stream(o + " salt", 16).hex(),
        "slot_nonces": [stream(o + " slot nonce %d" % i, 24).hex() for i in places],
        "vault": stream(o + " vault", 16).hex(),
        "file": stream(o + " file", 16).hex(),
        "sequence": sequence,
        "generation": generation,
        "mk": stream(o + " mk", 32).hex(),
        "dek": stream(o + " dek", 32).hex(),
        "dek_nonce": stream(o + " dek nonce", 24).hex(),
        "page_key": page.hex(),
        "wal_key": wal.hex(),
        "guard_key": guard.hex(),
        "bytes": header(o, sequence, generation, slots).hex(),
    }


def put(at, data):
    def change(body):
        body[at : at + len(data)] = data

    return change


def refused():
    """Headers whose every seal is right and which must be refused all the same."""
    o = "refused"
    kek = stream(o + " kek", 32)
    good = {0: slot(o, 0, kek, 4, 131072)}
    cases = [
        ("newer version", "version", header(o, 1, 1, good, put(8, b"\x02"))),
        ("version 0", "forged", header(o, 1, 1, good, put(8, b"\x00"))),
        ("another cipher", "forged", header(o, 1, 1, good, put(9, b"\x02"))),
        ("header length", "forged", header(o, 1, 1, good, put(10, b"\x00\x08"))),
        ("page size", "forged", header(o, 1, 1, good, put(12, b"\x00\x20"))),
        ("first zeros", "forged", header(o, 1, 1, good, put(143, b"\x01"))),
        ("last zeros", "forged", header(o, 1, 1, good, put(991, b"\x01"))),
        ("no slot", "forged", header(o, 1, 1, {})),
        ("slot type 2", "forged", header(o, 1, 1, good, put(144, b"\x02"))),
        ("slot kdf 2", "forged", header(o, 1, 1, good, put(145, b"\x02"))),
        ("slot zeros", "forged", header(o, 1, 1, good, put(146, b"\x01"))),
        ("slot zeros behind", "forged", header(o, 1, 1, good, put(156, b"\x01"))),
        ("empty slot not empty", "forged", header(o, 1, 1, good, put(300, b"\x01"))),
        ("sequence 0", "forged", header(o, 0, 1, good)),
        ("generation 0", "forged", header(o, 1, 0, good)),
        ("magic", "forged", header(o, 1, 1, good, put(0, b"X"))),
    ]
    for name, err, ops, mem in (
        ("ops 17", "forged", 17, 262144),
        ("more than 2 GiB", "forged", 3, 2097153),
        ("3 passes over 128 MiB", "range", 3, 131072),
        ("4 passes over 128 MiB less 1", "range", 4, 131071),
        ("2 passes over 256 MiB", "range", 2, 262144),
        ("nothing", "range", 0, 0),
    ):
        cases.append((name, err, header(o, 1, 1, {0: slot(o, 0, kek, ops, mem)})))
    return [{"name": n, "err": e, "bytes": b.hex()} for n, e, b in cases]


def sealed_case(kind, n):
    label, plain_len = {"page": (b"en1p", 4056), "frame": (b"en1w", 4080)}[kind]
    o = "%s %d" % (kind, n)
    key, file = stream(o + " key", 32), stream(o + " file", 16)
    nonce, plain = stream(o + " nonce", 24), stream(o + " plain", plain_len)
    box = aead(key, nonce, label + file + struct.pack("<I", n), plain)
    return {
        "key": key.hex(),
        "file": file.hex(),
        "n": n,
        "nonce": nonce.hex(),
        "plain": plain.hex(),
        "sealed": (box[:-16] + nonce + box[-16:]).hex(),
    }


def guard_case(o, counter, tips):
    key = stream(o + " guard key", 32)
    tips = sorted(tips)
    digest = hz(
        "en1.vault.tips",
        b"".join(log + struct.pack("<Q", seq) + id for log, seq, id in tips),
    )
    slots = []
    for index, value in enumerate(counter):
        nonce = stream(o + " nonce %d" % index, 24)
        box = aead(
            key, nonce, b"en1g" + bytes([index]), struct.pack("<Q", value) + digest
        )
        slots.append(nonce + box + bytes(512 - 80))
    return {
        "key": key.hex(),
        "counters": counter,
        "nonces": [stream(o + " nonce %d" % i, 24).hex() for i in range(2)],
        "tips": [
            {"log": log.hex(), "seq": seq, "id": id.hex()} for log, seq, id in tips
        ],
        "digest": digest.hex(),
        "bytes": b"".join(slots).hex(),
    }


def tip(o, seq):
    return (stream(o + " log", 32), seq, stream(o + " id", 32))


def main():
    # RFC 8439 2.8.2 cannot be asked of a 24-byte nonce; the draft's own example is.
    plain = (
        b"Ladies and Gentlemen of the class of '99: If I could offer you "
        b"only one tip for the future, sunscreen would be it."
    )
    box = aead(
        bytes(range(0x80, 0xA0)),
        bytes(range(0x40, 0x58)),
        bytes.fromhex("50515253c0c1c2c3c4c5c6c7"),
        plain,
    )
    assert box[-16:].hex() == "c0875924c1c7987947deafd8780acf49"
    out = {
        "title": "vault: headers, pages, frames, guards",
        "note": "integers little-endian in the byte strings; see docs/formats/vault.md",
        "headers": [
            header_case("first", 1, 1, [0], (3, 262144)),
            header_case("changed", 7, 3, [0, 2], (4, 131072)),
        ],
        "refused": refused(),
        "pages": [sealed_case("page", n) for n in (1, 2, 4294967295)],
        "frames": [sealed_case("frame", n) for n in (1, 2, 1000)],
        "guards": [
            guard_case("empty", [0, 0], []),
            guard_case("two tips", [41, 42], [tip("a", 0), tip("b", 4294967295)]),
            guard_case("older behind", [7, 6], [tip("c", 5)]),
        ],
    }
    print(json.dumps(out, indent=1))


main()
