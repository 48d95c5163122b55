-- Keep a snapshot of a hall, and of all only those with the highest revisions.
--
-- KEYS[1]  hash of the hall's snapshots: entry id "revision-chain" -> body
-- ARGV[1]  id of the snapshot
-- ARGV[2]  its body, any bytes
-- ARGV[3]  how many to keep
--
-- Returns how many were dropped; the one given may be among them
-- Errors  none of its own
--
-- Revisions are compared as strings, the longer one being the larger: as doubles, large ones are equal.

local snapshots, kept = KEYS[1], tonumber(ARGV[3])

redis.call('HSET', snapshots, ARGV[1], ARGV[2])

local function above(a, b)
  if #a ~= #b then
    return #a > #b
  end
  return a > b
end

local ids = redis.call('HKEYS', snapshots)
table.sort(ids, function(a, b)
  local n, h = string.match(a, '^(%d+)-(%d+)$')
  local m, g = string.match(b, '^(%d+)-(%d+)$')
  if n ~= m then
    return above(n, m)
  end
  return above(h, g)
end)
for i = kept + 1, #ids do
  redis.call('HDEL', snapshots, ids[i])
end
return math.max(0, #ids - kept)
