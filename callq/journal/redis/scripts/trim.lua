-- Drop all entries of a hall's stream before a certain one, exactly.
--
-- KEYS[1]  the hall's stream
-- ARGV[1]  id of the entry that becomes the first, "revision-chain"
--
-- Returns how many entries were dropped; 0 where the stream does not hold that entry, and nothing is written
-- Errors  none of its own
--
-- A stream must never be trimmed to nothing: its revisions would start anew. That cannot happen to one
-- that holds the entry to begin with.

local stream, first = KEYS[1], ARGV[1]

if not redis.call('XRANGE', stream, first, first)[1] then
  return 0
end
return redis.call('XTRIM', stream, 'MINID', '=', first)
