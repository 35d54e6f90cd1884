UPDATE queue_letter SET account_id = (data::json->>'account_id')::bigint;
