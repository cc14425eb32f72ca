"""Random sites: names of files that are hard to spell, the links to them, and what somebody asks to be refreshed."""

import unicodedata
from dataclasses import dataclass, field
from urllib.parse import quote

# What names have in them, and what URLs make difficult.
PARTS = [
    *"|^[]~'()+%#?*&=;,:@!$\"<>\\{}` ",
    *["a", "B", "7", "-", "_", ".", "index", "x y", "%20", "%c3%a9", "%2F", "(1)", "[2]", "100%"],
    *["\u00e9", "\u00df", "\u00c5", "\u30c6\u30b9\u30c8", "\ud55c", "\u65b0\u805e", "\U0001f600", "\U0001f468\u200d\U0001f469"],
]
ENDINGS = [".html", ".css", ".js", ".png", ""]
QUERIES = ["?v=1", "?v=2", "?v=1&lang=de"]
KINDS = ["keys", "keys", "chromium", "curl", "urllib", "requests", "wildcard", "query"]


@dataclass
class Site:
    """The files of one folder of a distribution, and what somebody asks to be refreshed there."""

    folder: str
    has_queries_in_key: bool
    names: list[str]
    asked: list[str]
    kind: str
    links: list = field(default_factory=list)


@dataclass
class Link:
    """A link to a file, as one client is given it."""

    name: str
    client: str
    path: str


def random_name(rng):
    stem = rng.choice("nmk") + "".join(rng.choice(PARTS) for _ in range(rng.randint(1, 4)))
    return unicodedata.normalize(rng.choice(["NFC", "NFD"]), stem.strip()) + rng.choice(ENDINGS)


def random_site(rng, number):
    folder = f"s{number}"
    names = sorted({f"{folder}/{below}{random_name(rng)}" for below in ["", "", "sub/", "n/"] if rng.random() < 0.8})
    names = names or [f"{folder}/plain.html"]
    asked = [name for name in names if rng.random() < 0.6] or names[:1]
    has_queries_in_key = rng.random() < 0.3
    site = Site(folder, has_queries_in_key, names, asked, rng.choice(KINDS))
    if site.kind == "query" and not has_queries_in_key:
        site.kind = "keys"
    for name in names:
        site.links += links(name)
        if has_queries_in_key:
            site.links.append(Link(name, "chromium", by_hand(name) + rng.choice(QUERIES)))
            site.links.append(Link(name, "urllib", quoted(name) + rng.choice(QUERIES)))
    return site


def asked_for(rng, site, spelled):
    """What somebody asks for who knows the names, saw a client ask, or wants all that begins in the same way."""
    if site.kind == "keys":
        return {"keys": site.asked}
    seen = [(link, path) for link, path in zip(site.links, spelled, strict=True) if link.name in site.asked]
    if site.kind == "wildcard":
        path = rng.choice(seen)[1].split("?")[0].split("*")[0]
        cut = rng.randint(len(site.folder) + 2, len(path))
        while "%" in path[max(0, cut - 2) : cut]:  # An escape stays whole.
            cut += 1
        return {"items": [path[:cut] + "*"]}
    if site.kind == "query":
        return {"items": sorted({written(path) for _, path in seen if "?" in path})}
    mine = {link.name: path for link, path in reversed(seen) if link.client == site.kind and "?" not in path}
    return {"items": sorted(map(written, mine.values()))}


def written(path):
    """A star in a name is written as the plan asks for it, so that it is no wildcard."""
    return path.replace("*", "%2A")


def links(name):
    """Who is given which link: written by hand, made by a script of the page, or made by a program."""
    return [
        Link(name, "chromium", by_hand(name)),
        Link(name, "chromium", by_script(name)),
        Link(name, "chromium", quoted(name)),
        Link(name, "curl", for_a_shell(name)),
        Link(name, "curl", quoted(name)),
        Link(name, "urllib", quoted(name)),
        Link(name, "requests", by_hand(name)),
        Link(name, "requests", by_script(name)),
    ]


def by_hand(name):
    """As it stands in a page whose author encodes only what would mean something else there."""
    return encoded(name, "%?#\\")


def for_a_shell(name):
    """The same, without the blanks and marks that curl refuses or no server takes."""
    return encoded(name, '%?#\\ "<>`')


def encoded(name, characters):
    return "/" + "".join(f"%{ord(c):02X}" if c in characters else c for c in name)


def quoted(name):
    """As Python, and many a template, encode it."""
    return "/" + quote(name)


def by_script(name):
    """As encodeURIComponent of JavaScript encodes each part (ECMA-262, 19.2.6.4)."""
    return "/" + quote(name, safe="/!'()*-._~")
