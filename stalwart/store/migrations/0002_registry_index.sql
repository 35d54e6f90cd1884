-- Settings objects are found by registry_index, which each dialect makes for itself. Here: how its rows of a type were made.

CREATE TABLE registry_index_form (type TEXT PRIMARY KEY, form TEXT NOT NULL);
