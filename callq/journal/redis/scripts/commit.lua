-- Append a group of entries to a hall's stream if the stream ends where the caller believes it does. An
-- empty group only asks whether it does.
--
-- KEYS[1]  the hall's stream (one key only: a second one could be in a moving slot)
-- ARGV[1]  expected last id, "revision-chain"; "0-0" creates the stream
-- ARGV[2], ARGV[3], ...  id and payload of each entry, in pairs, oldest first;
--          ids are "revision-chain", both unsigned decimal integers of at most 19 digits
--
-- Returns {1}           appended, all of it; an empty group: the stream ends there
--         {0, last_id}  refused, nothing written; last_id is "0-0" when there is no stream
-- Errors  CALLQ ...     the arguments are not a group that could ever follow ARGV[1]; nothing written
--
-- Ids are compared as strings: Lua's numbers are doubles and call 2^63-1 and 2^63-2 equal. All checks
-- come before the first XADD, because an error midway would leave the entries already added.

local stream, expected = KEYS[1], ARGV[1]

if #ARGV % 2 == 0 then
  return redis.error_reply('CALLQ a group is pairs of id and payload')
end

local newest = redis.call('XREVRANGE', stream, '+', '-', 'COUNT', 1)
local last = newest[1] and newest[1][1] or '0-0'
if last ~= expected then
  return {0, last}
end

-- The decimal string that follows n, without going through a double.
local function successor(n)
  local head, digit, nines = string.match(n, '^(%d-)([0-8]?)(9*)$')
  if digit == '' then
    head, digit = '', '0'
  end
  return head .. string.char(string.byte(digit) + 1) .. string.rep('0', #nines)
end

local revision = string.match(expected, '^%d+')
for i = 2, #ARGV, 2 do
  local n, chain = string.match(ARGV[i], '^(%d+)-(%d+)$')
  revision = successor(revision)
  if n ~= revision then
    return redis.error_reply('CALLQ id ' .. ARGV[i] .. ' where revision ' .. revision .. ' follows')
  end
  -- XADD refuses what exceeds 64 bits, which would be an error midway; 19 digits never do.
  if #n > 19 or #chain > 19 or (#chain > 1 and string.sub(chain, 1, 1) == '0') then
    return redis.error_reply('CALLQ id ' .. ARGV[i] .. ' is too long or has leading zeros')
  end
end

-- A stream that exists but holds no entry was trimmed to nothing or emptied by hand. Its revisions
-- would start anew, and XADD would refuse them one by one: refuse before the first.
if last == '0-0' and redis.call('EXISTS', stream) == 1 then
  return redis.error_reply('CALLQ the stream exists but is empty')
end

for i = 2, #ARGV, 2 do
  redis.call('XADD', stream, ARGV[i], 'b', ARGV[i + 1])
end
return {1}
