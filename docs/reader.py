"""A reader of docs/formats.md that knows nothing of ecomdb: Python's standard library, age and zstd.

    python3 reader.py REPOSITORY IDENTITY SCHEMA TABLE > table.sql

Takes the newest logical snapshot, checks every hash on the way (not the signature: RESTORE.md does,
with openssl), and prints the table's definition and its rows as SQL. AGE and ZSTD name the programs.
"""

import base64
import hashlib
import io
import json
import os
import pathlib
import subprocess
import sys
import tarfile

AGE = os.environ.get("AGE", "age")
ZSTD = os.environ.get("ZSTD", "zstd")
ESCAPES = {ord("0"): b"\0", ord("n"): b"\n", ord("t"): b"\t", ord("\\"): b"\\", ord("r"): b"\r"}


def fail(why):
    sys.exit(f"reader.py: {why}")


def run(command, data):
    return subprocess.run(command, input=data, stdout=subprocess.PIPE, check=True).stdout


def opened(repository, identity, path, sha256):
    """The bytes that were encrypted: age( zstd( bytes ) ), of a file whose hash is known."""
    stored = (repository / path).read_bytes()
    if hashlib.sha256(stored).hexdigest() != sha256:
        fail(f"{path} is damaged")
    return run([ZSTD, "-d", "-q", "-c"], run([AGE, "-d", "-i", identity], stored))


def payload(file):
    """What a signed statement says."""
    return json.loads(base64.b64decode(json.loads(file.read_bytes())["payload"]))


def newest_logical(repository):
    for file in sorted(repository.glob("snapshots/*/snapshot.json"), reverse=True):
        envelope = payload(file)
        if envelope["method"] == "logical":
            return envelope
    return fail("there is no logical snapshot")


def manifest_of(repository, identity, envelope):
    snapshot = envelope["snapshotId"]
    path = f"snapshots/{snapshot}/manifest.age"
    tar = opened(repository, identity, path, envelope["manifest"]["sha256"])
    with tarfile.open(fileobj=io.BytesIO(tar)) as files:
        manifest = json.load(files.extractfile("manifest.json"))
    if manifest["snapshotId"] != snapshot:
        fail("the manifest is another snapshot's")
    return manifest


def field(raw):
    """One field of LOAD DATA's text format; None is NULL."""
    if raw == b"\\N":
        return None
    parts = raw.split(b"\\")
    value, rest = bytearray(parts[0]), iter(parts[1:])
    for part in rest:
        if part:
            value += ESCAPES.get(part[0], part[:1]) + part[1:]
        else:  # an escaped backslash: the next part is plain
            value += b"\\" + next(rest, b"")
    return bytes(value)


def literal(value, store):
    # CONCAT: a bare X'37' would be the number 55 to a column of numbers, and not the text 7.
    text = "NULL" if value is None else f"CONCAT(X'{value.hex()}')"
    return text if store is None else store.replace("@v", text)


def main(repository, identity, schema, name):
    repository = pathlib.Path(repository)
    envelope = newest_logical(repository)
    manifest = manifest_of(repository, identity, envelope)
    sums = {one["path"]: one["sha256"] for one in envelope["objects"]}
    found = [t for t in manifest["tables"] if (t["schema"], t["name"]) == (schema, name)]
    table = found[0] if found else fail(f"there is no table {schema}.{name}")
    print(table["create"] + ";")
    names = ", ".join("`" + c["name"].replace("`", "``") + "`" for c in table["columns"])
    quoted, rows = "`" + name.replace("`", "``") + "`", 0
    for chunk in table["chunks"]:
        for piece in chunk["pieces"]:
            path = piece["path"]
            tsv = opened(repository, identity, path, sums[path])
            if hashlib.sha256(tsv).hexdigest() != piece["sha256"]:
                fail(f"{path} does not hold what the manifest says")
            for line in tsv.split(b"\n")[:-1]:
                pairs = zip(line.split(b"\t"), table["columns"], strict=True)
                values = ", ".join(literal(field(raw), c["store"]) for raw, c in pairs)
                print(f"INSERT INTO {quoted} ({names}) VALUES ({values});")
                rows += 1
    if rows != table["rows"]:
        fail(f"{rows} rows came, and {table['rows']} were stored")
    print(f"{rows} rows of {schema}.{name}, snapshot {envelope['snapshotId']}", file=sys.stderr)


if __name__ == "__main__":
    if len(sys.argv) != 5:
        fail("usage: reader.py REPOSITORY IDENTITY SCHEMA TABLE")
    main(*sys.argv[1:])
