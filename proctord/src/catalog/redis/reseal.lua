-- Puts a secret that was sealed anew in the place of what was read before, and tells whether it did: not if
-- somebody has set or removed it since. KEYS: the secrets. ARGV: the name, what was read, what is to stand there.
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then
    return 0
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 1
