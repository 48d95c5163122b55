-- What the server would do without an engine of its own: one script does a whole transition in Redis. The
-- baseline of the `engine` benchmark, driven by redis-benchmark; no part of callq.
--
-- KEYS[1]  counter of the day's numbers
-- KEYS[2]  lane of the service: a sorted set of ticket ids by the time of their issue
-- KEYS[3]  prefix of the hashes of tickets
-- KEYS[4]  stream of events
-- ARGV[1]  service; ARGV[2] time, Unix ms; ARGV[3] what the client sent, kept in the event
--
-- Returns the number that was issued.

local number = redis.call('INCR', KEYS[1])
local ticket = KEYS[3] .. number
redis.call('HSET', ticket, 'number', number, 'service', ARGV[1], 'state', 'waiting', 'issued_ms', ARGV[2])
redis.call('ZADD', KEYS[2], ARGV[2], ticket)
redis.call('XADD', KEYS[4], '*', 'type', 'issued', 'ticket', ticket, 'number', number, 'body', ARGV[3])
return number
