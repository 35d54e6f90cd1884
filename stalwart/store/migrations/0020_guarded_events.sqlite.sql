-- Events that others may see less of than their owner: those that are here already are looked at when somebody else looks.

INSERT INTO indexed_value(account_id, property, id, number, value)
    SELECT o.account_id, 'guarded', o.id, 0, 'unsure' FROM obj AS o
    JOIN content AS c ON c.account_id = o.account_id AND c.id = o.id
    WHERE o.type = 12 AND o.dead = 0
    AND (CAST(c.octets AS TEXT) LIKE '%CLASS%' OR CAST(c.octets AS TEXT) LIKE '%privacy%'
        OR CAST(c.octets AS TEXT) LIKE '%hideAttendees%');
