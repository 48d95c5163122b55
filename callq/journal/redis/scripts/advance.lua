-- Move the cursor of a hall's archive if it stands where the caller believes it does.
--
-- KEYS[1]  the cursor: id of the last entry that is archived, "revision-chain"
-- ARGV[1]  where it is believed to stand; "0-0": nothing is archived yet
-- ARGV[2]  where it is to stand
--
-- Returns 1 moved
--         0 it stands elsewhere; nothing written
-- Errors  none of its own

if (redis.call('GET', KEYS[1]) or '0-0') ~= ARGV[1] then
  return 0
end
redis.call('SET', KEYS[1], ARGV[2])
return 1
