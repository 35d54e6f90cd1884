-- The queue of mail. A lane is a destination in a part of the queue: nothing of it is due before its due, which may be
-- earlier than what waits there. A recipient whose state is not 0 is done with; a letter goes with its last recipient that
-- waits. Keys of queue_used say what waiting letters are counted by.

CREATE TABLE queue_letter (id BIGINT PRIMARY KEY, tenant_id BIGINT, due BIGINT NOT NULL, return_path TEXT NOT NULL,
                        size BIGINT NOT NULL, blob BYTEA NOT NULL, tried SMALLINT NOT NULL, data TEXT NOT NULL);
CREATE INDEX queue_letter_due ON queue_letter(due, id);
CREATE TABLE queue_recipient (letter_id BIGINT, number BIGINT, lane BIGINT NOT NULL, state SMALLINT NOT NULL,
                        priority BIGINT NOT NULL, due BIGINT NOT NULL, expires_at BIGINT NOT NULL, notice_at BIGINT,
                        address TEXT NOT NULL, queue TEXT NOT NULL, destination TEXT NOT NULL, data TEXT NOT NULL,
                        PRIMARY KEY(letter_id, number));
CREATE INDEX queue_recipient_due ON queue_recipient(lane, priority, due, letter_id) WHERE state = 0;
CREATE INDEX queue_recipient_expiry ON queue_recipient(expires_at, letter_id) WHERE state = 0;
CREATE INDEX queue_recipient_notice ON queue_recipient(notice_at, letter_id) WHERE state = 0 AND notice_at IS NOT NULL;
CREATE TABLE queue_lane (id BIGINT PRIMARY KEY, queue TEXT NOT NULL, destination TEXT NOT NULL, due BIGINT NOT NULL,
                        waiting BIGINT NOT NULL, rests_until BIGINT NOT NULL, failures BIGINT NOT NULL,
                        answer TEXT NOT NULL);
CREATE UNIQUE INDEX queue_lane_name ON queue_lane(queue, destination);
CREATE INDEX queue_lane_due ON queue_lane(queue, due, id);
CREATE TABLE queue_used (key TEXT PRIMARY KEY, letters BIGINT NOT NULL, size BIGINT NOT NULL);
