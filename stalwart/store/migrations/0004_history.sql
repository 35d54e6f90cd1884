-- Figures over time and traces (x:Metric, x:Trace). An id grows with time: milliseconds since 2020 and 22 further bits, so
-- ranges of time are ranges of ids. The events of a trace are compressed; what they say is in words once more, in lower case.

CREATE TABLE metric_sample (id BIGINT PRIMARY KEY, metric TEXT NOT NULL, kind TEXT NOT NULL,
                        count BIGINT NOT NULL, sum BIGINT NOT NULL);
CREATE INDEX metric_sample_metric ON metric_sample(metric, id);
CREATE TABLE trace     (id BIGINT PRIMARY KEY, sender TEXT, recipients TEXT, size BIGINT,
                        kinds TEXT NOT NULL, words TEXT NOT NULL, events BYTEA NOT NULL);
