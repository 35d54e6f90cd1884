-- Files and folders in the order that people expect, along an index: their names as i;unicode-casemap has them (RFC 5051).
-- Names that are here already get it where they are ASCII; a folder with others is sorted when it is asked for.

