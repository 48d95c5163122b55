-- Say that a node lives, and hear who else does.
--
-- KEYS[1]  hash of the nodes: name -> "ms:record", ms being when it beat last
-- KEYS[2]  when a beat of any node last counted: Unix ms, decimal
-- ARGV[1]  name of the node
-- ARGV[2]  its record, any bytes
-- ARGV[3]  gap_ms: a longer silence of all nodes is an outage
-- ARGV[4]  "1": the outage has been recorded and this beat ends it; else "0"
-- ARGV[5]  ttl_ms: who beat within it is answered
-- ARGV[6]  forget_ms: who has been silent for longer is forgotten
--
-- Returns {now_ms, last_ms or nil, counted (1 or 0), name, record, name, record, ...}
-- Errors  none of its own
--
-- Only the clock of Redis is used, so those of the nodes need not agree. It may be set, too: distances are
-- taken in both directions, or nodes that are gone would seem to live until it has caught up.

local nodes, beat = KEYS[1], KEYS[2]
local name, record = ARGV[1], ARGV[2]
local gap_ms, ttl_ms, forget_ms = tonumber(ARGV[3]), tonumber(ARGV[5]), tonumber(ARGV[6])

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)

local last = tonumber(redis.call('GET', beat) or nil)
local counted = not last or now - last <= gap_ms or ARGV[4] == '1'

redis.call('HSET', nodes, name, now .. ':' .. record)
if counted then
  redis.call('SET', beat, now)
end

local answer = {now, last or false, counted and 1 or 0}
local held = redis.call('HGETALL', nodes)
for i = 1, #held, 2 do
  local ms, said = string.match(held[i + 1], '^(%d+):(.*)$')
  local away = ms and math.abs(now - tonumber(ms))
  if not away or away > forget_ms then
    redis.call('HDEL', nodes, held[i])
  elseif away <= ttl_ms then
    answer[#answer + 1] = held[i]
    answer[#answer + 1] = said
  end
end
return answer
