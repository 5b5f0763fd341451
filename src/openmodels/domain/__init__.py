"""The pure part: records, rules, snapshot, queries, ranking. Knows no storage, no HTTP, no files."""
