-- Puts a whole profile in the place of whatever is there; the revision grows by 1.
-- KEYS: profile. ARGV: the profile's body.
local value = redis.call('GETRANGE', KEYS[1], 0, 7)
local revision = 0
if value ~= '' then
  revision = struct.unpack('>I8', value)
end
redis.call('SET', KEYS[1], struct.pack('>I8', revision + 1) .. ARGV[1])
return 1
