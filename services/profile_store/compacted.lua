-- Takes deletions that left the disk off the number that it still remembers; what was deleted meanwhile
-- stays counted. A Redis that was emptied meanwhile remembers none.
-- KEYS: the number. ARGV: deletions that left the disk.
if redis.call('EXISTS', KEYS[1]) == 1 then
  redis.call('DECRBY', KEYS[1], ARGV[1])
end
