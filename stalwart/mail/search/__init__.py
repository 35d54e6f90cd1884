"""Full-text search in mail: what is indexed of a message, the indexer that works through the queue, and searches."""
