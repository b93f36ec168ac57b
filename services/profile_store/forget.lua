-- Deletes one user, and notes it under a hash of the user id.
-- KEYS: ledger, profile, the user's part of the log, the notes of deletions, the number of deletions
--       that the disk still remembers.
-- ARGV: the commit that was read (8 bytes), the hash, the note, what a mark's key begins with, the
--       name of the user's part of the log.
-- Answers profiles, events and marks deleted, or nothing when the ledger is no longer as it was read.
local function commit_of(ledger, deleted, user)
  local commit = redis.call('GETRANGE', ledger, 0, 7)
  if commit == '' then
    -- A deletion is a commit too: what was read before it is no longer as it was read.
    local note = redis.call('HGET', deleted, user)
    commit = struct.pack('>I8', note and tonumber(string.match(note, '%d+$')) or 0)
  end
  return commit
end
if commit_of(KEYS[1], KEYS[4], ARGV[2]) ~= ARGV[1] then
  return false
end
-- A full Redis refuses HSET, but neither HDEL nor what follows a script's first write: forgetting works.
redis.call('HDEL', KEYS[4], ARGV[2])
redis.call('HSET', KEYS[4], ARGV[2], ARGV[3])
redis.call('INCR', KEYS[5])
local portion = 1000
local events = redis.call('LLEN', KEYS[3])
local marks = 0
for start = 0, events - 1, portion do
  for _, entry in ipairs(redis.call('LRANGE', KEYS[3], start, start + portion - 1)) do
    -- An entry begins with the length of the event's id, and the id.
    local id = string.sub(entry, 2, 1 + string.byte(entry))
    local mark = ARGV[4] .. id
    -- After its time an id may be another user's.
    if redis.call('GET', mark) == ARGV[5] then
      marks = marks + redis.call('DEL', mark)
    end
  end
end
local profiles = redis.call('DEL', KEYS[2])
redis.call('DEL', KEYS[1], KEYS[3])
return {profiles, events, marks}
