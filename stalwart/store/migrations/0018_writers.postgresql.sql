-- What each process has committed last, so that it can tell what became of a commit whose answer got lost
-- (store/postgresql/engine). Which node leads has to be known to the server that takes over, too.

CREATE TABLE writer (id BIGINT PRIMARY KEY, number BIGINT NOT NULL, written_at TIMESTAMPTZ NOT NULL);
ALTER TABLE node SET LOGGED;
