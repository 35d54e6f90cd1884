-- Rights of somebody in an account by when they changed: whether what he knows of it is outdated is one step along an index.

DROP INDEX acl_grantee;
CREATE INDEX acl_grantee ON acl(grantee, account_id, since_seq);
