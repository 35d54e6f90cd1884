"""Calendar objects and cards as programs write them, made by code: each program has a dialect of its own (the order of
its properties, names of zones, folds, escapes, extensions), and writes the same meetings and people.

``calendars.files()`` and ``cards.files()`` are all of them. Who is meant, and what the files say of them, is invented.
"""
