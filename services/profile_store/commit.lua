-- Stores one user's events and the profile that they lead to, whole or not at all.
-- KEYS: profile, log, then one mark an event.
-- ARGV: the revision that was read (8 bytes), the profile's new value, seconds that a mark lives,
--       then one event each.
-- Answers 1 when stored, 0 when the profile or a mark is no longer as it was read.
local revision = redis.call('GETRANGE', KEYS[1], 0, 7)
if revision == '' then
  revision = string.rep('\0', 8)
end
if revision ~= ARGV[1] then
  return 0
end
for mark = 3, #KEYS do
  if redis.call('EXISTS', KEYS[mark]) == 1 then
    return 0
  end
end
-- The log comes first: of these commands it alone can fail for another reason than memory, and Redis
-- refuses for memory before a script's first write or not at all.
for event = 4, #ARGV do
  redis.call('XADD', KEYS[2], '*', 'event', ARGV[event])
end
redis.call('SET', KEYS[1], ARGV[2])
for mark = 3, #KEYS do
  redis.call('SET', KEYS[mark], '', 'EX', ARGV[3])
end
return 1
