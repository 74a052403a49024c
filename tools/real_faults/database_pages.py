"""Where things lie in a SQLite file ("Database File Format", sqlite.org/fileformat2.html), and ways to spoil them."""

import os
import random
import sqlite3
import struct

PAGE = 4096
WAL_HEADER, FRAME = 32, 24 + PAGE


def pages(path):
    """{class: [page numbers]} of a database that was closed."""
    found = {"schema page": [1]}
    with sqlite3.connect("file:%s?mode=ro" % path, uri=True) as db:
        own = {name: kind for name, kind in db.execute("SELECT name,type FROM sqlite_schema")}
        for number, name, kind in db.execute("SELECT pageno,name,pagetype FROM dbstat WHERE pageno>1"):
            page_class = "overflow" if kind == "overflow" else "%s %s" % (own.get(name, "table"), "interior" if kind == "internal" else "leaf")
            found.setdefault(page_class, []).append(number)
            found.setdefault("%s of %s" % (page_class, name), []).append(number)
    db.close()
    with open(path, "rb") as file:
        trunk = struct.unpack(">I", file.read(36)[32:36])[0]
        if trunk:
            found["freelist trunk"] = [trunk]
            file.seek((trunk - 1) * PAGE)
            _, leaves, first = struct.unpack(">III", file.read(12))
            found["freelist leaf"] = [first] if leaves else []
    return found


def page_that_holds(path, numbers, texts):
    """The page in which most of the texts stand."""
    with open(path, "rb") as file:
        content = file.read()
    return max(numbers, key=lambda number: sum(text.encode() in content[(number - 1) * PAGE:number * PAGE] for text in texts))


def overwrite(path, offset, size, how, seed):
    with open(path, "r+b", buffering=0) as file:
        file.seek(offset)
        file.write(bytes(size) if how == "zeroed" else random.Random(seed).randbytes(size))


def page(path, number, how, seed):
    # Of the first page the file's own header is another class.
    first = 100 if number == 1 else 0
    overwrite(path, (number - 1) * PAGE + first, PAGE - first, how, seed)


def frame(path, which, how, seed):
    """The first or the middle one of the write-ahead log. The last can't be told from one a power cut tore."""
    count = (os.path.getsize(path) - WAL_HEADER) // FRAME
    number = 0 if which == "first" else count // 2
    overwrite(path, WAL_HEADER + number * FRAME, FRAME, how, seed)


def whole(path, how, seed):
    size = os.path.getsize(path)
    if how == "foreign file":
        with sqlite3.connect(path + ".foreign") as db:
            db.executescript("CREATE TABLE music(title TEXT); INSERT INTO music VALUES('not a receipt'); PRAGMA application_id=7")
        db.close()
        # In place, as one that is open can be: its log stays.
        with open(path + ".foreign", "rb") as foreign, open(path, "r+b") as file:
            file.truncate(0)
            file.write(foreign.read())
        os.unlink(path + ".foreign")
    elif how == "no database":
        with open(path, "r+b") as file:
            file.truncate(0)
            file.write(b"this is no database\n" * (size // 20))
    elif how == "truncated to nothing":
        os.truncate(path, 0)
    elif how == "truncated to half":
        os.truncate(path, size // 2 // PAGE * PAGE)
    elif how == "truncated within a page":
        os.truncate(path, size - PAGE // 2)
    else:
        overwrite(path, 0, size, how, seed)
