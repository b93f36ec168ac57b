-- Stores one user's new state and the events that lead to it, whole or not at all.
-- KEYS: ledger, profile, the user's part of the log, the order of all, the notes of deletions, the parts
--       of the log that are being forgotten, the user's old orders, then one mark an event.
-- ARGV: the commit that was read (8 bytes), the user's hash, the ledger's new value, the profile's new
--       value or nothing to leave it, seconds that a mark lives, the place in the order of all, the name
--       of the user's part of the log, how many orders leave the ledger, the hash and the place of each,
--       then one entry an event.
-- Answers 1 when stored, 0 when the ledger or a mark is no longer as it was read.
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
for mark = 8, #KEYS do
  local log = redis.call('GET', KEYS[mark])
  -- A mark of what is being forgotten is none; it is written over here.
  if log and redis.call('HEXISTS', KEYS[6], log) == 0 then
    return 0
  end
end
-- A key of another kind fails here, and Redis refuses for memory before a script's first write or not at
-- all: what follows is done whole.
redis.call('LLEN', KEYS[3])
redis.call('XLEN', KEYS[4])
redis.call('HLEN', KEYS[7])
local first_entry = 9 + 2 * tonumber(ARGV[8])
if #ARGV >= first_entry then
  redis.call('XADD', KEYS[4], '*', 'at', ARGV[6])
end
for entry = first_entry, #ARGV do
  redis.call('RPUSH', KEYS[3], ARGV[entry])
end
redis.call('SET', KEYS[1], ARGV[3])
if ARGV[4] ~= '' then
  redis.call('SET', KEYS[2], ARGV[4])
end
for order = 9, first_entry - 1, 2 do
  redis.call('HSET', KEYS[7], ARGV[order], ARGV[order + 1])
end
for mark = 8, #KEYS do
  redis.call('SET', KEYS[mark], ARGV[7], 'EX', ARGV[5])
end
return 1
