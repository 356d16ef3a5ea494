#!/usr/bin/env python3
"""Writes own/link.json: what goes over the wire between two devices.

Made from docs/formats/channel.md, sync.md, beacon.md and join.md with arithmetic
of its own (X25519, ChaCha20-Poly1305, ristretto255, HMAC and HKDF over Python's
BLAKE2b), so that the program is compared with something that is not itself.
Run in tests/vectors: make/link.py > own/link.json
"""
import hashlib
import hmac
import json
import struct


def stream(name, n):
    """n bytes that depend on a name alone: SHA-256 in counter mode."""
    out = b""
    while len(out) < n:
        block = "%s %d" % (name, len(out) // 32)
        out += hashlib.sha256(block.encode()).digest()
    return out[:n]


def H(label, salt, data, key=b""):
    person = label.encode() + bytes(16 - len(label))
    return hashlib.blake2b(
        data, digest_size=32, key=key, salt=salt, person=person
    ).digest()


ZERO16 = bytes(16)

# -- X25519 (RFC 7748) ---------------------------------------------------------

P = 2**255 - 19


def x25519(k, u):
    k = bytearray(k)
    k[0] &= 248
    k[31] = (k[31] & 127) | 64
    k = int.from_bytes(k, "little")
    x1 = int.from_bytes(u, "little") & (2**255 - 1)
    x2, z2, x3, z3, swap = 1, 0, x1, 1, 0
    for t in range(254, -1, -1):
        bit = k >> t & 1
        if swap ^ bit:
            x2, x3, z2, z3 = x3, x2, z3, z2
        swap = bit
        a, b = x2 + z2, x2 - z2
        aa, bb = a * a % P, b * b % P
        e = aa - bb
        da, cb = (x3 - z3) * a % P, (x3 + z3) * b % P
        x3, z3 = (da + cb) ** 2 % P, x1 * (da - cb) ** 2 % P
        x2, z2 = aa * bb % P, e * (aa + 121665 * e) % P
    if swap:
        x2, z2 = x3, z3
    return (x2 * pow(z2, P - 2, P) % P).to_bytes(32, "little")


def public(k):
    return x25519(k, (9).to_bytes(32, "little"))


# -- ChaCha20-Poly1305 (RFC 8439) ----------------------------------------------


def chacha_block(key, counter, nonce):
    s = [0x61707865, 0x3320646E, 0x79622D32, 0x6B206574]
    s += struct.unpack("<8I", key) + (counter,) + struct.unpack("<3I", nonce)
    w = list(s)

    def quarter(a, b, c, d):
        for i, j, k, r in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
            w[i] = (w[i] + w[j]) & 0xFFFFFFFF
            w[k] ^= w[i]
            w[k] = (w[k] << r | w[k] >> 32 - r) & 0xFFFFFFFF

    for _ in range(10):
        for i in range(4):
            quarter(i, 4 + i, 8 + i, 12 + i)
        for i in range(4):
            quarter(i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4)
    return struct.pack("<16I", *((a + b) & 0xFFFFFFFF for a, b in zip(w, s)))


def seal(key, nonce, ad, plain):
    ct = b""
    for i in range(0, len(plain), 64):
        block = chacha_block(key, 1 + i // 64, nonce)
        ct += bytes(a ^ b for a, b in zip(plain[i : i + 64], block))
    otk = chacha_block(key, 0, nonce)[:32]
    r = int.from_bytes(otk[:16], "little") & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
    data = ad + bytes(-len(ad) % 16) + ct + bytes(-len(ct) % 16)
    data += struct.pack("<QQ", len(ad), len(ct))
    acc = 0
    for i in range(0, len(data), 16):
        acc = (acc + int.from_bytes(data[i : i + 16] + b"\1", "little")) * r
        acc %= 2**130 - 5
    tag = (acc + int.from_bytes(otk[16:], "little")) % 2**128
    return ct + tag.to_bytes(16, "little")


# -- Noise, revision 34 --------------------------------------------------------


def blake(x):
    return hashlib.blake2b(x).digest()


def hkdf(ck, ikm, n):
    temp = hmac.new(ck, ikm, hashlib.blake2b).digest()
    out, last = [], b""
    for i in range(n):
        last = hmac.new(temp, last + bytes([i + 1]), hashlib.blake2b).digest()
        out.append(last)
    return out


def nonce(n):
    return bytes(4) + struct.pack("<Q", n)


class Noise:
    """Both sides at once: the one who writes does the arithmetic."""

    def __init__(self, name, prologue):
        self.h = name.encode() + bytes(64 - len(name))
        self.ck = self.h
        self.k = None
        self.mix_hash(prologue)

    def mix_hash(self, x):
        self.h = blake(self.h + x)

    def mix_key(self, x):
        self.ck, k = hkdf(self.ck, x, 2)
        self.k, self.n = k[:32], 0

    def mix_key_and_hash(self, x):
        self.ck, t, k = hkdf(self.ck, x, 3)
        self.mix_hash(t)
        self.k, self.n = k[:32], 0

    def e(self, sk):
        self.mix_hash(public(sk))
        self.mix_key(public(sk))
        return public(sk)

    def encrypt(self, plain):
        ct = seal(self.k, nonce(self.n), self.h, plain)
        self.n += 1
        self.mix_hash(ct)
        return ct

    def split(self):
        a, b = hkdf(self.ck, b"", 2)
        return a[:32], b[:32]


def frame(x):
    return struct.pack(">H", len(x)) + x


def message(kind, body):
    return struct.pack("<IB", 1 + len(body), kind) + body


def lv(x):
    return struct.pack("<H", len(x)) + x


# -- ristretto255 (RFC 9496) ---------------------------------------------------

D = -121665 * pow(121666, P - 2, P) % P
SQRT_M1 = pow(2, (P - 1) // 4, P)
L = 2**252 + 27742317777372353535851937790883648493


def is_neg(x):
    return x % P & 1


def ct_abs(x):
    x %= P
    return P - x if x & 1 else x


def sqrt_ratio(u, v):
    u, v = u % P, v % P
    r = u * v**3 * pow(u * v**7, (P - 5) // 8, P) % P
    check = v * r * r % P
    was_square = check in (u, 0) if u == 0 else check == u
    flipped = check == -u % P
    flipped_i = check == -u * SQRT_M1 % P
    if flipped or flipped_i:
        r = r * SQRT_M1 % P
    return was_square or flipped, ct_abs(r)


SQRT_AD_MINUS_ONE = sqrt_ratio(-D - 1, 1)[1]
# RFC 9496 fixes the sign of this root by its value.
if SQRT_AD_MINUS_ONE != 25063068953384623474111414158702152701244531502492656460079210482610430750235:
    SQRT_AD_MINUS_ONE = P - SQRT_AD_MINUS_ONE
INVSQRT_A_MINUS_D = sqrt_ratio(1, -1 - D)[1]
ONE_MINUS_D_SQ = (1 - D * D) % P
D_MINUS_ONE_SQ = (D - 1) ** 2 % P


def elligator(t):
    r = SQRT_M1 * t * t % P
    u = (r + 1) * ONE_MINUS_D_SQ % P
    v = (-1 - r * D) * (r + D) % P
    was_square, s = sqrt_ratio(u, v)
    if not was_square:
        s = -ct_abs(s * t) % P
    c = -1 if was_square else r
    n = (c * (r - 1) * D_MINUS_ONE_SQ - v) % P
    w0, w1 = 2 * s * v % P, n * SQRT_AD_MINUS_ONE % P
    w2, w3 = (1 - s * s) % P, (1 + s * s) % P
    return (w0 * w3 % P, w2 * w1 % P, w1 * w3 % P, w0 * w2 % P)


def add(p, q):
    x1, y1, z1, t1 = p
    x2, y2, z2, t2 = q
    a, b = (y1 - x1) * (y2 - x2), (y1 + x1) * (y2 + x2)
    c, d = 2 * D * t1 * t2, 2 * z1 * z2
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def mul(k, p):
    out = (0, 1, 1, 0)
    for bit in bin(k)[2:]:
        out = add(out, out)
        if bit == "1":
            out = add(out, p)
    return out


def encode(p):
    x0, y0, z0, t0 = p
    u1, u2 = (z0 + y0) * (z0 - y0) % P, x0 * y0 % P
    _, inv = sqrt_ratio(1, u1 * u2 * u2)
    den1, den2 = inv * u1 % P, inv * u2 % P
    z_inv = den1 * den2 * t0 % P
    if is_neg(t0 * z_inv):
        x, y, den = y0 * SQRT_M1 % P, x0 * SQRT_M1 % P, den1 * INVSQRT_A_MINUS_D % P
    else:
        x, y, den = x0, y0, den2
    if is_neg(x * z_inv):
        y = -y % P
    return ct_abs(den * (z0 - y)).to_bytes(32, "little")


def from_hash(b):
    half = [int.from_bytes(b[i : i + 32], "little") & (2**255 - 1) for i in (0, 32)]
    return add(elligator(half[0] % P), elligator(half[1] % P))


# -- CPace ---------------------------------------------------------------------


def cat(*parts):
    out = b""
    for p in parts:
        n, head = len(p), b""
        while n > 127:
            head += bytes([n & 127 | 128])
            n >>= 7
        out += head + bytes([n]) + p
    return out


def generator(prs, ci, sid):
    dsi = b"CPaceRistretto255"
    zpad = bytes(max(0, 127 - len(cat(prs)) - len(cat(dsi))))
    return from_hash(hashlib.sha512(cat(dsi, prs, zpad, ci, sid)).digest())


# -- the vectors ---------------------------------------------------------------

cid = stream("cid", 32)
cid16 = cid[:16]
netsecret = stream("netsecret", 32)
out = {
    "title": "what goes over the wire between two devices",
    "note": "made by tests/vectors/make/link.py; frame = u16 big-endian length and bytes",
    "cid": cid.hex(),
    "netsecret": netsecret.hex(),
}

# Messages.
dev_a, dev_b = stream("device a", 32), stream("device b", 32)
tips = sorted(
    (stream("log %d" % i, 32), 10**i, stream("tip %d" % i, 32)) for i in range(5)
)
digest = H("en1.frontier", cid16,
           b"".join(l + struct.pack("<Q", s) + t for l, s, t in tips))
hello = (struct.pack("<HI", 1, 0) + cid + dev_a[:16] + digest
         + struct.pack("<Q", 1800000000123))
frontier = struct.pack("<H", len(tips)) + b"".join(
    l[:16] + struct.pack("<Q", s) + t[:16] for l, s, t in tips)
log = tips[0][0]
op = stream("operation", 77)
run = (log[:16] + struct.pack("<Q", 5) + stream("base", 16)
       + struct.pack("<HB", 1, 0) + struct.pack("<BI", 13, len(op)) + op
       + stream("tip signature", 64))
ct = stream("ciphertext", 272)
bodies = {
    "hello": (1, hello),
    "frontier": (2, frontier),
    "run": (3, run),
    "done": (4, log[:16] + struct.pack("<Q", 9) + tips[0][2][:16]),
    "forkq": (5, log[:16] + struct.pack("<HQQ", 2, 3, 70000)),
    "forka": (6, log[:16] + struct.pack("<HQ", 1, 3) + tips[1][2][:16]),
    "miss": (8, log[:16] + struct.pack("<HQQQ", 3, 0, 1, 2**32 - 2)),
    "pay": (9, log[:16] + struct.pack("<QI", 7, len(ct)) + ct),
    "live": (10, b""),
    "ping": (11, b""),
    "bye": (12, b"\5"),
    "offer": (16, b"\2\0" + dev_a[:16] + lv("Les Tilleuls".encode())),
    "join": (17, stream("cert", 178) + stream("cert signature", 64)
             + stream("join signature", 64) + lv("Luc R.".encode())
             + lv("portable".encode())),
    "secret": (18, netsecret),
    "agree": (19, b""),
}
out["tips"] = [{"log": l.hex(), "seq": s, "id": t.hex()} for l, s, t in tips]
out["digest"] = digest.hex()
out["device"] = dev_a.hex()
out["time_ms"] = 1800000000123
out["messages"] = [
    {"name": n, "type": t, "body": b.hex(), "message": message(t, b).hex()}
    for n, (t, b) in bodies.items()
]

# A member calls.
s_i, s_r = stream("link secret of the caller", 32), stream("link secret of the other", 32)
e_i, e_r = stream("ephemeral of the caller", 32), stream("ephemeral of the other", 32)
banner = stream("banner", 16)
psk = H("en1.noise.psk", cid16, cid, netsecret)
n = Noise("Noise_IKpsk1_25519_ChaChaPoly_BLAKE2b", b"en1-link\1" + banner + cid)
n.mix_hash(public(s_r))
m1 = n.e(e_i)
n.mix_key(x25519(e_i, public(s_r)))  # es
m1 += n.encrypt(public(s_i))  # s
n.mix_key(x25519(s_i, public(s_r)))  # ss
n.mix_key_and_hash(psk)
m1 += n.encrypt(b"")
m2 = n.e(e_r)
n.mix_key(x25519(e_r, public(e_i)))  # ee
n.mix_key(x25519(e_r, public(s_i)))  # se
m2 += n.encrypt(b"")
k_i, k_r = n.split()
first = message(1, hello) + message(2, frontier)
out["member"] = {
    "link_caller": s_i.hex(),
    "link_responder": s_r.hex(),
    "ephemeral_caller": e_i.hex(),
    "ephemeral_responder": e_r.hex(),
    "banner": banner.hex(),
    "psk": psk.hex(),
    "greeting": (b"\1" + banner).hex(),
    "call": frame(m1).hex(),
    "answer": frame(m2).hex(),
    "first": frame(seal(k_i, nonce(0), b"", first)).hex(),
    "second": frame(seal(k_i, nonce(1), b"", message(11, b""))).hex(),
    "back": frame(seal(k_r, nonce(0), b"", message(10, b""))).hex(),
}

# Somebody joins with a code.
code = b"7-jard-moul"
sid_j, wide_a, wide_b = stream("sid_J", 16), stream("ya", 64), stream("yb", 64)
ya, yb = (int.from_bytes(w, "little") % L for w in (wide_a, wide_b))
sid = banner + sid_j
g = generator(code, b"en1-join/joiner/sponsor", sid)
Ya, Yb = encode(mul(ya, g)), encode(mul(yb, g))
K = encode(mul(ya * yb % L, g))
ada, adb = b"J\1", b"S\1\0"
isk = hashlib.sha512(cat(b"CPaceRistretto255_ISK", sid, K) + cat(Ya, ada)
                     + cat(Yb, adb)).digest()
join_psk = H("en1.join.psk", ZERO16, b"", isk)
n = Noise("Noise_NNpsk0_25519_ChaChaPoly_BLAKE2b",
          b"en1-join" + sid + Ya + Yb + ada + adb)
n.mix_key_and_hash(join_psk)
j1 = n.e(e_i) + n.encrypt(b"")
j2 = n.e(e_r)
n.mix_key(x25519(e_r, public(e_i)))
j2 += n.encrypt(b"")
k_i, _ = n.split()
words = int.from_bytes(H("en1.join.words", ZERO16, n.h), "big") >> 256 - 66
out["joining"] = {
    "typed": "7 Jardin moulin",
    "code": code.decode(),
    "banner": banner.hex(),
    "sid_j": sid_j.hex(),
    "random_ya": wide_a.hex(),
    "random_yb": wide_b.hex(),
    "ephemeral_joiner": e_i.hex(),
    "ephemeral_sponsor": e_r.hex(),
    "language": 0,
    "offer": frame(sid_j + Ya + lv(ada)).hex(),
    "share": frame(Yb + lv(adb)).hex(),
    "isk": isk.hex(),
    "psk": join_psk.hex(),
    "confirm": frame(j1).hex(),
    "answer": frame(j2).hex(),
    "h": n.h.hex(),
    "words": [words >> 11 * (5 - i) & 2047 for i in range(6)],
    "first": frame(seal(k_i, nonce(0), b"", message(11, b""))).hex(),
}

# A beacon to three peers.
find_own = stream("find secret", 32)
peers = sorted((stream("peer %d" % i, 32), stream("find secret %d" % i, 32)) for i in range(3))
ip = bytes(10) + b"\xff\xff" + bytes([192, 168, 1, 20])
port, time_ms = 51847, 1800000000123
hour = struct.pack("<Q", time_ms // 3600000)
b_nonce = stream("beacon nonce", 16)
fill = stream("beacon fill", 61 * 8)
pairs, tags = [], []
for _, sk in peers:
    lo, hi = sorted((public(find_own), public(sk)))
    k = H("en1.find.pair", cid16, lo + hi, x25519(find_own, public(sk)))
    pairs.append(k)
    tags.append(H("en1.find.tag", cid16, hour + b_nonce + ip
                  + struct.pack("<H", port) + dev_b[:16], k)[:8])
slots = tags + [fill[i : i + 8] for i in range(0, len(fill), 8)]
out["beacon"] = {
    "device": dev_b.hex(),
    "find": find_own.hex(),
    "peers": [{"device": d.hex(), "find": sk.hex(), "pair": k.hex(), "tag": t.hex()}
              for (d, sk), k, t in zip(peers, pairs, tags)],
    "ip": ip.hex(),
    "port": port,
    "time_ms": time_ms,
    "nonce": b_nonce.hex(),
    "fill": fill.hex(),
    "beacon": (b"\1" + b_nonce + struct.pack("<H", port) + b"".join(sorted(slots))).hex(),
}

# Finding a sponsor.
seek_random = stream("seek", 16)
out["seek"] = {
    "number": 7,
    "random": seek_random.hex(),
    "port": port,
    "seek": (b"EN1S\1\7" + bytes(10) + seek_random).hex(),
    "here": (b"EN1H\1\7" + struct.pack("<H", port) + bytes(8) + seek_random).hex(),
}

print(json.dumps(out, indent=1))
