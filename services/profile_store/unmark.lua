-- Takes a portion of events that are being forgotten away, with their marks, and counts the marks. Any
-- process may go on where another one ended.
-- KEYS: the events, the parts of the log that are being forgotten, the receipt, the deletions that the
--       disk still remembers.
-- ARGV: the name of the part of the log, what a mark's key begins with, most events, and most bytes
--       of them, of a portion.
-- Answers 1 when events are left, else 0.
redis.call('SCARD', KEYS[4]) -- a key of another kind fails here, before anything is taken away
local marks, bytes = {}, 0
while #marks < tonumber(ARGV[3]) and bytes < tonumber(ARGV[4]) do
  local entry = redis.call('LINDEX', KEYS[1], #marks)
  if not entry then
    break
  end
  bytes = bytes + #entry
  -- An entry begins with the length of the event's id, and the id.
  marks[#marks + 1] = ARGV[2] .. string.sub(entry, 2, 1 + string.byte(entry))
end
local own = {}
if #marks > 0 then
  for place, log in ipairs(redis.call('MGET', unpack(marks))) do
    -- After its time an id may be another user's, or another event's of the same one.
    if log == ARGV[1] then
      own[#own + 1] = marks[place]
    end
  end
end
redis.call('LTRIM', KEYS[1], #marks, -1)
if #own > 0 then
  local found = redis.call('UNLINK', unpack(own))
  if redis.call('HEXISTS', KEYS[3], ARGV[1] .. ' marks') == 1 then
    redis.call('HINCRBY', KEYS[3], ARGV[1] .. ' marks', found)
  end
end
if redis.call('EXISTS', KEYS[1]) == 1 then
  return 1
end
if redis.call('HDEL', KEYS[2], ARGV[1]) == 1 then
  redis.call('SADD', KEYS[4], ARGV[1])
end
return 0
