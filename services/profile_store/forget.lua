-- Takes one user out of everybody's sight, and notes the deletion under a hash of the user id. Short,
-- however much is held: the events' marks, and the events, are left to `unmark.lua`.
-- KEYS: ledger, profile, the user's part of the log, the user's old orders, the notes of deletions, the
--       parts of the log that are being forgotten, where the user's part goes, the receipt, the deletions
--       that the disk still remembers.
-- ARGV: the commit that was read (8 bytes), the hash, the note, the name of the user's part of the log,
--       seconds that a receipt lives.
-- Answers 0 when the ledger is no longer as it was read, else what the receipt calls this deletion, or the
-- latest one that found anything when nothing was held; 1 when that is nothing.
local function commit_of(ledger, deleted, user)
  local commit = redis.call('GETRANGE', ledger, 0, 7)
  if commit == '' then
    -- A deletion is a commit too: what was read before it is no longer as it was read.
    local note = redis.call('HGET', deleted, user)
    commit = struct.pack('>I8', note and tonumber(string.match(note, '%d+$')) or 0)
  end
  return commit
end
if commit_of(KEYS[1], KEYS[5], ARGV[2]) ~= ARGV[1] then
  return 0
end
-- A key of another kind fails here: what follows is done whole.
local events = redis.call('LLEN', KEYS[3])
redis.call('HLEN', KEYS[6])
redis.call('HLEN', KEYS[8])
redis.call('SCARD', KEYS[9])
-- A full Redis refuses HSET, but neither HDEL nor what follows a script's first write: forgetting works.
redis.call('HDEL', KEYS[5], ARGV[2])
redis.call('HSET', KEYS[5], ARGV[2], ARGV[3])
local profiles = redis.call('UNLINK', KEYS[2])
if redis.call('UNLINK', KEYS[1]) == 0 then
  return redis.call('HGET', KEYS[8], 'latest') or 1 -- nothing was held: the receipt before it stands
end
redis.call('UNLINK', KEYS[4])
-- A user without events has no part of the log.
local part = ARGV[4] ~= '' and ARGV[4] or ARGV[3]
redis.call('HSET', KEYS[8], 'latest', part,
  part .. ' profiles', profiles, part .. ' events', events, part .. ' marks', 0)
redis.call('EXPIRE', KEYS[8], ARGV[5])
if events > 0 then
  redis.call('RENAME', KEYS[3], KEYS[7])
  redis.call('HSET', KEYS[6], ARGV[4], ARGV[2])
else
  redis.call('SADD', KEYS[9], ARGV[2] .. ':' .. ARGV[3])
end
return part
