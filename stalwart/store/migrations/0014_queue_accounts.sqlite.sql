UPDATE queue_letter SET account_id = json_extract(data, '$.account_id');
